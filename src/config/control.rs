//! What steers the load while it is made, as written: `load.rate_limit`, `load.adaptive`, `safety.circuit_breaker`,
//! `safety.self_protection`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{Rate, Share, Time, Written};

/// Token bucket on top of all stages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Tokens that come back per second.
    pub rate: Written<Rate>,
    /// Tokens it holds; 1 by default.
    pub burst: Option<u64>,
}

/// Holds a p95 by changing the rate.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adaptive {
    /// `p95 200ms`
    pub target: Option<String>,
    /// Smallest share of the stage's rate.
    pub floor: Option<Written<Share>>,
    /// Largest share of the stage's rate.
    pub ceiling: Option<Written<Share>>,
    /// Time between two adjustments.
    pub every: Option<Written<Time>>,
    /// Time over which the p95 is taken.
    pub window: Option<Written<Time>>,
    /// `base` or `step`
    pub formula: Option<String>,
}

/// Stops sending to a target that fails.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitBreaker {
    /// Failed share beyond which it opens.
    pub error_rate: Option<Written<Share>>,
    /// Time over which the share is taken.
    pub window: Option<Written<Time>>,
    /// Requests in the window below which nothing is concluded.
    pub min_requests: Option<u64>,
    /// Time after which it is tried again.
    pub retry_after: Option<Written<Time>>,
    /// Openings after which the run is given up.
    pub trips: Option<u32>,
}

/// Keeps the generator from being the bottleneck unseen.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelfProtection {
    /// Largest share of the time one generator thread may be busy.
    pub cpu: Option<Written<Share>>,
    /// Largest share of the memory.
    pub memory: Option<Written<Share>>,
    /// Time between two looks.
    pub every: Option<Written<Time>>,
    /// Share of the load taken off at each look that finds too much.
    pub shed: Option<Written<Share>>,
    /// `invalid` or `shed`
    pub on_saturated: Option<String>,
    /// Largest lateness that 99 % of the requests may be sent with.
    pub late_p99: Option<Written<Time>>,
}
