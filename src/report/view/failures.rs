//! What failed, in words; and what failed without being measured.

use serde::Serialize;

use super::text;
use crate::{
    record::{ExchangeSample, RunRecord, UnmeasuredFailures},
    report::escape::{capped, plain},
};

/// Most lines of a body that are shown.
const BODY_LINES_MAX: usize = 40;

/// A failure in words.
#[derive(Clone, Debug, Serialize)]
pub struct FailureView {
    /// Endpoint it happened on.
    pub endpoint: String,
    /// Its class.
    pub class: &'static str,
    /// What was seen.
    pub message: String,
    /// The exchange that failed, where it was kept.
    pub exchange: Option<Box<ExchangeSample>>,
    /// The same for people.
    pub answer: Option<AnswerView>,
    /// The id it was sent with.
    pub trace_id: Option<String>,
}

/// An exchange as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// `POST /api/orders`
    pub request: String,
    /// The status of the answer.
    pub status: u16,
    /// Headers of the request, those of the answer, and the beginning of its body.
    pub lines: Vec<String>,
}

impl AnswerView {
    fn of(exchange: &ExchangeSample) -> Self {
        let header = |(name, value): &(String, String)| capped(&format!("{name}: {value}"));
        let mut lines: Vec<String> = exchange.request_headers.iter().map(header).collect();
        lines.extend([String::new(), exchange.status.to_string()]);
        lines.extend(exchange.response_headers.iter().map(header));
        if !exchange.body.is_empty() {
            lines.push(String::new());
            lines.extend(exchange.body.lines().take(BODY_LINES_MAX).map(plain));
        }
        if exchange.body_bytes > exchange.body.len() as u64 {
            lines.push(format!("({} bytes in all)", text::count(exchange.body_bytes)));
        }
        Self { request: capped(&exchange.request), status: exchange.status, lines }
    }
}

/// Failures of one step that no figure counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnmeasuredView {
    /// The scenario as configured; machine formats write it as it is.
    pub scenario: String,
    /// `setup`
    pub part: &'static str,
    /// The endpoint as configured.
    pub endpoint: String,
    /// Its class.
    pub class: &'static str,
    /// How often.
    pub count: u64,
    /// `setup of buy`, for people.
    pub place: String,
    /// The endpoint on one line, for people.
    pub name: String,
    /// How often, for people.
    pub text: String,
}

/// A few failures of all runs, each once.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<FailureView> {
    let mut found: Vec<FailureView> = Vec::new();
    for sample in runs.iter().flat_map(|run| &run.failures) {
        let view = FailureView {
            endpoint: plain(&sample.endpoint),
            class: sample.class.name(),
            message: capped(&sample.message),
            answer: sample.exchange.as_deref().map(AnswerView::of),
            exchange: sample.exchange.clone(),
            trace_id: sample.trace_id.map(|id| id.to_string()),
        };
        let known =
            |other: &FailureView| other.endpoint == view.endpoint && other.class == view.class && other.message == view.message;
        if !found.iter().any(known) {
            found.push(view);
        }
    }
    found
}

/// Failures that no figure counts, all runs together.
pub(super) fn unmeasured(runs: &[RunRecord]) -> Vec<UnmeasuredView> {
    let mut sums: Vec<UnmeasuredFailures> = Vec::new();
    for failures in runs.iter().flat_map(|run| &run.unmeasured_failures) {
        let is_same = |sum: &&mut UnmeasuredFailures| UnmeasuredFailures { count: sum.count, ..failures.clone() } == **sum;
        match sums.iter_mut().find(is_same) {
            Some(sum) => sum.count += failures.count,
            None => sums.push(failures.clone()),
        }
    }
    let view = |UnmeasuredFailures { scenario, part, endpoint, class, count }: UnmeasuredFailures| UnmeasuredView {
        place: format!("{} of {}", part.name(), plain(&scenario)),
        name: plain(&endpoint),
        text: text::count(count),
        class: class.name(),
        part: part.name(),
        scenario,
        endpoint,
        count,
    };
    sums.into_iter().map(view).collect()
}
