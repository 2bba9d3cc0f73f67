//! Forest plot: the change of each latency with its interval and its tolerance, on one axis.

use serde::Serialize;

use super::scale::{Scale, round};
use crate::{
    compare::{ComparedMetric, Outcome, Row, SERVICE},
    policy::Severity,
    report::escape::line,
    units,
};

const ROW_HEIGHT: f64 = 24.0;
const TOP: f64 = 8.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 700.0;
/// Changes beyond this are drawn at the edge; without it one tenfold regression would squeeze all others into a line.
const CHANGE_MAX: f64 = 2.0;

/// A drawn forest plot.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Forest {
    pub width: f64,
    pub height: f64,
    /// Where the axis stands.
    pub bottom: f64,
    pub zero: f64,
    pub marks: Vec<Mark>,
    pub lines: Vec<ForestLine>,
}

/// A mark of the axis.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Mark {
    pub at: f64,
    pub label: String,
}

/// One comparison.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct ForestLine {
    pub label: String,
    /// For people who hover or listen.
    pub title: String,
    pub y: f64,
    pub text_y: f64,
    pub low: f64,
    pub high: f64,
    pub estimate: f64,
    pub tolerance: f64,
    /// `regressed`, `warned`, `improved`, `unchanged`, `inconclusive`.
    pub class: &'static str,
}

impl Forest {
    /// The plot of all latency rows with an estimate; `None` without any.
    pub(in crate::report) fn of(rows: &[Row]) -> Option<Self> {
        let rows: Vec<(&Row, f64, (f64, f64))> = rows
            .iter()
            .filter(|row| matches!(row.metric, ComparedMetric::Latency(_)))
            .filter_map(|row| {
                row.change.map(|change| (row, change.estimate, change.interval.unwrap_or((change.estimate, change.estimate))))
            })
            .collect();
        let ends = rows.iter().flat_map(|(row, _, (low, high))| [*low, *high, row.tolerance * 1.2]);
        let high = ends.clone().fold(0.1, f64::max).min(CHANGE_MAX);
        let low = ends.fold(-0.1, f64::min).max(-1.0);
        let scale = Scale { values: (low, high), places: (LEFT, RIGHT) };
        let bottom = TOP + rows.len() as f64 * ROW_HEIGHT + 4.0;
        let lines = rows.iter().enumerate().map(|(n, (row, estimate, interval))| {
            let y = TOP + (n as f64 + 0.5) * ROW_HEIGHT;
            let name = if row.endpoint == SERVICE { "service as a whole".to_owned() } else { line(&row.endpoint) };
            ForestLine {
                label: format!("{} {}", short(&name), row.metric),
                title: format!("{name} {}: {}. {}", row.metric, row.metric.display_change(*estimate), line(&row.reason)),
                y: round(y),
                text_y: round(y + 4.0),
                low: scale.place(interval.0),
                high: scale.place(interval.1),
                estimate: scale.place(*estimate),
                tolerance: scale.place(row.tolerance),
                class: class(row),
            }
        });
        let marks = scale.marks().into_iter().map(|value| Mark { at: scale.place(value), label: units::signed_percent(value) });
        (!rows.is_empty()).then(|| Self {
            width: RIGHT + 40.0,
            height: bottom + 24.0,
            bottom,
            zero: scale.place(0.0),
            marks: marks.collect(),
            lines: lines.collect(),
        })
    }
}

/// A name that fits beside the plot.
fn short(name: &str) -> String {
    const CHARS_MAX: usize = 28;
    if name.chars().count() <= CHARS_MAX { name.to_owned() } else { name.chars().take(CHARS_MAX - 1).chain(['…']).collect() }
}

fn class(row: &Row) -> &'static str {
    match row.outcome {
        Outcome::Regressed if row.level == Some(Severity::Fail) => "regressed",
        Outcome::Regressed => "warned",
        Outcome::Improved => "improved",
        Outcome::Unchanged => "unchanged",
        Outcome::Inconclusive | Outcome::NoData => "inconclusive",
    }
}
