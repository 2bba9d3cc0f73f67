//! The rows of a comparison for people.

use serde::Serialize;

use super::text;
use crate::{
    compare::{ComparedMetric, Comparison, Grade, Lean, Outcome, Row, SERVICE},
    policy::Severity,
    report::escape::plain,
    units,
};

/// The service as a whole for people.
const SERVICE_NAME: &str = "service as a whole";

/// One compared metric.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeRow {
    /// Endpoint as configured, or `*`; rows of one belong together.
    pub endpoint: String,
    /// Endpoint for people: `service as a whole` for `*`.
    pub name: String,
    /// Whether it is the service as a whole: no endpoint's name.
    pub service: bool,
    /// `p99` or `error_rate`, as in files.
    pub metric: String,
    /// `p99` or `errors`, for people.
    pub metric_name: String,
    /// Name of the outcome in files.
    pub outcome: &'static str,
    /// `fail`, `warn`, `improved`, `open`, `near` or `same`: colour class and urgency.
    pub class: &'static str,
    /// What was found, in a word or two.
    pub found: String,
    /// An emoji for Markdown.
    pub icon: &'static str,
    /// A sign that every font has and that needs no colour.
    pub sign: &'static str,
    /// One sentence.
    pub reason: String,
    /// Whether a reader should look at it first.
    pub notable: bool,
    /// How far it is beyond its tolerance: the worst of a class comes first.
    #[serde(skip)]
    pub excess: f64,
    /// Whether it is the first of its endpoint's rows.
    pub opens_group: bool,
    /// The figures, for templates that calculate.
    pub figures: ChangeFigures,
    /// The figures in words.
    pub text: ChangeText,
}

/// Figures of a row: latencies in microseconds, rates per second, shares from 0 to 1. `None` where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChangeFigures {
    /// The baseline's.
    pub baseline: Option<f64>,
    /// The candidate's.
    pub candidate: Option<f64>,
    /// The change, as a fraction of the baseline's; of error rates their difference.
    pub change: Option<f64>,
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Chance of such a difference without any change.
    pub p_value: Option<f64>,
    /// Change from which on it fails.
    pub tolerance: f64,
    /// Smallest change that would have been seen.
    pub mde: Option<f64>,
}

/// Figures of a row in words.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeText {
    /// `182 ms`
    pub baseline: String,
    /// `239 ms`
    pub candidate: String,
    /// `+31%`
    pub change: String,
    /// `+24% … +39%`
    pub interval: String,
    /// `+24 … +39`, beside the change that has the unit.
    pub span: String,
    /// `0.0004`
    pub p_value: String,
    /// `+10%`
    pub tolerance: String,
    /// `7%`
    pub mde: String,
}

/// All rows, those of the service as a whole first.
pub(super) fn rows(comparison: &Comparison) -> Vec<ChangeRow> {
    let mut rows: Vec<ChangeRow> = comparison.rows.iter().map(ChangeRow::of).collect();
    for index in 0..rows.len() {
        rows[index].opens_group = index == 0 || rows[index - 1].endpoint != rows[index].endpoint;
    }
    rows
}

impl ChangeRow {
    fn of(row: &Row) -> Self {
        let service = row.endpoint == SERVICE;
        let found = found(row);
        Self {
            endpoint: row.endpoint.clone(),
            name: if service { SERVICE_NAME.to_owned() } else { plain(&row.endpoint) },
            service,
            metric: row.metric.to_string(),
            metric_name: metric_name(row.metric),
            outcome: row.outcome.name(),
            class: found.class,
            found: found.words,
            icon: found.icon,
            sign: sign(found.class),
            reason: plain(&row.reason),
            notable: found.notable,
            excess: row.change.map_or(0.0, |change| change.estimate / row.tolerance),
            opens_group: false,
            figures: ChangeFigures::of(row),
            text: ChangeText::of(row),
        }
    }
}

impl ChangeFigures {
    fn of(row: &Row) -> Self {
        let interval = row.change.and_then(|change| change.interval);
        Self {
            baseline: row.baseline,
            candidate: row.candidate,
            change: row.change.map(|change| change.estimate),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            p_value: row.change.and_then(|change| change.p_value),
            tolerance: row.tolerance,
            mde: row.mde,
        }
    }
}

impl ChangeRow {
    /// Says of a row that would fail the build that it is meant to be.
    pub(super) fn accept(&mut self) {
        if self.class == "fail" {
            (self.class, self.icon, self.sign) = ("warn", "⚠️", sign("warn"));
            self.found.push_str(", accepted");
        }
    }
}

impl ChangeText {
    fn of(row: &Row) -> Self {
        let value = |value: Option<f64>| value.map_or_else(none, |value| row.metric.display(value));
        let change = |change: f64| row.metric.display_change(change);
        let interval = row.change.and_then(|change| change.interval);
        let p_value = row.change.and_then(|change| change.p_value);
        let number = |bound: f64| change(bound).trim_end_matches(['%', 'p', ' ']).to_owned();
        Self {
            baseline: value(row.baseline),
            candidate: value(row.candidate),
            change: row.change.map_or_else(none, |found| change(found.estimate)),
            interval: interval.map_or_else(none, |(low, high)| format!("{} … {}", change(low), change(high))),
            span: interval.map_or_else(none, |(low, high)| format!("{} … {}", number(low), number(high))),
            p_value: p_value.map_or_else(none, p_text),
            tolerance: change(row.tolerance),
            mde: row.mde.map_or_else(none, |mde| change(mde).trim_start_matches('+').to_owned()),
        }
    }
}

fn none() -> String {
    text::NONE.to_owned()
}

fn p_text(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { units::significant(p, 2) }
}

fn metric_name(metric: ComparedMetric) -> String {
    match metric {
        ComparedMetric::Latency(quantile) => text::quantile(quantile),
        ComparedMetric::ErrorRate => "errors".to_owned(),
        ComparedMetric::AchievedRate => "achieved rate".to_owned(),
        ComparedMetric::Mean | ComparedMetric::Throughput => metric.to_string(),
    }
}

/// Endpoint and metric of a row for people.
pub(super) fn named(endpoint: &str, metric: ComparedMetric) -> [String; 2] {
    [if endpoint == SERVICE { SERVICE_NAME.to_owned() } else { plain(endpoint) }, metric_name(metric)]
}

/// The sign of a row.
pub(super) fn sign_of(row: &Row) -> &'static str {
    sign(found(row).class)
}

/// The sign of a colour class.
pub(super) fn sign(class: &str) -> &'static str {
    match class {
        "fail" => "✖",
        "warn" => "▲",
        "open" => "?",
        "near" => "≈",
        _ => "✔",
    }
}

struct Found {
    class: &'static str,
    icon: &'static str,
    words: String,
    notable: bool,
}

fn found(row: &Row) -> Found {
    let found = |class, icon, words: &str, notable| Found { class, icon, words: words.to_owned(), notable };
    let limit = || format!("limit {}", row.metric.display_change(row.tolerance));
    let worse = match row.metric {
        ComparedMetric::ErrorRate => "more errors",
        metric => direction(metric, Lean::Worse),
    };
    match row.outcome {
        Outcome::Regressed if row.level == Some(Severity::Warn) => found("warn", "⚠️", &format!("{worse}, {}", limit()), true),
        Outcome::Regressed => found("fail", "❌", &format!("regressed, {}", limit()), true),
        Outcome::Improved => found("improved", "✅", "improved", true),
        Outcome::Inconclusive if row.grade == Some(Grade::ToldByEndpoints) => {
            found("fail", "❌", "more errors, see endpoints", true)
        }
        Outcome::Inconclusive if row.suspect => found("open", "⚠️", &format!("inconclusive, looks {worse}"), true),
        Outcome::Inconclusive => found("open", "⚠️", "inconclusive", row.required),
        Outcome::NoData => found("open", "⚠️", "no data", row.required),
        Outcome::Unchanged => match row.lean() {
            None => found("same", "✔", "unchanged", false),
            // A tick beside a change that may well be real would hide it.
            Some(lean) => found("near", "≈", &leaning(row, lean), false),
        },
    }
}

/// What is said of a change that does not count, and whose interval yet leaves out that there is none.
fn leaning(row: &Row, lean: Lean) -> String {
    let (looks, direction) = match (row.metric, lean) {
        (ComparedMetric::ErrorRate, Lean::Worse) => ("perhaps", "more errors"),
        (ComparedMetric::ErrorRate, Lean::Better) => ("perhaps", "fewer errors"),
        (metric, lean) => ("looks", direction(metric, lean)),
    };
    let size = row.change.map_or(0.0, |change| change.estimate.abs());
    match (row.grade, lean) {
        (Some(Grade::TooSmallToMatter), _) => format!("{direction}, too small to matter"),
        (Some(Grade::Equivalent), Lean::Worse) => format!("{looks} {direction}, within the tolerance"),
        // Less than a warning takes in the other direction.
        (_, Lean::Better) if size < row.tolerance.abs() / 2.0 => format!("{looks} {direction}, too small to matter"),
        _ => format!("{looks} {direction}, not shown"),
    }
}

fn direction(metric: ComparedMetric, lean: Lean) -> &'static str {
    match (metric.higher_is_better(), lean) {
        (false, Lean::Worse) => "slower",
        (false, Lean::Better) => "faster",
        (true, Lean::Worse) => "lower",
        (true, Lean::Better) => "higher",
    }
}
