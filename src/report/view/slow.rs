//! The slowest requests, with what they are found by.

use serde::Serialize;

use super::text;
use crate::{
    record::{RunRecord, SlowSample},
    report::escape::plain,
    units,
};

/// Most that are shown of an endpoint, all runs together.
const SHOWN: usize = 5;

/// A slow request for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlowView {
    /// The endpoint as configured.
    #[serde(skip)]
    pub endpoint: String,
    /// The endpoint on one line.
    pub name: String,
    /// When it was due: `2026-11-21 21:24:18.123 UTC`.
    pub at: String,
    /// Response time.
    pub response: String,
    /// Time from sent to done.
    pub service: String,
    /// What was special about it: `new connection, failed (5xx)`.
    pub note: String,
    /// The id it was sent with.
    pub trace_id: Option<String>,
    /// What was special about it, or nothing.
    #[serde(skip)]
    pub special: String,
    /// When it was due, for programs: `2026-11-21T21:24:18.123456Z`.
    #[serde(skip)]
    pub due_at: String,
    /// Response time.
    #[serde(skip)]
    pub response_us: u64,
    /// Time from sent to done.
    #[serde(skip)]
    pub service_us: u64,
    /// Class of its failure, if it failed.
    #[serde(skip)]
    pub class: Option<&'static str>,
}

impl SlowView {
    fn of(run: &RunRecord, sample: &SlowSample) -> Self {
        let due = std::time::Duration::from_micros(sample.due_us);
        let at = run.started_at.checked_add(due).unwrap_or(run.started_at);
        let latency = |us: u64| units::latency(us as f64);
        let special = special(sample);
        Self {
            endpoint: sample.endpoint.clone(),
            name: plain(&sample.endpoint),
            at: format!("{at:.3}"),
            response: latency(sample.response_us),
            service: latency(sample.service_us),
            note: if special.is_empty() { text::NONE.to_owned() } else { special.clone() },
            trace_id: sample.trace_id.map(|id| id.to_string()),
            special,
            due_at: format!("{at:.6}"),
            response_us: sample.response_us,
            service_us: sample.service_us,
            class: sample.failed.map(|class| class.name()),
        }
    }
}

fn special(sample: &SlowSample) -> String {
    let mut parts = Vec::new();
    if sample.response_us > sample.service_us.saturating_mul(2) {
        parts.push("sent late".to_owned());
    }
    if sample.connections > 0 {
        parts.push("on a new connection".to_owned());
    }
    if sample.retries > 0 {
        parts.push("tried again".to_owned());
    }
    parts.extend(sample.failed.map(|class| format!("failed ({})", class.name())));
    parts.join(", ")
}

/// The slowest of all runs, a few of each endpoint, the slowest first.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<SlowView> {
    let mut all: Vec<SlowView> = runs.iter().flat_map(|run| run.slowest.iter().map(|sample| SlowView::of(run, sample))).collect();
    all.sort_by_key(|slow| std::cmp::Reverse(slow.response_us));
    all
}

/// Those of an endpoint, `*` for any.
pub(super) fn of_endpoint(all: &[SlowView], endpoint: &str) -> Vec<SlowView> {
    all.iter().filter(|slow| endpoint == "*" || slow.endpoint == endpoint).take(SHOWN).cloned().collect()
}
