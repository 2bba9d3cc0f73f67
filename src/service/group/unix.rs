//! A process group.

use std::{
    io::PipeWriter,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, ExitStatus},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, waitid};

use super::{Processes, new_mark, no_shell, shell};
use crate::{
    plan::ShellCommand,
    service::{End, ServiceError, guard::Guard},
};

/// A command of the shell that leads a process group of its own.
#[derive(Debug)]
pub(in crate::service) struct Group {
    child: Child,
    mark: String,
    end: Option<End>,
    /// Ends the group if we can't; as long as it may live.
    guard: Option<Guard>,
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
        // Before the command: so there is no moment in which it is not guarded.
        let mut guard = Guard::start(&mark);
        let child = shell.process_group(0).spawn().map_err(no_shell("sh"))?;
        guard.iter_mut().for_each(|guard| guard.watch(Pid::from_child(&child)));
        Ok(Self { child, mark, end: None, guard })
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
        self.processes().signal(Signal::TERM);
    }

    /// Ends all of them.
    pub(in crate::service) fn kill(&self) {
        self.processes().signal(Signal::KILL);
    }

    /// Whether any process of it lives.
    pub(in crate::service) fn is_alive(&mut self) -> bool {
        self.end().is_none() || self.processes().live()
    }

    fn processes(&self) -> Processes<'_> {
        Processes { group: Some(self.id()), mark: &self.mark }
    }

    /// Lets go of the leader, after its end, and of what still lives.
    pub(in crate::service) fn reap(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            self.end.get_or_insert(end_of_status(status));
        }
        self.guard = None;
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
