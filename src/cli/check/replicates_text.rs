//! Fresh processes, for people: how often, how long, and what is run around it.

use super::target_text::one_line;
use crate::{
    plan::{Hook, Plan, Replicate, Resolved},
    units,
};

/// The lines under the length of a run: how many replicates it has, and what may be played again.
pub(super) fn lines(resolved: &Resolved) -> Vec<String> {
    [replicates(resolved), reruns(resolved)].into_iter().flatten().collect()
}

fn reruns(resolved: &Resolved) -> Option<String> {
    let (plan, replication) = (&resolved.plan, resolved.replication);
    let times = match replication.reruns {
        0 => return None,
        1 => "once".to_owned(),
        reruns => format!("up to {reruns} times"),
    };
    let longest = units::duration(plan.longest_of(replication));
    Some(format!("again     {times}, where a gate finds a regression, as it must show again; then {longest} of load at most"))
}

fn replicates(resolved: &Resolved) -> Option<String> {
    let (plan, replication) = (&resolved.plan, resolved.replication);
    if replication.count < 2 {
        return None;
    }
    let part = plan.part(replication, Replicate::new(1, replication.count));
    let whole = units::duration(plan.length_of(replication));
    let sooner = if replication.splits && replication.early_stop { ", sooner where the verdict is sure" } else { "" };
    let more = match replication.extension {
        0 => String::new(),
        _ => format!(", up to {} replicates where it is inconclusive", replication.most()),
    };
    let starts = if are_started(resolved) { ", plus the starts of the services" } else { "" };
    let count = replication.count;
    Some(format!(
        "runs      {count} replicates with fresh processes, each {}; {whole} of load in all{starts}{sooner}{more}",
        each(&part)
    ))
}

/// Whether services are started, or restarted, in each replicate: nobody knows beforehand how long that takes.
pub(super) fn are_started(resolved: &Resolved) -> bool {
    resolved.hooks.restart.is_some() || resolved.plan.targets.iter().any(|target| target.start.is_some())
}

/// `8s not measured and 20s measured`.
fn each(part: &Plan) -> String {
    let sum = |measured| part.stages.iter().filter(|stage| stage.measured == measured).map(|stage| stage.duration).sum();
    let (measured, other): (std::time::Duration, std::time::Duration) = (sum(true), sum(false));
    if other.is_zero() {
        format!("{} measured", units::duration(measured))
    } else {
        format!("{} not measured and {} measured", units::duration(other), units::duration(measured))
    }
}

/// The section of the hooks; empty without any.
pub(super) fn hooks(resolved: &Resolved) -> String {
    let hooks = &resolved.hooks;
    let mut lines = Vec::new();
    lines.extend(hooks.before.iter().map(|hook| row("before", hook)));
    lines.extend(hooks.restart.iter().map(|hook| row("restart", hook)));
    lines.extend(hooks.after.iter().map(|hook| row("after", hook)));
    if lines.is_empty() { String::new() } else { format!("hooks\n{}", lines.join("\n")) }
}

fn row(when: &str, hook: &Hook) -> String {
    let always = if hook.always { ", always" } else { "" };
    format!("  {when:<7}  {} (up to {}{always})", one_line(&hook.command.text), units::duration(hook.timeout))
}
