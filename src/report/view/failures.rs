//! What failed, in words; and what failed without being measured.

use serde::Serialize;

use super::text;
use crate::{
    record::{ExchangeSample, RunRecord, UnmeasuredFailures},
    report::escape::{capped, plain},
};

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
            exchange: sample.exchange.clone(),
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
