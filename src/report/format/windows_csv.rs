//! `windows.csv`: the time series, one row per run, endpoint, stage and window.

use super::table::{csv, figure, number};
use crate::report::{ReportError, RunView, WindowRow, escape::csv_field};

const HEAD: [&str; 15] = [
    "run",
    "endpoint",
    "stage",
    "t_s",
    "requests",
    "errors",
    "dropped",
    "response_p50_us",
    "response_p95_us",
    "response_p99_us",
    "service_p50_us",
    "service_p95_us",
    "service_p99_us",
    "messages",
    "connections",
];

/// The rows. `t_s` counts from the start of the run, warm-up included.
pub(super) fn render(view: &RunView) -> Result<String, ReportError> {
    csv("windows.csv", HEAD, view.windows.iter().map(row))
}

fn row(row: &WindowRow) -> [String; 15] {
    let ([response_p50, response_p95, response_p99], [service_p50, service_p95, service_p99]) = (row.response_us, row.service_us);
    [
        row.run.to_string(),
        csv_field(&row.endpoint),
        csv_field(&row.stage),
        row.t_s.to_string(),
        row.requests.to_string(),
        row.errors.to_string(),
        row.dropped.to_string(),
        number(response_p50),
        number(response_p95),
        number(response_p99),
        number(service_p50),
        number(service_p95),
        number(service_p99),
        number(row.messages),
        figure(row.connections),
    ]
}
