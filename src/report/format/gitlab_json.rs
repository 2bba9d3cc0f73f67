//! `load-performance.json`: what GitLab shows in a merge request beside that of the target branch (`artifacts:reports:load_performance`).
//! It reads the summary of another load generator, of which these are the parts it looks at.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::report::{LatencyFigures, ReportError, RunView, Traffic};

const FILE: &str = "load-performance.json";

#[derive(Serialize)]
struct Summary {
    metrics: Map<String, Value>,
}

/// All endpoints together. GitLab calls `http_req_waiting` the time to the first byte; here it is the response time that is judged,
/// as nothing else would agree with the verdict. What was not measured is left out.
pub(super) fn render(view: &RunView) -> Result<String, ReportError> {
    let failed = |error: serde_json::Error| ReportError::Render { file: FILE, reason: error.to_string() };
    serde_json::to_string_pretty(&Summary { metrics: metrics(&view.total) }).map(|text| text + "\n").map_err(failed)
}

fn metrics(total: &Traffic) -> Map<String, Value> {
    let mut metrics = Map::new();
    let mut checks = json!({ "passes": total.requests.saturating_sub(total.errors), "fails": total.errors });
    if let Some(rate) = total.error_rate {
        checks["value"] = json!(1.0 - rate);
    }
    metrics.insert("checks".to_owned(), checks);
    let mut requests = json!({ "count": total.requests });
    if let Some(rate) = total.rate_per_s {
        requests["rate"] = json!(rate);
    }
    metrics.insert("http_reqs".to_owned(), requests);
    for name in ["http_req_waiting", "http_req_duration"] {
        metrics.insert(name.to_owned(), Value::Object(milliseconds(&total.response)));
    }
    metrics
}

fn milliseconds(figures: &LatencyFigures) -> Map<String, Value> {
    let quantile = |value: Option<u64>| value.map(|us| us as f64 / 1e3);
    let LatencyFigures { p50, p90, p95, p99, max, mean, .. } = *figures;
    let named = [
        ("avg", mean.map(|us| us / 1e3)),
        ("med", quantile(p50)),
        ("p(90)", quantile(p90)),
        ("p(95)", quantile(p95)),
        ("p(99)", quantile(p99)),
        ("max", quantile(max)),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect()
}
