//! A service that loadgate has started.

use std::path::Path;

use super::{End, Keep, ServiceError, group::Group, output::Output};
use crate::{
    clock::{self, Duration, Instant},
    plan::ShellCommand,
};

/// How long a service that was asked to end is waited for.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long one that was killed is waited for: longer only where the system itself hangs.
const KILL_PATIENCE: Duration = Duration::from_secs(2);
/// Time between two looks at processes that are to end.
const STEP: Duration = Duration::from_millis(10);

/// A running command, which is to stay until it is stopped. It ends, with all that came of it, when this is dropped.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    group: Group,
    output: Output,
    is_gone: bool,
    was_killed: bool,
}

/// How services were stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// They ended when they were asked to.
    Asked,
    /// Some did not, and were killed.
    Killed,
    /// Some live on even so.
    Left,
}

impl Service {
    /// Starts a service, with these variables in its environment beside our own.
    ///
    /// # Errors
    /// The system refuses. A command that the shell can't run is no error: it ends at once.
    pub fn start(
        name: &'static str,
        command: &ShellCommand,
        variables: &[(&str, String)],
        keep: Keep,
    ) -> Result<Self, ServiceError> {
        let (output, writer) = Output::read(keep)?;
        let group = Group::spawn(command, variables, writer)?;
        Ok(Self { name, group, output, is_gone: false, was_killed: false })
    }

    /// What it is called: `candidate`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it lived on when it was asked to end.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.was_killed
    }

    /// How it ended, if it has without having been asked to.
    pub fn end(&mut self) -> Option<End> {
        self.group.end()
    }

    /// Its last lines, masked and fit for a terminal; call it when it has ended.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        self.output.last_lines(count)
    }

    /// Leaves alone whatever its end has left behind.
    pub(super) fn let_go(&mut self) {
        self.group.reap();
        self.is_gone = true;
    }

    /// The file with its output.
    #[must_use]
    pub fn log(&self) -> &Path {
        self.output.log()
    }
}

/// Stops services together: all are asked to end, and what lives after `patience`, or when there is `hurry`, is killed.
pub fn stop(services: &mut [Service], patience: Duration, hurry: impl Fn() -> bool) -> Stopped {
    services.iter_mut().filter(|service| !service.is_gone).for_each(|service| service.group.ask_to_end());
    let asked = clock::now();
    let gone = wait(services, asked + patience, |_| hurry());
    if !gone {
        for service in services.iter_mut().filter(|service| !service.is_gone) {
            service.was_killed = service.group.is_alive();
        }
    }
    let stopped = if gone {
        Stopped::Asked
    } else if kill(services) {
        Stopped::Killed
    } else {
        Stopped::Left
    };
    for service in services {
        service.group.reap();
        service.is_gone = true;
    }
    stopped
}

/// Kills what lives, again and again, as a process may make new ones meanwhile. Returns whether nothing does any more.
fn kill(services: &mut [Service]) -> bool {
    wait(services, clock::now() + KILL_PATIENCE, |living| {
        living.group.kill();
        false
    })
}

/// Waits until nothing of any service lives. `look` is shown those that do each time, and may give up.
fn wait(services: &mut [Service], until: Instant, mut look: impl FnMut(&Service) -> bool) -> bool {
    loop {
        let living = services.iter_mut().find_map(|service| (!service.is_gone && service.group.is_alive()).then_some(&*service));
        let Some(living) = living else { return true };
        if look(living) || clock::now() >= until {
            return false;
        }
        clock::pause(STEP);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !self.is_gone {
            self.group.kill();
            kill(std::slice::from_mut(self));
            self.group.reap();
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
