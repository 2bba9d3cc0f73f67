//! `samples.csv`: requests that failed, a few of each kind, with what leads to their trace.

use super::table::{csv, number};
use crate::{
    record::ExchangeSample,
    report::{FailureView, ReportError, RunView, escape::csv_field},
};

const HEAD: [&str; 8] = ["endpoint", "class", "message", "request", "status", "body_bytes", "trace_id", "body"];

/// The rows; nothing when nothing failed.
pub(super) fn render(view: &RunView) -> Option<Result<String, ReportError>> {
    (!view.failures.is_empty()).then(|| csv("samples.csv", HEAD, view.failures.iter().map(row)))
}

fn row(failure: &FailureView) -> [String; 8] {
    let exchange = failure.exchange.as_deref();
    let text = |of: fn(&ExchangeSample) -> &str| exchange.map(|exchange| csv_field(of(exchange))).unwrap_or_default();
    [
        csv_field(&failure.endpoint),
        failure.class.to_owned(),
        csv_field(&failure.message),
        text(|exchange| &exchange.request),
        number(exchange.map(|exchange| exchange.status)),
        number(exchange.map(|exchange| exchange.body_bytes)),
        exchange.and_then(trace_id).unwrap_or_default(),
        text(|exchange| &exchange.body),
    ]
}

/// The trace of a request that was sent with a `traceparent` (W3C Trace Context, section 3.2).
fn trace_id(exchange: &ExchangeSample) -> Option<String> {
    let (_, value) = exchange.request_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("traceparent"))?;
    let id = value.split('-').nth(1)?;
    (id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit())).then(|| id.to_owned())
}
