//! What a gate will be able to see, for people: before it has cost any time.

use std::time::Duration;

use super::{
    super::outlook::{Outlook, name},
    plan_text::table,
    replicates_text, shortage_text,
};
use crate::{
    compare::{Expected, Needs, SERVICE, Size},
    plan::Resolved,
    policy::{Metric, Mode, Quantile, Threshold},
    units,
};

/// The section of `check`.
pub(super) fn render(outlook: &Outlook, resolved: &Resolved) -> String {
    let mut lines = vec![table("what a gate will see", &["smallest change, 4 times in 5"], outlook.rows())];
    lines.push(format!("  {}", outlook.source));
    lines.extend(outlook.unusable.as_ref().map(|unusable| format!("  {unusable}")));
    lines.extend(shortage_text::lines(outlook, resolved.policy.regression.block));
    lines.extend(blunt(outlook));
    let lacking = resolved.policy.thresholds.iter().filter_map(|threshold| lacking(threshold, outlook, resolved));
    lines.extend(lacking.map(|(expr, has, needed)| {
        format!("  can't be judged: {expr} (needs {needed} successful requests, about {has} are planned)")
    }));
    lines.join("\n")
}

/// Tests that will not count as such, because they see less than is asked of them.
fn blunt(outlook: &Outlook) -> Option<String> {
    let of = outlook.expected.iter().filter(|row| row.mde.is_some_and(|mde| mde > row.rule.sensitivity));
    let names: Vec<String> = of
        .map(|row| format!("{} {} (sensitivity {})", name(&row.endpoint), row.quantile, units::percent(row.rule.sensitivity)))
        .collect();
    let hint = "`check --power 10%` shows what they need";
    (!names.is_empty()).then(|| format!("  may come out inconclusive: {}; {hint}", names.join(", ")))
}

/// A promise about a quantile that there will be too few requests for: its text, the requests there will be, and those it needs.
fn lacking(threshold: &Threshold, outlook: &Outlook, resolved: &Resolved) -> Option<(String, u64, u64)> {
    let Metric::Latency(quantile) = threshold.metric else { return None };
    let workload = &resolved.plan.workload;
    let scenario_of = |endpoint: &str| {
        let id = workload.endpoints.iter().position(|known| known.name == endpoint)?;
        workload.scenarios.iter().find(|scenario| scenario.requests().any(|step| step.endpoint == id))
    };
    let in_scope = |endpoint: &str| match threshold.scope.as_deref() {
        None => true,
        Some(scope) => endpoint == scope || scenario_of(endpoint).is_some_and(|scenario| scenario.name == scope),
    };
    let of_run: f64 =
        outlook.size.endpoints.iter().filter(|planned| in_scope(&planned.name)).map(|planned| planned.requests).sum();
    let of_all = of_run * resolved.replication.count as f64;
    let seconds = outlook.size.measured_s * resolved.replication.count as f64;
    let share = threshold.over.map_or(1.0, |over| (over.as_secs_f64() / seconds.max(f64::MIN_POSITIVE)).min(1.0));
    let has = (of_all * share).round() as u64;
    (has < quantile.samples_min()).then(|| (threshold.expr.clone(), has, quantile.samples_min()))
}

/// The table of `--power`: what each endpoint takes to see a change of `wanted`.
pub(super) fn power(outlook: &Outlook, wanted: f64, resolved: &Resolved) -> String {
    let title = format!("to see +{}", units::percent(wanted));
    let size = &outlook.size;
    let columns = quantiles(&outlook.expected);
    let header: Vec<String> = columns.iter().map(Quantile::to_string).collect();
    let line = |rows: &[Expected]| {
        let cell = |quantile: &Quantile| {
            let row = rows.iter().find(|row| row.quantile == *quantile);
            row.map_or_else(|| "-".to_owned(), |row| needs(row.needs(wanted, size), size))
        };
        [vec![name(&rows[0].endpoint)], columns.iter().map(cell).collect()].concat()
    };
    let rows = outlook.expected.chunk_by(|a, b| a.endpoint == b.endpoint).map(line).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let times = times(outlook, replicates_text::are_started(resolved));
    format!("{}\n  {times}\n  {}", table(&title, &header, rows), outlook.source)
}

fn quantiles(expected: &[Expected]) -> Vec<Quantile> {
    let mut all: Vec<Quantile> = expected.iter().filter(|row| row.endpoint != SERVICE).map(|row| row.quantile).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// `6 replicates of 20s (2m48s)`: how many of what measured length, and the time that all of it takes with what is not measured.
fn needs(needs: Option<Needs>, size: &Size) -> String {
    let Some(Needs { runs, longer }) = needs else { return "out of reach".to_owned() };
    // To a second: more would look like more than an estimate.
    let time = |seconds: f64| units::duration(Duration::from_secs(seconds.ceil() as u64));
    let (each, whole) = (size.measured_s * longer, size.warmup_s + size.measured_s * longer);
    match (size.mode, size.runs) {
        (Mode::Ab, 0 | 1) => format!("{} measured ({})", time(each), time(whole)),
        (Mode::Ab, _) => format!("{runs} replicates of {} ({})", time(each), time(whole * runs as f64)),
        (Mode::Baseline, _) => format!("{runs} baseline runs of {} ({})", time(each), time(whole * runs as f64)),
    }
}

/// What the times of the table are made of.
fn times(outlook: &Outlook, starts: bool) -> String {
    let warm_ups = if outlook.size.warmup_s > 0.0 { " with the warm-up stages" } else { "" };
    let starts = if starts { "; the starts of the services come on top" } else { "" };
    format!("in brackets: how long the load of all takes{warm_ups}{starts}")
}
