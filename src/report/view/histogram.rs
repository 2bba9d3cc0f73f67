//! Latencies of all runs together, bucket by bucket.

use std::collections::BTreeMap;

use crate::record::{Latencies, RunRecord, Totals};

/// One bucket of one endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramRow {
    /// The endpoint's name as configured.
    pub endpoint: String,
    /// `response` (from due), `service` (from sent) or `failed` (failed requests, from due).
    pub measure: &'static str,
    /// Longest latency in it.
    pub up_to_us: u64,
    /// Requests in it.
    pub count: u64,
    /// Requests up to it.
    pub cumulative: u64,
    /// The same as a share of all.
    pub cumulative_share: f64,
}

/// Every bucket that is not empty.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<HistogramRow> {
    let mut totals: BTreeMap<&str, Totals> = BTreeMap::new();
    for series in runs.iter().flat_map(|run| &run.endpoints) {
        totals.entry(&series.name).or_default().add(&series.total());
    }
    let mut rows = Vec::new();
    for (name, total) in &totals {
        for (measure, latencies) in [("response", &total.response), ("service", &total.service), ("failed", &total.failed)] {
            rows.extend(buckets(name, measure, latencies));
        }
    }
    rows
}

fn buckets(name: &str, measure: &'static str, latencies: &Latencies) -> Vec<HistogramRow> {
    let (all, mut cumulative) = (latencies.count(), 0);
    let row = |(up_to_us, count)| {
        cumulative += count;
        let cumulative_share = cumulative as f64 / all as f64;
        HistogramRow { endpoint: name.to_owned(), measure, up_to_us, count, cumulative, cumulative_share }
    };
    latencies.buckets().map(row).collect()
}
