//! `failures.json`: what failed, a few of each kind, in full where the exchange was kept.
//!
//! The types of this file *are* the format `loadgate/failures/v1`: fields are only ever added.

use serde::Serialize;

use crate::{
    record::ExchangeSample,
    report::{ReportError, RunView},
};

const SCHEMA: &str = "loadgate/failures/v1";

#[derive(Serialize)]
struct Failures<'a> {
    schema: &'static str,
    failures: Vec<Failure<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    endpoint: &'a str,
    class: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'a ExchangeSample>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
}

/// The failures of one or more runs of one version; nothing when there is none.
pub(super) fn render(view: &RunView) -> Option<Result<String, ReportError>> {
    if view.failures.is_empty() {
        return None;
    }
    let failures = view.failures.iter().map(|failure| Failure {
        endpoint: &failure.endpoint,
        class: failure.class,
        message: &failure.message,
        exchange: failure.exchange.as_deref(),
        trace_id: failure.trace_id.as_deref(),
    });
    let text = serde_json::to_string_pretty(&Failures { schema: SCHEMA, failures: failures.collect() });
    let error = |error: serde_json::Error| ReportError::Render { file: "failures.json", reason: error.to_string() };
    Some(text.map(|text| text + "\n").map_err(error))
}
