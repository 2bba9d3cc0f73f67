//! `summary.json`, schema `loadgate/summary/v1`: what was measured, for machines.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::{EndpointFigures, LatencyFigures};
use crate::record::RunRecord;

const SCHEMA: &str = "loadgate/summary/v1";

#[derive(Serialize)]
struct Summary {
    schema: &'static str,
    suite: String,
    started_at: String,
    ended: crate::record::Ended,
    endpoints: Vec<Endpoint>,
    total: Endpoint,
    generator: Generator,
}

#[derive(Serialize)]
struct Endpoint {
    endpoint: String,
    requests: u64,
    errors: u64,
    error_rate: Option<f64>,
    achieved_rate_per_s: Option<f64>,
    dropped: u64,
    response_time_us: LatencyFigures,
    service_time_us: LatencyFigures,
    errors_by_class: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Generator {
    late_p99_us: Option<u64>,
    late_max_us: Option<u64>,
    late_over_1ms: u64,
    cpu_share: Option<f64>,
    max_rss_bytes: Option<u64>,
}

/// The summary of a run as indented JSON.
#[must_use]
pub fn summary_json(record: &RunRecord) -> String {
    let runs = std::slice::from_ref(record);
    let late = record.generator.late.decode();
    let summary = Summary {
        schema: SCHEMA,
        suite: record.suite.clone(),
        started_at: record.started_at.to_string(),
        ended: record.ended,
        endpoints: EndpointFigures::by_endpoint(runs).iter().map(Endpoint::of).collect(),
        total: Endpoint::of(&EndpointFigures::of_all(runs)),
        generator: Generator {
            late_p99_us: late.quantile(0.99),
            late_max_us: late.max(),
            late_over_1ms: record.generator.late_over_1ms,
            cpu_share: record.generator.cpu_share,
            max_rss_bytes: record.generator.max_rss_bytes,
        },
    };
    let mut text = serde_json::to_string_pretty(&summary).unwrap_or_default();
    text.push('\n');
    text
}

impl Endpoint {
    fn of(figures: &EndpointFigures) -> Self {
        let totals = &figures.totals;
        Self {
            endpoint: figures.name.clone(),
            requests: totals.requests,
            errors: totals.error_count(),
            error_rate: totals.error_rate(),
            achieved_rate_per_s: figures.rate,
            dropped: totals.dropped,
            response_time_us: figures.response,
            service_time_us: figures.service,
            errors_by_class: totals.errors.iter().map(|(class, count)| (class.name(), *count)).collect(),
        }
    }
}
