//! Commands that loadgate runs: services it starts itself, and what is to be done around a run.

use std::{path::PathBuf, time::Duration};

/// A command for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellCommand {
    /// As written, with `${..}` filled in; a bare `$NAME` is the shell's. May hold secrets.
    pub text: String,
    /// Where it is run; empty for the current folder.
    pub folder: PathBuf,
}

/// A command that is run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What is run.
    pub command: ShellCommand,
    /// Time after which it is ended, and has failed.
    pub timeout: Duration,
    /// Whether it is also run after a run that did not come to its end.
    pub always: bool,
}

/// What is to be done around a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Before each replicate: gives services that live elsewhere fresh processes.
    pub restart: Option<Hook>,
    /// Before everything else, in this order.
    pub before: Vec<Hook>,
    /// After everything else, in this order.
    pub after: Vec<Hook>,
}

impl Hooks {
    /// Whether there is nothing to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
