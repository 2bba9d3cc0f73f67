//! The table beside the charts over time: a few rows that can be read aloud.

use std::time::Duration;

use serde::Serialize;

use super::spans::Span;
use crate::{
    report::view::{text, windows::QUANTILES},
    units::{self, PerSecond},
};

/// Rows of the table; the CSV file has every window.
const ROWS: usize = 16;

/// What happened in some time, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeRow {
    /// When it begins, counted from the start of the run.
    pub from: String,
    /// The stage it is of.
    pub stage: String,
    /// Requests that fell due, per second.
    pub offered: String,
    /// Requests that came to an outcome, per second.
    pub done: String,
    /// Requests that fell due and were not sent.
    pub not_sent: String,
    /// Median response time.
    pub p50: String,
    /// 95 %.
    pub p95: String,
    /// 99 %.
    pub p99: String,
    /// Failed share.
    pub failed: String,
    /// Open connections in the mean; `None` where none are counted.
    pub connections: Option<String>,
}

/// Some spans together in each row; a stage begins a row of its own.
pub(super) fn rows(spans: &[Span]) -> Vec<TimeRow> {
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
                sum.played_us += span.played_us;
                sum.add(span);
            }
            _ => rows.push((stage.clone(), 1, span.clone())),
        }
    }
    let has_connections = spans.iter().any(|span| span.connected_us > 0);
    rows.into_iter().map(|(stage, _, span)| row(stage, &span, has_connections)).collect()
}

fn row(stage: String, span: &Span, has_connections: bool) -> TimeRow {
    let seconds = span.length_us as f64 / 1e6;
    let rate = |count: u64| if seconds > 0.0 { PerSecond(count as f64 / seconds).to_string() } else { text::NONE.to_owned() };
    let [p50, p95, p99] = QUANTILES.map(|q| text::latency(span.response.quantile(q).map(|us| us as f64)));
    let failed = (span.requests > 0).then(|| span.failed() as f64 / span.requests as f64);
    TimeRow {
        from: units::duration(Duration::from_micros(span.begin_us)),
        stage,
        offered: rate(span.requests + span.dropped),
        done: rate(span.requests),
        not_sent: text::count(span.dropped),
        p50,
        p95,
        p99,
        failed: text::share(failed),
        connections: span.connections().filter(|_| has_connections).map(|open| units::significant(open, 4)),
    }
}
