//! Fresh processes, for people: how often, how long, and what is run around it.

use super::target_text::one_line;
use crate::{
    plan::{Hook, Plan, Resolved},
    units,
};

/// The line under the length of a run, where it has several replicates.
pub(super) fn line(resolved: &Resolved) -> Option<String> {
    let (plan, replication) = (&resolved.plan, resolved.replication);
    if replication.count < 2 {
        return None;
    }
    let part = plan.part(replication, crate::plan::Replicate { number: 1, of: replication.count });
    let whole = units::duration(plan.length_of(replication));
    let sooner = if replication.splits && replication.early_stop { ", sooner where the verdict is sure" } else { "" };
    let more = match replication.extension {
        0 => String::new(),
        _ => format!(", up to {} replicates where it is inconclusive", replication.most()),
    };
    let count = replication.count;
    Some(format!("runs      {count} replicates with fresh processes, each {}; {whole} of load in all{sooner}{more}", each(&part)))
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
