//! The verdict in one sentence, the worst first.

use super::{Reference, ThresholdOutcome, ThresholdResult, ValidityCheck, VerdictKind, finding::Finding, validity};
use crate::{
    compare::{Comparison, Outcome, Row, SERVICE},
    policy::Severity,
    units::percent,
};

/// The sentence of a verdict.
pub(super) fn of(
    kind: VerdictKind,
    findings: &[Finding],
    checks: &[ValidityCheck],
    thresholds: &[ThresholdResult],
    reference: &Reference,
) -> String {
    let first = findings.first().map_or("", |finding| finding.reason.as_str());
    let comparison = match reference {
        Reference::Compared(comparison) => Some(comparison.as_ref()),
        Reference::NoBaseline | Reference::Mismatch(_) => None,
    };
    match kind {
        VerdictKind::Invalid if is_unreachable(first, checks) => "target unreachable, no measurement".to_owned(),
        VerdictKind::Invalid => format!("no measurement: {first}"),
        VerdictKind::Inconclusive => {
            let slower = comparison.and_then(looks_slower).unwrap_or_default();
            format!("inconclusive: {first}{slower}")
        }
        VerdictKind::Fail => {
            let regression = comparison.and_then(|comparison| regressed(comparison, Severity::Fail));
            let vanished = comparison.and_then(vanished);
            joined([regression, vanished, broken(thresholds, ThresholdOutcome::Fail)], first)
        }
        VerdictKind::Warn => {
            let slower = comparison.and_then(|comparison| regressed(comparison, Severity::Warn));
            let missing = comparison.is_none().then(|| nothing_compared(reference)).flatten();
            joined([slower, broken(thresholds, ThresholdOutcome::Warn), missing], first)
        }
        VerdictKind::Pass => comparison.map_or_else(|| passed_alone(thresholds, reference), passed),
    }
}

/// Whether the first reason is that nobody was there: known by the check that gave it, and not by its words.
fn is_unreachable(first: &str, checks: &[ValidityCheck]) -> bool {
    checks.iter().any(|check| check.check == validity::TARGET_REACHABLE && !check.ok && check.reason == first)
}

fn joined(parts: [Option<String>; 3], otherwise: &str) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { otherwise.to_owned() } else { parts.join("; ") }
}

fn regressed(comparison: &Comparison, severity: Severity) -> Option<String> {
    let rows: Vec<&Row> =
        comparison.rows.iter().filter(|row| row.outcome == Outcome::Regressed && row.level == Some(severity)).collect();
    let worst = worst_of(&rows)?;
    // One more of another endpoint: the worst by its tolerance need not be the one that readers care about most.
    let others: Vec<&Row> =
        rows.iter().copied().filter(|row| ![SERVICE, worst.endpoint.as_str()].contains(&row.endpoint.as_str())).collect();
    let endpoints = |rows: &[&Row]| {
        let mut names: Vec<String> = rows.iter().map(|row| row.endpoint.clone()).filter(|name| name != SERVICE).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    let (found, all) = (endpoints(&rows), endpoints(&comparison.rows.iter().collect::<Vec<_>>()));
    let examples: Vec<String> = [Some(worst), worst_of(&others)].into_iter().flatten().map(example).collect();
    let example = examples.join(", ");
    Some(match (severity, found) {
        (Severity::Fail, 0) => format!("regression of the service as a whole ({example})"),
        (Severity::Fail, _) => format!("regression in {found} of {all} endpoints ({example})"),
        (Severity::Warn, 0) => format!("the service as a whole is slower, within the tolerance ({example})"),
        (Severity::Warn, _) => format!("slower, within the tolerance ({example})"),
    })
}

/// `search p50 +98%`
fn example(row: &Row) -> String {
    let change = row.change.map_or_else(String::new, |change| format!(" {}", row.metric.display_change(change.estimate)));
    let name = if row.endpoint == SERVICE { String::new() } else { format!("{} ", row.endpoint) };
    format!("{name}{}{change}", row.metric)
}

fn worst_of<'a>(rows: &[&'a Row]) -> Option<&'a Row> {
    rows.iter().copied().max_by(|a, b| excess(a).total_cmp(&excess(b)))
}

/// How far a change is beyond its tolerance, so that metrics of different kinds can be ranked.
fn excess(row: &Row) -> f64 {
    row.change.map_or(0.0, |change| change.estimate / row.tolerance.max(f64::MIN_POSITIVE))
}

/// What could not be tested and yet lies beyond its tolerance with its whole interval: a reader must not overlook it.
fn looks_slower(comparison: &Comparison) -> Option<String> {
    if !comparison.doubts.is_empty() {
        return None;
    }
    let beyond = |row: &&Row| {
        let low = row.change.and_then(|change| change.interval).map(|(low, _)| low);
        row.outcome == Outcome::Inconclusive && row.endpoint != SERVICE && low.is_some_and(|low| low > row.tolerance)
    };
    let worst = comparison.rows.iter().filter(beyond).max_by(|a, b| excess(a).total_cmp(&excess(b)))?;
    let change = worst.metric.display_change(worst.change?.estimate);
    Some(format!("; {} {} looks worse ({change}), untested", worst.endpoint, worst.metric))
}

fn vanished(comparison: &Comparison) -> Option<String> {
    match comparison.vanished.as_slice() {
        [] => None,
        [one] => Some(format!("endpoint {one} vanished")),
        several => Some(format!("{} endpoints vanished ({})", several.len(), several.join(", "))),
    }
}

fn broken(thresholds: &[ThresholdResult], outcome: ThresholdOutcome) -> Option<String> {
    let broken: Vec<&ThresholdResult> = thresholds.iter().filter(|result| result.outcome == outcome).collect();
    let first = broken.first()?;
    let actual = first.actual.map_or_else(|| "without success".to_owned(), |value| first.threshold.display(value));
    let count = if broken.len() == 1 { "1 threshold".to_owned() } else { format!("{} thresholds", broken.len()) };
    Some(format!("{count} broken: {} is {actual}", first.threshold.expr))
}

fn nothing_compared(reference: &Reference) -> Option<String> {
    match reference {
        Reference::NoBaseline => Some("no baseline yet, nothing compared".to_owned()),
        Reference::Mismatch(_) => Some("no baseline made under the same conditions, nothing compared".to_owned()),
        Reference::Compared(_) => None,
    }
}

fn passed(comparison: &Comparison) -> String {
    let seen = comparison
        .sensitivity
        .map_or_else(String::new, |change| format!(" (a change of {} or more would have been seen)", percent(change)));
    format!("no regression found{seen}")
}

fn passed_alone(thresholds: &[ThresholdResult], reference: &Reference) -> String {
    let nothing = nothing_compared(reference).unwrap_or_default();
    match thresholds.len() {
        0 => nothing,
        1 => format!("{nothing}; the threshold holds"),
        count => format!("{nothing}; all {count} thresholds hold"),
    }
}
