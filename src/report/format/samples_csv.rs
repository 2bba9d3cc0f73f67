//! `samples.csv`: requests that failed, a few of each kind, and the slowest ones, with what leads to their trace.

use super::table::{csv, number};
use crate::{
    record::ExchangeSample,
    report::{FailureView, ReportError, RunView, SlowView, escape::csv_field},
};

const HEAD: [&str; 12] = [
    "endpoint",
    "class",
    "message",
    "request",
    "status",
    "body_bytes",
    "trace_id",
    "body",
    "kind",
    "due_at",
    "response_us",
    "service_us",
];

/// The rows; nothing where no request was kept.
pub(super) fn render(view: &RunView) -> Option<Result<String, ReportError>> {
    let rows = view.failures.iter().map(failed).chain(view.slowest.iter().map(slow));
    (!view.failures.is_empty() || !view.slowest.is_empty()).then(|| csv("samples.csv", HEAD, rows))
}

fn failed(failure: &FailureView) -> [String; 12] {
    let exchange = failure.exchange.as_deref();
    let text = |of: fn(&ExchangeSample) -> &str| exchange.map(|exchange| csv_field(of(exchange))).unwrap_or_default();
    [
        csv_field(&failure.endpoint),
        failure.class.to_owned(),
        csv_field(&failure.message),
        text(|exchange| &exchange.request),
        number(exchange.map(|exchange| exchange.status)),
        number(exchange.map(|exchange| exchange.body_bytes)),
        failure.trace_id.clone().unwrap_or_default(),
        text(|exchange| &exchange.body),
        "failed".to_owned(),
        String::new(),
        String::new(),
        String::new(),
    ]
}

fn slow(slow: &SlowView) -> [String; 12] {
    [
        csv_field(&slow.name),
        slow.class.unwrap_or_default().to_owned(),
        slow.special.clone(),
        String::new(),
        String::new(),
        String::new(),
        slow.trace_id.clone().unwrap_or_default(),
        String::new(),
        "slow".to_owned(),
        slow.due_at.clone(),
        slow.response_us.to_string(),
        slow.service_us.to_string(),
    ]
}
