//! The run record: all that is kept of one run, and the waist of the program. Nothing to its left knows baselines or
//! reports, nothing to its right knows sockets or YAML.
//!
//! The serde attributes of this module *are* the file format `loadgate/record/v1` (see [`file`]): fields are only ever added.

mod ab;
mod beginning;
mod clues;
mod environment;
pub mod file;
mod fingerprint;
mod imported;
mod last_words;
mod late;
mod latencies;
mod merge;
pub mod name;
mod noise;
mod outcome;
mod phases;
mod pin;
mod plan_facts;
mod point;
mod sample;
mod slow_sample;
mod steering;
mod trace_id;
mod unmeasured;
mod window_place;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use ab::{AbPart, LookFacts, LookPart, Side};
pub use clues::{Note, StepFacts};
pub use environment::{Acceptance, CiRun, Environment, Generator, Provenance};
pub use fingerprint::Fingerprint;
pub use imported::{Imported, LatencyFrom};
pub use last_words::LastWords;
pub use late::Late;
pub use latencies::{Encoded, Latencies};
pub use noise::{DuetNoise, EndpointSpread, Learned, LearnedNoise, NOISE_SCHEMA, Spread};
pub use outcome::{ErrorClass, Errors, FailureSample};
pub use phases::Phases;
pub use pin::{PIN_SCHEMA, Pin};
pub use plan_facts::{PlanFacts, StageFacts};
pub use point::{EndpointPoint, POINT_SCHEMA, RunPoint};
pub use sample::ExchangeSample;
pub use slow_sample::SlowSample;
pub use steering::{BreakerEvent, BreakerState, ShedEvent};
pub use trace_id::{NoTraceId, TraceId};
pub use unmeasured::{Part, UnmeasuredFailures};
pub use window_place::WindowPlace;

/// All that is kept of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Always [`file::SCHEMA`] in files this version writes.
    pub schema: String,
    /// Name of the configuration the run was made from.
    pub suite: String,
    /// Version of loadgate that made the load.
    pub tool_version: String,
    /// When the first stage began.
    pub started_at: Timestamp,
    /// Whether all stages were played to their end.
    pub ended: Ended,
    /// Why it did not come to its end, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// What services said last that never got ready or did not stay up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_words: Vec<LastWords>,
    /// Which code was measured, by which build.
    pub provenance: Provenance,
    /// The machine the load was made on.
    pub environment: Environment,
    /// What was to be done.
    pub plan: PlanFacts,
    /// Which part of an A/B run this is; `None` for a run of one version alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ab: Option<AbPart>,
    /// How the load generator itself fared.
    pub generator: Generator,
    /// States of the circuit breaker, where it did not stay closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaker: Vec<BreakerEvent>,
    /// What was measured, one entry per endpoint, in the order of the configuration.
    pub endpoints: Vec<EndpointSeries>,
    /// Up to a few failures per endpoint and class, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureSample>,
    /// The slowest requests of the measured stages, endpoint by endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slowest: Vec<SlowSample>,
    /// Failures that no window counts, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmeasured_failures: Vec<UnmeasuredFailures>,
    /// What other programs noted meanwhile (`diagnose.events`), in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Fields a newer version of the same schema wrote; kept when the record is written again.
    #[serde(flatten)]
    pub newer: serde_json::Map<String, serde_json::Value>,
}

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// All stages were played.
    Complete,
    /// SIGINT or SIGTERM.
    Interrupted,
    /// loadgate gave up by itself.
    Aborted,
}

/// One endpoint's measurements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointSeries {
    /// The metric name of a step.
    pub name: String,
    /// The scenario the step belongs to.
    pub scenario: String,
    /// What is sent, as written: `GET /api/items`.
    pub request: String,
    /// Whether it is measured in `setup` alone, once per user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_setup: bool,
    /// Whether it counts what need not happen, as the loss of a connection: no request of it is nothing to complain of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_occasional: bool,
    /// Whether it goes beside what the service is asked to do, as connections and pings do: it is judged by itself, and weighs nothing in the
    /// service as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_beside: bool,
    /// Whether it counts what has no latency, as the lives of connections: each in the window it begins in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_untimed: bool,
    /// Windows per stage, parallel to [`PlanFacts::stages`]; empty for a stage that is not measured.
    pub stages: Vec<Vec<Window>>,
}

/// One fixed slice of a stage's time. A request belongs to the window it was *due* in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Requests that were sent and came to an outcome, good or bad.
    pub requests: u64,
    /// Arrivals that were not sent because too many requests were in flight.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// Failed requests by class; their sum is at most `requests`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: Errors,
    /// Attempts beyond the first of each request, where failures are tried again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u64,
    /// Requests that were tried again at least once because they had failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retried: u64,
    /// Connections that requests had to open; the others used one again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub connections: u64,
    /// Messages of WebSocket connections that were sent or have come; kept at the endpoint of their connections.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub messages: u64,
    /// Time that WebSocket connections were open, all of them added up, in microseconds: by the length of the window it is how many there
    /// were. Kept at the endpoint of their connections.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub connected_us: u64,
    /// Body bytes received.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// Time of the successful requests by phase, summed.
    #[serde(default, skip_serializing_if = "Phases::is_empty")]
    pub phases: Phases,
    /// Latencies of successful requests from the moment they were due.
    #[serde(default, skip_serializing_if = "Encoded::is_empty")]
    pub response: Encoded,
    /// Latencies of successful requests from the moment they were sent.
    #[serde(default, skip_serializing_if = "Encoded::is_empty")]
    pub service: Encoded,
    /// Latencies of failed requests from the moment they were due.
    #[serde(default, skip_serializing_if = "Encoded::is_empty")]
    pub failed: Encoded,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Window {
    /// Requests that failed, all classes together.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }
}

impl EndpointSeries {
    /// The windows of all measured stages, in order of time.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.stages.iter().flatten()
    }

    /// All windows of all measured stages added up.
    #[must_use]
    pub fn total(&self) -> Totals {
        Totals::of(self.windows())
    }
}

/// Windows added up, with their histograms decoded.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Arrivals that were not sent.
    pub dropped: u64,
    /// Failed requests by class.
    pub errors: Errors,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Requests that were tried again because they had failed.
    pub retried: u64,
    /// Connections opened.
    pub connections: u64,
    /// Messages sent and received.
    pub messages: u64,
    /// Time that connections were open, added up, in microseconds.
    pub connected_us: u64,
    /// Body bytes received.
    pub bytes: u64,
    /// Time of the successful requests by phase, summed.
    pub phases: Phases,
    /// Successful requests, from due.
    pub response: Latencies,
    /// Successful requests, from sent.
    pub service: Latencies,
    /// Failed requests, from due.
    pub failed: Latencies,
}

impl Totals {
    /// Adds up any windows: of a stage, of an endpoint, of a whole run.
    #[must_use]
    pub fn of<'a>(windows: impl IntoIterator<Item = &'a Window>) -> Self {
        let mut total = Self::default();
        windows.into_iter().for_each(|window| total.add(&Self::from(window)));
        total
    }

    /// Adds another sum; exact.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.dropped += other.dropped;
        self.retries += other.retries;
        self.retried += other.retried;
        self.connections += other.connections;
        self.messages += other.messages;
        self.connected_us += other.connected_us;
        self.bytes += other.bytes;
        self.phases.add(&other.phases);
        for (class, count) in &other.errors {
            *self.errors.entry(*class).or_default() += count;
        }
        self.response.add(&other.response);
        self.service.add(&other.service);
        self.failed.add(&other.failed);
    }

    /// Requests that failed.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Failed share of all requests; `None` when there were none: a missing number is never zero.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.error_count() as f64 / self.requests as f64)
    }
}

impl RunRecord {
    /// All measured windows of the run added up.
    #[must_use]
    pub fn total(&self) -> Totals {
        Totals::of(self.endpoints.iter().flat_map(EndpointSeries::windows))
    }

    /// The endpoint of that name.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> Option<&EndpointSeries> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }

    /// Arrivals that were due in the measured stages.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.plan.measured_stages().map(|stage| stage.offered).sum()
    }

    /// Arrivals of the measured stages that were really sent.
    #[must_use]
    pub fn started(&self) -> u64 {
        self.plan.measured_stages().map(|stage| stage.started).sum()
    }

    /// Arrivals of the measured stages that were meant to be sent: those offered, and those that the circuit breaker or
    /// self-protection withheld. What the rate limit holds back was never meant to be.
    #[must_use]
    pub fn meant(&self) -> u64 {
        self.offered() + self.withheld()
    }

    /// Arrivals of the measured stages that the circuit breaker or self-protection withheld.
    #[must_use]
    pub fn withheld(&self) -> u64 {
        self.plan.measured_stages().map(|stage| stage.withheld).sum()
    }

    /// Arrivals of the measured stages that the circuit breaker withheld, because the target failed.
    #[must_use]
    pub fn withheld_by_breaker(&self) -> u64 {
        self.plan.measured_stages().map(|stage| stage.withheld_by_breaker).sum()
    }

    /// Started share of the arrivals that were meant to be sent; `None` when there were none.
    #[must_use]
    pub fn achieved_share(&self) -> Option<f64> {
        (self.meant() > 0).then(|| self.started() as f64 / self.meant() as f64)
    }

    /// Played length of the measured stages in seconds.
    #[must_use]
    pub fn measured_seconds(&self) -> f64 {
        self.plan.measured_stages().map(|stage| stage.played_us as f64 / 1e6).sum()
    }

    /// Where the figures come from, for people: the target, or the files of another load tool.
    #[must_use]
    pub fn origin(&self) -> String {
        self.provenance.imported.as_ref().map_or_else(|| self.plan.target.clone(), Imported::in_words)
    }

    /// What must be equal for two runs to be comparable.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }
}
