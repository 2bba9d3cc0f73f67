//! The integration tests: the program run as a user runs it.

mod baseline;
mod mock_target;
mod program;
