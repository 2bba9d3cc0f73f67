//! `stages:` and `load:` as written.

use serde::Deserialize;

use super::{
    control::{Adaptive, RateLimit},
    written::{Rate, RateRange, Time, Written},
};

/// `load:`; only `stages` may stand at the top level as well.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// `open` or `adaptive`.
    pub model: Option<String>,
    /// `uniform`.
    pub arrivals: Option<String>,
    /// How a p95 is held, for the model `adaptive`.
    pub adaptive: Option<Adaptive>,
    /// Token bucket on top of all stages.
    pub rate_limit: Option<RateLimit>,
    /// Stages in the order they are played.
    pub stages: Option<Vec<Stage>>,
    /// Requests in flight beyond which arrivals are dropped.
    pub max_in_flight: Option<u64>,
    /// Time that requests in flight are given at the end.
    pub graceful_stop: Option<Written<Time>>,
    /// Seed of everything random.
    pub seed: Option<u64>,
}

/// One stage: `rate` or `ramp`, for a `duration`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Name in reports.
    pub name: Option<String>,
    /// The same rate throughout.
    pub rate: Option<Written<Rate>>,
    /// From one rate to another.
    pub ramp: Option<Written<RateRange>>,
    /// How long it is played.
    pub duration: Option<Written<Time>>,
    /// Played, but not measured.
    pub warmup: Option<bool>,
    /// False: played, but not measured.
    pub measure: Option<bool>,
}
