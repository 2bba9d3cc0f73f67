//! The sentence of a row: what was found, how sure it is, and what would help. Reused unchanged wherever the row is shown.

use super::{
    ComparedMetric, Grade, Outcome, SERVICE, advice,
    errors::Found,
    family::Adjusted,
    relative::{Lack, Measured, RelativeTest},
    settle::Settled,
    trial::Trial,
};
use crate::{
    policy::Severity,
    units::{self, percent, signed_percent},
};

/// Uncorrected p-value below which a pass still says that it looks slower.
const NOTEWORTHY_P: f64 = 0.05;

/// The sentence of an eligible test.
pub(super) fn relative(test: &RelativeTest, measured: &Measured, p: &Adjusted, settled: &Settled, trial: &Trial<'_>) -> String {
    let subject = subject(test);
    let metric = test.metric;
    let (change, tolerance) = (metric.change(measured.shift.estimate), percent(test.rule.fail));
    let (low, high) = metric.interval(measured.shift.bounds());
    let interval = format!("({} to {})", signed_percent(low), signed_percent(high));
    let size = percent(change.abs());
    let beyond = match &test.contrast {
        Some(contrast) if p.is_siblings_find(trial.rules.alpha) => {
            let (low, high) = metric.interval(contrast.shift.bounds());
            let (more, low, high) = (percent(contrast.shift.change()), signed_percent(low), signed_percent(high));
            format!(", slower than its siblings by {more} ({low} to {high})")
        }
        _ => String::new(),
    };
    let (worse, better, loss) =
        if metric.higher_is_better() { ("lower", "higher", "fall") } else { ("slower", "faster", "slowdown") };
    let direction = if measured.shift.estimate < 0.0 { better } else { worse };
    let mde = percent(metric.change(settled.mde.ln_1p()).abs());
    match (settled.outcome, settled.grade) {
        (Outcome::Regressed, _) if settled.level == Some(Severity::Warn) => {
            format!("{subject} is {size} {worse} {interval}{beyond}, within the tolerance of {tolerance}; {}", p_value(p.up))
        }
        (Outcome::Regressed, _) => {
            format!("{subject} is {size} {worse} {interval}{beyond}, beyond the tolerance of {tolerance}; {}", p_value(p.up))
        }
        (Outcome::Improved, _) => format!("{subject} is {size} {better} {interval}; {}", p_value(p.down)),
        (_, Some(Grade::TooSmallToMatter)) => {
            format!("{subject} is {size} {direction} {interval}: real, but too small to matter")
        }
        (_, Some(Grade::Equivalent)) if measured.shift.p_up() < NOTEWORTHY_P => {
            format!("{subject} looks {size} {worse} {interval}, within the tolerance of {tolerance}")
        }
        (_, Some(Grade::Equivalent)) => format!("no {loss} of {subject} beyond the tolerance of {tolerance} {interval}"),
        (_, Some(Grade::NoChangeFound)) if leans(measured) => {
            format!(
                "{subject} looks {size} {direction} {interval}, which is not shown: it lies within what this run can tell apart; a \
                 change of {mde} or more would have been seen"
            )
        }
        (_, Some(Grade::NoChangeFound)) => {
            format!("no change of {subject} found; a change of {mde} or more would have been seen")
        }
        _ => {
            let help = advice::relative(test, measured, settled, p.level, trial);
            let seen = format!("only changes of {mde} or more could have been seen");
            if settled.suspect {
                format!("{subject} looks {size} {worse} {interval}, not yet sure: {seen}; {help}")
            } else {
                format!("cannot tell for {subject}: {seen}; {help}")
            }
        }
    }
}

/// Whether the interval leaves out that there is no change.
fn leans(measured: &Measured) -> bool {
    let (low, high) = measured.shift.bounds();
    low > 0.0 || high < 0.0
}

fn subject(test: &RelativeTest) -> String {
    if test.endpoint == SERVICE { format!("{} of the service as a whole", test.metric) } else { test.metric.to_string() }
}

fn p_value(p: f64) -> String {
    if p < 1e-4 { "p < 0.0001 after correction".to_owned() } else { format!("p = {} after correction", units::significant(p, 2)) }
}

/// Why a metric could not be tested.
pub(super) fn lack(lack: Lack, metric: ComparedMetric, trial: &Trial<'_>) -> String {
    let (roster, unit) = (&trial.roster, trial.design.unit);
    match lack {
        Lack::Requests(side) => format!("no request of the {side} to compare {metric} with"),
        Lack::RequestsOfRun(side) => format!("no request in a {unit} of the {side}, so there is no {metric}"),
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

/// Endpoints that are named; of more, how many they are.
const NAMED_MAX: usize = 5;

/// The sentence of all errors together, where those of some endpoints became more for sure.
pub(super) fn told_by_endpoints(baseline: f64, candidate: f64, worse: &[String]) -> String {
    let (named, others) = worse.split_at(worse.len().min(NAMED_MAX));
    let others = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let (from, to) = (percent(baseline), percent(candidate));
    format!("error rate of the service as a whole went from {from} to {to}; it rose in {}{others}: see there", named.join(", "))
}

/// The sentence of an error rate.
pub(super) fn errors(
    found: &Found,
    grown: &[String],
    outcome: Outcome,
    adjusted: Option<&Adjusted>,
    trial: &Trial<'_>,
) -> String {
    let rule = &trial.rules.errors;
    let points = |value: f64| ComparedMetric::ErrorRate.display_change(value);
    let size = |value: f64| percent(value).replace('%', " pp");
    let (low, high) = found.interval();
    let rates = format!("from {} to {}", percent(found.baseline.share()), percent(found.candidate.share()));
    let change = format!("{} ({} to {})", points(found.difference()), points(low), points(high));
    let more = grown.iter().fold(String::new(), |more, class| format!("{more}; {class}"));
    let sentence = match (outcome, adjusted) {
        (Outcome::Regressed, Some(p)) if found.difference() < rule.fail => {
            format!("error rate rose {rates}, {change}, by less than the tolerance of {}; {}", size(rule.fail), p_value(p.up))
        }
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
    };
    format!("{sentence}{more}")
}
