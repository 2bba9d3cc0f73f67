//! `summary.json`: what a run measured, for other programs.
//!
//! The types of this file *are* the format `loadgate/summary/v1`: fields are only ever added.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    record::RunRecord,
    report::{GeneratorView, LatencyFigures, ReportError, RunView, Traffic},
};

const SCHEMA: &str = "loadgate/summary/v1";

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'static str,
    endpoints: Vec<Endpoint<'a>>,
    total: Endpoint<'a>,
    generator: Generator,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    endpoint: &'a str,
    requests: u64,
    errors: u64,
    error_rate: Option<f64>,
    achieved_rate_per_s: Option<f64>,
    dropped: u64,
    response_time_us: Latency,
    service_time_us: Latency,
    errors_by_class: Map<String, Value>,
}

#[derive(Serialize)]
struct Latency {
    p50: Option<u64>,
    p90: Option<u64>,
    p95: Option<u64>,
    p99: Option<u64>,
    p999: Option<u64>,
    max: Option<u64>,
    mean: Option<f64>,
}

#[derive(Serialize)]
struct Generator {
    late_p99_us: Option<u64>,
    late_max_us: Option<u64>,
    late_over_1ms: u64,
    cpu_share: Option<f64>,
    max_rss_bytes: Option<u64>,
}

/// The summary of one record, as `run --json` prints it.
#[must_use]
pub fn summary_json(record: &RunRecord) -> String {
    text(&RunView::new(std::slice::from_ref(record))).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}\n"))
}

/// The summary of one or more runs of one version.
pub(super) fn render(view: &RunView) -> Result<String, ReportError> {
    text(view).map_err(|error| ReportError::Render { file: "summary.json", reason: error.to_string() })
}

fn text(view: &RunView) -> Result<String, serde_json::Error> {
    let summary = Summary {
        schema: SCHEMA,
        endpoints: view.endpoints.iter().map(|traffic| Endpoint::of(traffic, &traffic.endpoint)).collect(),
        total: Endpoint::of(&view.total, "*"),
        generator: Generator::of(&view.generator),
    };
    serde_json::to_string_pretty(&summary).map(|text| text + "\n")
}

impl<'a> Endpoint<'a> {
    fn of(traffic: &Traffic, endpoint: &'a str) -> Self {
        Self {
            endpoint,
            requests: traffic.requests,
            errors: traffic.errors,
            error_rate: traffic.error_rate,
            achieved_rate_per_s: traffic.rate_per_s,
            dropped: traffic.dropped,
            response_time_us: Latency::of(&traffic.response),
            service_time_us: Latency::of(&traffic.service),
            errors_by_class: traffic
                .errors_by_class
                .iter()
                .map(|found| (found.class.to_owned(), Value::from(found.count)))
                .collect(),
        }
    }
}

impl Latency {
    fn of(figures: &LatencyFigures) -> Self {
        let LatencyFigures { p50, p90, p95, p99, p999, max, mean, .. } = *figures;
        Self { p50, p90, p95, p99, p999, max, mean }
    }
}

impl Generator {
    fn of(view: &GeneratorView) -> Self {
        let GeneratorView { late_p99_us, late_max_us, late_over_1ms, cpu_share, max_rss_bytes, .. } = *view;
        Self { late_p99_us, late_max_us, late_over_1ms, cpu_share, max_rss_bytes }
    }
}
