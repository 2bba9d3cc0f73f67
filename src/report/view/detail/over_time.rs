//! The table beside the charts over time: a few rows that can be read aloud.

use std::time::Duration;

use super::spans::Span;
use crate::{
    report::view::{text, windows::QUANTILES},
    units::{self, PerSecond},
};

/// Rows of the table; the CSV file has every window.
const ROWS: usize = 16;

/// Heads of the columns of [`rows`].
pub(super) const COLUMNS: [&str; 9] = ["from", "stage", "offered", "done", "not sent", "p50", "p95", "p99", "failed"];

/// Some spans together in each row; a stage begins a row of its own.
pub(super) fn rows(spans: &[Span]) -> Vec<[String; 9]> {
    let each = spans.len().div_ceil(ROWS).max(1);
    let mut rows: Vec<(String, usize, Span)> = Vec::new();
    let mut stage = String::new();
    for span in spans {
        if let Some(name) = &span.stage {
            stage.clone_from(name);
        }
        match rows.last_mut() {
            Some((_, count, sum)) if span.stage.is_none() && *count < each => {
                *count += 1;
                sum.length_us += span.length_us;
                sum.add(span);
            }
            _ => rows.push((stage.clone(), 1, span.clone())),
        }
    }
    rows.into_iter().map(|(stage, _, span)| row(stage, &span)).collect()
}

fn row(stage: String, span: &Span) -> [String; 9] {
    let seconds = span.length_us as f64 / 1e6;
    let rate = |count: u64| if seconds > 0.0 { PerSecond(count as f64 / seconds).to_string() } else { text::NONE.to_owned() };
    let [p50, p95, p99] = QUANTILES.map(|q| text::latency(span.response.quantile(q).map(|us| us as f64)));
    let failed = (span.requests > 0).then(|| span.failed() as f64 / span.requests as f64);
    [
        units::duration(Duration::from_micros(span.begin_us)),
        stage,
        rate(span.requests + span.dropped),
        rate(span.requests),
        text::count(span.dropped),
        p50,
        p95,
        p99,
        text::share(failed),
    ]
}
