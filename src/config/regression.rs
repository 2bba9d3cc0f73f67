//! `regression:` as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{Expected, Share, TextOr, Time, Written};

/// Promises about this run against another.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    /// `auto`, `baseline` or `ab`.
    pub compare: Option<String>,
    /// Parts of the run with fresh processes in each.
    pub replicates: Option<u64>,
    /// Whether the run may end as soon as the verdict is sure.
    pub early_stop: Option<bool>,
    /// What a suspected regression must do to be one.
    #[serde(default)]
    pub confirm: Confirm,
    /// The ratchet against slow creep.
    pub drift: Option<Drift>,
    /// How a regression is accepted on a pull request.
    pub accept: Option<Accept>,
    /// Unit of the statistics.
    pub block: Option<Written<Time>>,
    /// Chance of failing a build without any change.
    pub alpha: Option<f64>,
    /// Tolerances.
    #[serde(default)]
    pub metrics: Metrics,
    /// Share of the requests that must be settled for a pass.
    pub coverage: Option<Written<Share>>,
    /// Exceptions by endpoint.
    #[serde(default)]
    pub overrides: BTreeMap<String, TextOr<Override>>,
    /// What to make of events that are neither pass nor fail.
    #[serde(default)]
    pub policy: Policy,
}

/// How often a suspected regression must show again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// Times that all is played again.
    pub reruns: Option<u64>,
}

/// How far the branch may creep from its best sustained level.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Runs that are looked back on.
    pub window: Option<u64>,
    /// How many times the best sustained level is too much.
    pub ratchet: Option<f64>,
}

/// How people say on a pull request that its regression is meant to be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The label that the pull request has then.
    pub label: Option<String>,
    /// Whether its description must say why, in a line that begins with the label and a colon.
    pub requires_reason: Option<bool>,
}

/// Tolerances by metric.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// The median.
    pub p50: Option<Latency>,
    /// 90 %.
    pub p90: Option<Latency>,
    /// 95 %.
    pub p95: Option<Latency>,
    /// 99 %.
    pub p99: Option<Latency>,
    /// 99.9 %.
    pub p999: Option<Latency>,
    /// The mean.
    pub mean: Option<Latency>,
    /// How much is done.
    pub throughput: Option<Throughput>,
    /// The failed share.
    pub error_rate: Option<ErrorRate>,
}

/// How much a quantile may grow.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Sure growth from here on is a warning.
    pub warn: Option<Written<Share>>,
    /// Sure growth from here on is a failure.
    pub fail: Option<Written<Share>>,
    /// Largest minimum detectable effect that still counts as a test.
    pub sensitivity: Option<Written<Share>>,
    /// Differences below this are never a regression.
    pub floor: Option<Written<Time>>,
}

/// How much less may be done.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    /// A sure fall by this much is a warning.
    pub warn: Option<Written<Share>>,
    /// A sure fall by this much is a failure.
    pub fail: Option<Written<Share>>,
    /// Largest minimum detectable effect that still counts as a test.
    pub sensitivity: Option<Written<Share>>,
}

/// How much the error rate may grow.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorRate {
    /// Smallest sure increase that is a warning.
    pub warn: Option<Written<Share>>,
    /// Smallest sure increase that is a failure.
    pub fail: Option<Written<Share>>,
}

/// An exception for one endpoint; `ignore` is the short form.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The run is inconclusive while a test of this endpoint is.
    #[serde(default)]
    pub critical: bool,
    /// The median.
    pub p50: Option<Latency>,
    /// 90 %.
    pub p90: Option<Latency>,
    /// 95 %.
    pub p95: Option<Latency>,
    /// 99 %.
    pub p99: Option<Latency>,
    /// 99.9 %.
    pub p999: Option<Latency>,
    /// The mean.
    pub mean: Option<Latency>,
}

impl Expected for Override {
    const EXPECTED: &'static str = "ignore, or a map such as { critical: true, p99: { fail: 30% } }";
    const WORDS: &'static [&'static str] = &["ignore"];
}

/// What to make of events that are neither pass nor fail: `pass`, `warn` or `fail`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// There is no baseline yet.
    pub missing_baseline: Option<String>,
    /// The comparison could not tell.
    pub inconclusive: Option<String>,
    /// There are baselines, but of another environment.
    pub env_mismatch: Option<String>,
    /// Something got faster.
    pub improvement: Option<String>,
}
