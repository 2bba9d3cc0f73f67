//! The integration tests: the program run as a user runs it.

mod compare;
mod program;
