//! A process group.

use std::{
    io::PipeWriter,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, ExitStatus},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

use super::{new_mark, no_shell, shell};
use crate::{
    plan::ShellCommand,
    service::{End, ServiceError},
};

/// A command of the shell that leads a process group of its own.
#[derive(Debug)]
pub(in crate::service) struct Group {
    child: Child,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no /proc to look for it in"))]
    mark: String,
    end: Option<End>,
}

impl Group {
    /// Starts a command.
    pub(in crate::service) fn spawn(
        command: &ShellCommand,
        variables: &[(&str, String)],
        output: PipeWriter,
    ) -> Result<Self, ServiceError> {
        let mark = new_mark();
        let mut shell = shell(("sh", "-c"), command, variables, (&mark, output))?;
        let child = shell.process_group(0).spawn().map_err(no_shell("sh"))?;
        Ok(Self { child, mark, end: None })
    }

    /// How the leader ended, if it has. It is left a zombie until [`Group::reap`]: as long as it is one, no other group can get
    /// its number.
    pub(in crate::service) fn end(&mut self) -> Option<End> {
        if self.end.is_none() {
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            self.end = match waitid(WaitId::Pid(self.id()), look) {
                Ok(status) => status.as_ref().map(end_of),
                // Somebody else has waited for it, which nobody should: all we know is that it is gone.
                Err(_) => Some(End::Unknown),
            };
        }
        self.end
    }

    /// Asks all processes of the group to end.
    pub(in crate::service) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends all of them.
    pub(in crate::service) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // An error means that there is nobody left.
        let _ = kill_process_group(self.id(), signal);
        #[cfg(target_os = "linux")]
        for stray in super::proc::strays(self.id(), &self.mark) {
            let _ = rustix::process::kill_process(stray, signal);
        }
    }

    /// Whether any process of it lives.
    #[cfg(target_os = "linux")]
    pub(in crate::service) fn is_alive(&mut self) -> bool {
        self.end().is_none() || super::proc::lives(self.id(), &self.mark)
    }

    /// Whether any process of it lives: zombies take no signals here.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::service) fn is_alive(&mut self) -> bool {
        self.end().is_none() || rustix::process::test_kill_process_group(self.id()).is_ok()
    }

    /// Lets go of the leader, after its end.
    pub(in crate::service) fn reap(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            self.end.get_or_insert(end_of_status(status));
        }
    }

    fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

fn end_of(status: &WaitIdStatus) -> End {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => End::Code(code),
        (None, Some(signal)) => End::Signal(signal),
        (None, None) => End::Unknown,
    }
}

fn end_of_status(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Code(code),
        (None, Some(signal)) => End::Signal(signal),
        (None, None) => End::Unknown,
    }
}
