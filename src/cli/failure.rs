//! How a command fails: a message, perhaps a hint, and an exit code.

use std::fmt;

use crate::{
    exit::Exit,
    record::{Ended, RunRecord},
};

/// What stopped a command. Shown as `error: message`, then `hint: ..` on a line of its own.
#[derive(Debug)]
pub struct Failure {
    /// What is wrong: lowercase, with file, line and offending text where there are any.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// How the process ends.
    pub exit: Exit,
}

impl Failure {
    /// The user must change the command line, the configuration or a file.
    #[must_use]
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), hint: None, exit: Exit::Usage }
    }

    /// The run could not be made.
    #[must_use]
    pub fn invalid(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), hint: None, exit: Exit::Invalid }
    }

    /// A run was cut short; `stored` says what of the command is there all the same.
    #[must_use]
    pub fn cut_short(run: &RunRecord, stored: &str) -> Self {
        let reason = run.ended_because.as_deref().unwrap_or("the run did not come to its end");
        let exit = if run.ended == Ended::Interrupted { Exit::Interrupted } else { Exit::Invalid };
        Self { exit, ..Self::invalid(format!("{reason}; {stored}")) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}
