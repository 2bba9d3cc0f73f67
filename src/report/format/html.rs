//! `report.html`: one page without any reference to the outside, readable without JavaScript, in light and dark, on paper.

use serde::Serialize;

use super::template;
use crate::report::{Judged, LatencyFigures, ReportError, RunView, StepRow, ThresholdView};

#[derive(Serialize)]
struct Page<'a> {
    run: &'a RunView,
    judged: Option<&'a Judged>,
    thresholds: Vec<&'a ThresholdView>,
    quantiles: [&'static str; 6],
    step_columns: [&'static str; 7],
}

/// The page, with or without a verdict.
pub(super) fn render(run: &RunView, judged: Option<&Judged>) -> Result<String, ReportError> {
    let page = Page {
        run,
        judged,
        thresholds: judged.map(Judged::thresholds_worst_first).unwrap_or_default(),
        quantiles: LatencyFigures::COLUMNS,
        step_columns: StepRow::COLUMNS,
    };
    template::render("report.html", page)
}
