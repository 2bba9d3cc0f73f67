//! The sentence of a row: what was found, how sure it is, and what would help. Reused unchanged wherever the row is shown.

use super::{
    ComparedMetric, Grade, Outcome, SERVICE, advice,
    errors::Found,
    family::Adjusted,
    latency::{Lack, LatencyTest, Measured},
    settle::Settled,
    trial::Trial,
};
use crate::{
    policy::{Quantile, Severity},
    units::{self, percent, signed_percent},
};

/// Uncorrected p-value below which a pass still says that it looks slower.
const NOTEWORTHY_P: f64 = 0.05;

/// The sentence of an eligible latency test.
pub(super) fn latency(test: &LatencyTest, measured: &Measured, p: &Adjusted, settled: &Settled, trial: &Trial<'_>) -> String {
    let subject = subject(test);
    let (change, tolerance) = (measured.shift.change(), percent(test.rule.fail));
    let (low, high) = measured.shift.interval();
    let interval = format!("({} to {})", signed_percent(low), signed_percent(high));
    let size = percent(change.abs());
    let direction = if change < 0.0 { "faster" } else { "slower" };
    match (settled.outcome, settled.grade) {
        (Outcome::Regressed, _) if settled.level == Some(Severity::Warn) => {
            format!("{subject} is {size} slower {interval}, within the tolerance of {tolerance}; {}", p_value(p.up))
        }
        (Outcome::Regressed, _) => {
            format!("{subject} is {size} slower {interval}, beyond the tolerance of {tolerance}; {}", p_value(p.up))
        }
        (Outcome::Improved, _) => format!("{subject} is {size} faster {interval}; {}", p_value(p.down)),
        (_, Some(Grade::TooSmallToMatter)) => {
            format!("{subject} is {size} {direction} {interval}: real, but too small to matter")
        }
        (_, Some(Grade::Equivalent)) if measured.shift.p_up() < NOTEWORTHY_P => {
            format!("{subject} looks {size} slower {interval}, within the tolerance of {tolerance}")
        }
        (_, Some(Grade::Equivalent)) => format!("no slowdown of {subject} beyond the tolerance of {tolerance} {interval}"),
        (_, Some(Grade::NoChangeFound)) => {
            format!("no change of {subject} found; a change of {} or more would have been seen", percent(settled.mde))
        }
        _ => {
            let help = advice::latency(measured, settled, p.level, &test.rule, trial.design);
            let seen = format!("only changes of {} or more could have been seen", percent(settled.mde));
            if settled.suspect {
                format!("{subject} looks {size} slower {interval}, not yet sure: {seen}; {help}")
            } else {
                format!("cannot tell for {subject}: {seen}; {help}")
            }
        }
    }
}

fn subject(test: &LatencyTest) -> String {
    if test.endpoint == SERVICE { format!("{} of the service as a whole", test.quantile) } else { test.quantile.to_string() }
}

fn p_value(p: f64) -> String {
    if p < 1e-4 { "p < 0.0001 after correction".to_owned() } else { format!("p = {} after correction", units::significant(p, 2)) }
}

/// Why a metric could not be tested; the error rate where no quantile is given.
pub(super) fn lack(lack: Lack, quantile: Option<Quantile>, trial: &Trial<'_>) -> String {
    let (roster, unit) = (&trial.roster, trial.design.unit);
    let metric = quantile.map_or_else(|| ComparedMetric::ErrorRate.to_string(), |quantile| quantile.to_string());
    match lack {
        Lack::Requests(side) => format!("no request of the {side} to compare {metric} with"),
        Lack::Successes(side) => format!("no successful response in a {unit} of the {side}, so there is no {metric}"),
        Lack::Samples { needed, has } => {
            let more = more_time(needed, has, roster.seconds);
            format!("needs {needed} successful requests in every {unit} for {metric}, has {has}: {more}")
        }
        Lack::SamplesOfSide { needed, has } => {
            let more = more_time(needed, has, roster.seconds);
            format!("needs {needed} successful requests of each version for {metric}, has {has}: {more} in every {unit}")
        }
        Lack::BlocksOfRun { needed, has } => {
            let block = units::duration(roster.block);
            format!(
                "needs {needed} blocks of {block} in every {unit} for {metric}, has {has}: longer {unit}s or shorter blocks are needed"
            )
        }
        Lack::Blocks { needed, has } => {
            let block = units::duration(roster.block);
            format!(
                "needs {needed} blocks of {block} on each side for {metric}, has {has}: longer {unit}s or shorter blocks are needed"
            )
        }
    }
}

/// Time that each run is missing, at the rate of the poorest.
fn more_time(needed: u64, has: u64, seconds: f64) -> String {
    let missing = (needed - has.min(needed)) as f64 / has as f64 * seconds;
    if missing.is_finite() {
        format!("{} s more at this rate", missing.ceil() as u64)
    } else {
        "a higher rate or a longer run is needed".to_owned()
    }
}

/// The sentence of an error rate.
pub(super) fn errors(found: &Found, outcome: Outcome, adjusted: Option<&Adjusted>, trial: &Trial<'_>) -> String {
    let rule = &trial.rules.errors;
    let points = |value: f64| ComparedMetric::ErrorRate.display_change(value);
    let size = |value: f64| percent(value).replace('%', " pp");
    let (low, high) = found.interval();
    let rates = format!("from {} to {}", percent(found.baseline.share()), percent(found.candidate.share()));
    let change = format!("{} ({} to {})", points(found.difference()), points(low), points(high));
    match (outcome, adjusted) {
        (Outcome::Regressed, Some(p)) => format!("error rate rose {rates}, {change}; {}", p_value(p.up)),
        (Outcome::Improved, Some(p)) => format!("error rate fell {rates}, {change}; {}", p_value(p.down)),
        (Outcome::Unchanged, _) => {
            format!("error rate went {rates}; an increase of {} or more is ruled out", points(found.upper()))
        }
        _ => format!(
            "cannot tell for the error rate ({rates}): an increase of {} is possible, and a pass needs less than {}; {}",
            size(found.upper()),
            size(rule.pass_bound),
            advice::errors(found, rule, trial.design)
        ),
    }
}
