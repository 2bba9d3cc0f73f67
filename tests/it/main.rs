//! The integration tests: the program run as a user runs it.

mod check;
mod program;
