//! What is to be done around a run: the commands of `hooks`.

use super::{
    logs::{self, LINES, Logs},
    terminal,
};
use crate::{
    engine::Stop,
    plan::{Hook, Hooks, Replicate},
    service::{self, Done},
    units,
};

/// What is said of a run that was interrupted before its load.
pub(super) const INTERRUPTED: &str = "it was interrupted by a signal";

/// Runs the hooks of the beginning. The first one that fails keeps the run from being made; says why.
pub(super) fn before(hooks: &Hooks, logs: &Logs, stop: &Stop) -> Result<(), String> {
    numbered(&hooks.before, "before").try_for_each(|(name, hook)| run(hook, &name, logs, stop, Stop::is_asked))
}

/// Gives services that live elsewhere fresh processes.
pub(super) fn restart(hooks: &Hooks, replicate: Replicate, logs: &Logs, stop: &Stop) -> Result<(), String> {
    let name = format!("restart-{}", replicate.number_of_all());
    hooks.restart.as_ref().map_or(Ok(()), |hook| run(hook, &name, logs, stop, Stop::is_asked))
}

/// Runs the hooks of the end, all of them: what one of them cleans up does not depend on the others. A failure is a warning, as
/// the load is over.
pub(super) fn after(hooks: &Hooks, logs: &Logs, stop: &Stop, is_complete: bool) {
    for (name, hook) in numbered(&hooks.after, "after").filter(|(_, hook)| is_complete || hook.always) {
        // An interrupted run is cleaned up after; a second signal ends that as well.
        if let Err(reason) = run(hook, &name, logs, stop, Stop::is_urgent) {
            terminal::err(&format!("warning: {reason}"));
        }
    }
}

fn numbered<'a>(hooks: &'a [Hook], name: &'a str) -> impl Iterator<Item = (String, &'a Hook)> {
    hooks.iter().enumerate().map(move |(n, hook)| (format!("{name}-{}", n + 1), hook))
}

fn run(hook: &Hook, name: &str, logs: &Logs, stop: &Stop, is_stopped: impl Fn(&Stop) -> bool) -> Result<(), String> {
    let keep = logs.keep(name);
    let log = keep.log.clone();
    let whose = format!("the hook {name} (`{}`)", logs.masked(&hook.command.text));
    let failed = |reason: String, lines: &[String]| {
        logs::tell(&whose, lines, &log);
        Err(format!("{whose} failed: {reason}"))
    };
    match service::run(hook, keep, LINES, || is_stopped(stop)) {
        Ok(Done::Ended(end, _)) if end.is_success() => Ok(()),
        Ok(Done::Ended(end, lines)) => {
            end.hint().iter().for_each(|hint| terminal::err(&format!("hint: {hint}")));
            failed(end.to_string(), &lines)
        }
        Ok(Done::TimedOut(lines)) => failed(format!("it did not end within {}", units::duration(hook.timeout)), &lines),
        Ok(Done::Stopped) => Err(INTERRUPTED.to_owned()),
        Err(error) => Err(format!("{whose} failed: {}", logs.masked(&error.to_string()))),
    }
}
