//! The promises of a run for people.

use crate::{
    plan::Resolved,
    policy::{Severity, Threshold},
    units,
};

pub(super) fn render(resolved: &Resolved) -> String {
    let thresholds = &resolved.policy.thresholds;
    if thresholds.is_empty() {
        return "thresholds\n  none: only a comparison with a baseline can fail this run".to_owned();
    }
    let whose = if resolved.plan.baseline.is_some() { " of the candidate" } else { "" };
    let line = |threshold: &Threshold| match (threshold.severity, threshold.abort_after) {
        (Severity::Fail, None) => format!("  {}", threshold.expr),
        (Severity::Fail, Some(grace)) if grace.is_zero() => format!("  {} (aborts the run)", threshold.expr),
        (Severity::Fail, Some(grace)) => format!("  {} (aborts the run after {})", threshold.expr, units::duration(grace)),
        (Severity::Warn, _) => format!("  {} (only warns)", threshold.expr),
    };
    let lines: Vec<String> = thresholds.iter().map(line).chain(set_up_before(resolved)).collect();
    format!("thresholds{whose}\n{}", lines.join("\n"))
}

/// A note on promises that have nothing to judge when all users were set up in a warm-up.
fn set_up_before(resolved: &Resolved) -> Option<String> {
    let (plan, workload) = (&resolved.plan, &resolved.plan.workload);
    let warm_up = plan.stages.first().filter(|stage| !stage.measured)?;
    let promised = |name: &str| resolved.policy.thresholds.iter().any(|threshold| threshold.scope.as_deref() == Some(name));
    let of_setup = (0..workload.endpoints.len()).filter(|id| workload.is_setup(*id));
    let names: Vec<&str> = of_setup.map(|id| workload.endpoints[id].name.as_str()).filter(|name| promised(name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "  note: '{}' is part of `setup`: users who are set up in '{}', which is not measured, leave nothing to judge, and with \
             none left the run is invalid",
            names.join("', '"),
            warm_up.name
        )
    })
}
