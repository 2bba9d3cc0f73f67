//! `summary.csv`: the comparison, one row per endpoint and metric.

use super::table::{csv, figure};
use crate::report::{ComparisonRow, ReportError, View, escape::csv_field};

const HEAD: [&str; 10] = [
    "endpoint",
    "metric",
    "unit",
    "baseline",
    "candidate",
    "change_fraction",
    "ci_low_fraction",
    "ci_high_fraction",
    "p_value",
    "outcome",
];

/// The rows; only the head when nothing was compared. `unit` is that of `baseline` and `candidate`.
pub(super) fn render(view: &View) -> Result<String, ReportError> {
    csv("summary.csv", HEAD, view.file.comparisons.iter().map(row))
}

fn row(row: &ComparisonRow) -> [String; 10] {
    [
        csv_field(&row.endpoint),
        row.metric.clone(),
        row.unit.clone(),
        figure(row.baseline),
        figure(row.candidate),
        figure(row.change),
        figure(row.ci.map(|ci| ci[0])),
        figure(row.ci.map(|ci| ci[1])),
        figure(row.p_value),
        row.outcome.clone(),
    ]
}
