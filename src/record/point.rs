//! The figures of one run, few enough to keep for good: what history is made of when the run itself is long removed.
//!
//! The serde attributes of this module *are* the file format `loadgate/point/v1`: fields are only ever added.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Acceptance, EndpointSeries, RunRecord, Totals};

/// The name and major version of the format.
pub const POINT_SCHEMA: &str = "loadgate/point/v1";
/// Successful requests beyond a quantile below which it is not told: a handful says little of a tail.
const BEYOND_MIN: f64 = 10.0;

/// The figures of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPoint {
    /// Always [`POINT_SCHEMA`] in files this version writes.
    pub schema: String,
    /// Name of the configuration.
    pub suite: String,
    /// Fingerprint of the run: only what was measured alike is one history.
    pub fingerprint: String,
    /// When the run began.
    pub started_at: Timestamp,
    /// Commit that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What somebody called the state that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// That its level is meant to be what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
    /// Measured seconds.
    pub seconds: f64,
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
    /// Each endpoint, in the order of the configuration.
    pub endpoints: Vec<EndpointPoint>,
}

/// The figures of an endpoint in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointPoint {
    /// Its name.
    pub name: String,
    /// As [`EndpointSeries::is_beside`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_beside: bool,
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
    /// Latencies of the successful ones in microseconds; absent where there were too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<u64>,
    /// As [`Self::p50_us`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_us: Option<u64>,
    /// As [`Self::p50_us`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<u64>,
}

impl RunPoint {
    /// The figures of a run.
    #[must_use]
    pub fn of(run: &RunRecord) -> Self {
        let endpoints: Vec<EndpointPoint> = run.endpoints.iter().map(EndpointPoint::of).collect();
        Self {
            schema: POINT_SCHEMA.to_owned(),
            suite: run.suite.clone(),
            fingerprint: run.fingerprint().id,
            started_at: run.started_at,
            commit: run.provenance.commit.clone(),
            label: run.provenance.label.clone(),
            accepted: run.provenance.accepted.clone(),
            seconds: run.measured_seconds(),
            requests: endpoints.iter().map(|endpoint| endpoint.requests).sum(),
            errors: endpoints.iter().map(|endpoint| endpoint.errors).sum(),
            endpoints,
        }
    }

    /// What can't be in a file that loadgate wrote.
    pub(super) fn fault(&self) -> Option<String> {
        let wrong = |endpoint: &&EndpointPoint| {
            endpoint.errors > endpoint.requests || [endpoint.p50_us, endpoint.p95_us, endpoint.p99_us].contains(&Some(0))
        };
        if !(self.seconds.is_finite() && self.seconds >= 0.0) {
            return Some(format!("{} measured seconds", self.seconds));
        }
        self.endpoints.iter().find(wrong).map(|endpoint| format!("the figures of {} can't be", endpoint.name))
    }
}

impl EndpointPoint {
    fn of(series: &EndpointSeries) -> Self {
        let total: Totals = series.total();
        let latency = |q: f64| {
            let beyond = total.response.count() as f64 * (1.0 - q);
            (beyond >= BEYOND_MIN).then(|| total.response.quantile(q)).flatten()
        };
        Self {
            name: series.name.clone(),
            is_beside: series.is_beside,
            requests: total.requests,
            errors: total.error_count(),
            p50_us: latency(0.5),
            p95_us: latency(0.95),
            p99_us: latency(0.99),
        }
    }
}
