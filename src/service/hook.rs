//! Commands that are run to their end.

use super::{End, Keep, Service, ServiceError, running};
use crate::{clock, plan::Hook};

/// Time between two looks at a command.
const STEP: clock::Duration = clock::Duration::from_millis(20);
/// How long a command that has not ended in time is given to do so when it is asked to.
const PATIENCE: clock::Duration = clock::Duration::from_secs(2);

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It ended.
    Ended(End, Vec<String>),
    /// It did not in its time, and was ended; its last lines.
    TimedOut(Vec<String>),
    /// Somebody asked to stop, and it was ended.
    Stopped,
}

/// Runs a command to its end, for as long as it may take and nobody asks to stop; `lines` of its output are told. What a
/// command that fails has started ends with it.
///
/// # Errors
/// The system refuses to start it.
pub fn run(hook: &Hook, keep: Keep, lines: usize, is_stopped: impl Fn() -> bool) -> Result<Done, ServiceError> {
    let mut command = Service::start("hook", &hook.command, &[], keep)?;
    let began = clock::now();
    loop {
        if let Some(end) = command.end() {
            // What it has started in the background may be just what it is for: a database, a service started anew.
            if end.is_success() {
                command.let_go();
            } else {
                running::stop(std::slice::from_mut(&mut command), PATIENCE, &is_stopped);
            }
            return Ok(Done::Ended(end, command.last_lines(lines)));
        }
        let is_late = clock::now().saturating_duration_since(began) >= hook.timeout;
        if is_late || is_stopped() {
            running::stop(std::slice::from_mut(&mut command), PATIENCE, &is_stopped);
            return Ok(if is_late { Done::TimedOut(command.last_lines(lines)) } else { Done::Stopped });
        }
        clock::pause(STEP);
    }
}
