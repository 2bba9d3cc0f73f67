//! The integration tests: the program run as a user runs it, and the engine before targets that misbehave.

mod load_outcomes;
mod load_timing;
mod mock_target;
mod nginx;
mod program;
mod report;
mod scripted;
