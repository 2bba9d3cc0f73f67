//! What belongs to a command: the processes of its group and, where they can be told, those that have left it.

use rustix::process::{Pid, Signal, kill_process_group};

/// The processes of one command.
pub(in crate::service) struct Processes<'a> {
    /// The group it leads, if that is known.
    pub(in crate::service) group: Option<Pid>,
    /// What all of them carry in their environment.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no /proc to look for it in"))]
    pub(in crate::service) mark: &'a str,
}

impl Processes<'_> {
    /// Sends all of them a signal.
    pub(in crate::service) fn signal(&self, signal: Signal) {
        // An error means that there is nobody left.
        let _ = self.group.map(|group| kill_process_group(group, signal));
        #[cfg(target_os = "linux")]
        for stray in super::proc::strays(self.group, self.mark) {
            let _ = rustix::process::kill_process(stray, signal);
        }
    }

    /// Whether any of them lives.
    #[cfg(target_os = "linux")]
    pub(in crate::service) fn live(&self) -> bool {
        super::proc::lives(self.group, self.mark)
    }

    /// Whether any of them lives: zombies take no signals here.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::service) fn live(&self) -> bool {
        self.group.is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
    }
}
