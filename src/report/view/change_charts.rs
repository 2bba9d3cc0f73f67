//! The changes of a comparison as charts, in the order in which they are to be looked at.

use serde::Serialize;

use super::changes::ChangeRow;
use crate::{
    compare::{ComparedMetric, Comparison, Row},
    report::chart::{Forest, ForestInput, ForestOf, forest},
};

/// A chart of changes, and what is said of it.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeChart {
    /// Tells it apart within the page: `forest-errors`.
    pub id: &'static str,
    /// What changed: `error rate`.
    pub of: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// How to read it.
    pub legend: &'static str,
    /// The chart.
    pub forest: Forest,
}

/// A chart of latencies and one of error rates, as far as there are any; that which alone shows why it failed first.
pub(super) fn charts(comparison: &Comparison, rows: &[ChangeRow]) -> Vec<ChangeChart> {
    let latencies = of_latencies(comparison, rows).map(|forest| ChangeChart {
        id: "forest-times",
        of: "response time",
        title: "Change of response times, the worst first",
        legend: "line: 95% interval; band: tolerated; ◆ fails ▲ warns ○ can’t tell ● no worse",
        forest,
    });
    let errors = of_errors(comparison, rows).map(|forest| ChangeChart {
        id: "forest-errors",
        of: "error rate",
        title: "Change of error rates, the worst first",
        legend: "in percentage points (pp); line: 95% interval; band: tolerated; ◆ fails ▲ warns ○ can’t tell ● no worse",
        forest,
    });
    let mut charts: Vec<ChangeChart> = latencies.into_iter().chain(errors).collect();
    charts.sort_by_key(|chart| chart.forest.rows.first().is_none_or(|row| row.class != "fail"));
    charts
}

/// The rows of latencies.
fn of_latencies(comparison: &Comparison, rows: &[ChangeRow]) -> Option<Forest> {
    drawn(ForestOf::Latencies, comparison, rows, |row| row.metric.is_latency())
}

/// The rows of error rates, where any of them changed at all: they change by points, which have no place on the axis of latencies.
fn of_errors(comparison: &Comparison, rows: &[ChangeRow]) -> Option<Forest> {
    let is_wanted = |row: &Row| row.metric == ComparedMetric::ErrorRate;
    let is_change = |row: &Row| row.change.is_some_and(|change| change.estimate != 0.0);
    let any = comparison.rows.iter().any(|row| is_wanted(row) && is_change(row));
    any.then(|| drawn(ForestOf::Errors, comparison, rows, is_wanted)).flatten()
}

fn drawn(of: ForestOf, comparison: &Comparison, rows: &[ChangeRow], wanted: impl Fn(&Row) -> bool) -> Option<Forest> {
    let mut pairs: Vec<(&Row, &ChangeRow)> = comparison.rows.iter().zip(rows).filter(|(row, _)| wanted(row)).collect();
    // The worst first: what is cut off at the end must be what nobody needs to see.
    pairs.sort_by(|(_, a), (_, b)| urgency(a).cmp(&urgency(b)).then(b.excess.total_cmp(&a.excess)));
    let inputs: Vec<ForestInput<'_>> = pairs
        .into_iter()
        .filter_map(|(row, view)| {
            let change = row.change?;
            Some(ForestInput {
                name: &view.name,
                metric: &view.metric_name,
                class: view.class,
                estimate: change.estimate,
                interval: change.interval,
                tolerance: row.tolerance,
                text: &view.text.change,
            })
        })
        .collect();
    forest(of, &inputs)
}

/// What a reader looks at first, from 0.
fn urgency(row: &ChangeRow) -> u8 {
    match (row.class, row.notable) {
        ("fail", _) => 0,
        ("warn", _) => 1,
        ("open", true) => 2,
        ("improved", _) => 3,
        ("open", false) => 4,
        _ => 5,
    }
}
