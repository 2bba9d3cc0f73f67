//! `histogram.csv`: how many requests took how long, one row per endpoint, measure and bucket that is not empty.

use super::table::{csv, figure};
use crate::report::{HistogramRow, ReportError, RunView, escape::csv_field};

const HEAD: [&str; 6] = ["endpoint", "measure", "up_to_us", "count", "cumulative_count", "cumulative_fraction"];

/// The rows of all runs together, ascending.
pub(super) fn render(view: &RunView) -> Result<String, ReportError> {
    csv("histogram.csv", HEAD, view.histogram.iter().map(row))
}

fn row(row: &HistogramRow) -> [String; 6] {
    [
        csv_field(&row.endpoint),
        row.measure.to_owned(),
        row.up_to_us.to_string(),
        row.count.to_string(),
        row.cumulative.to_string(),
        figure(Some(row.cumulative_share)),
    ]
}
