//! What comes near a process group where there are none: the tree of processes that a command has started.

use std::{
    io::PipeWriter,
    process::{Child, Command, Stdio},
};

use super::{new_mark, no_shell, shell};
use crate::{
    plan::ShellCommand,
    service::{End, ServiceError},
};

/// A command of the shell.
#[derive(Debug)]
pub(in crate::service) struct Group {
    child: Child,
    end: Option<End>,
}

impl Group {
    /// Starts a command.
    pub(in crate::service) fn spawn(
        command: &ShellCommand,
        variables: &[(&str, String)],
        output: PipeWriter,
    ) -> Result<Self, ServiceError> {
        let mut shell = shell(("cmd", "/C"), command, variables, (&new_mark(), output))?;
        Ok(Self { child: shell.spawn().map_err(no_shell("cmd"))?, end: None })
    }

    /// How the leader ended, if it has.
    pub(in crate::service) fn end(&mut self) -> Option<End> {
        if self.end.is_none() {
            let status = self.child.try_wait().ok().flatten();
            self.end = status.map(|status| status.code().map_or(End::Unknown, End::Code));
        }
        self.end
    }

    /// There is no way to ask that every program understands: this is the same as [`Group::kill`].
    pub(in crate::service) fn ask_to_end(&self) {
        self.kill();
    }

    /// Ends the tree.
    pub(in crate::service) fn kill(&self) {
        let id = self.child.id().to_string();
        let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &id]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }

    /// Whether the leader lives.
    pub(in crate::service) fn is_alive(&mut self) -> bool {
        self.end().is_none()
    }

    /// The system lets go of it by itself.
    pub(in crate::service) fn reap(&mut self) {}
}
