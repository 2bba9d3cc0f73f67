//! Every exit code of the program and what it means. No other module invents one.

use std::process::ExitCode;

/// How the process ends. The numbers are a contract with workflows and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The gate passed, or warned only.
    Ok,
    /// The gate failed: a threshold is violated or a regression was found.
    Failed,
    /// The command line or the configuration is wrong; nothing was sent.
    Usage,
    /// The run says nothing about the service: generator saturated, target never healthy, aborted.
    Invalid,
    /// The run could not tell, and `regression.policy.inconclusive` is `fail`.
    Inconclusive,
    /// Interrupted by SIGINT or SIGTERM; a partial record was written.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Inconclusive => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
