//! The integration tests: the program run as a user runs it.

mod mock_target;
mod program;
