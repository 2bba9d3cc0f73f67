//! `stages:` and `load:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    control::{Adaptive, RateLimit},
    written::{Level, Rate, RateRange, Time, Users, Written},
};

/// `load:`; only `stages` may stand at the top level as well.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// `open`, `closed` or `adaptive`; by default what the stages say.
    pub model: Option<String>,
    /// `uniform` or `poisson`.
    pub arrivals: Option<String>,
    /// How a p95 is held, for the model `adaptive`.
    pub adaptive: Option<Adaptive>,
    /// Token bucket on top of all stages.
    pub rate_limit: Option<RateLimit>,
    /// Stages in the order they are played.
    pub stages: Option<Vec<Stage>>,
    /// Requests in flight beyond which arrivals are dropped.
    pub max_in_flight: Option<usize>,
    /// Time that requests in flight are given at the end.
    pub graceful_stop: Option<Written<Time>>,
    /// Seed of everything random.
    pub seed: Option<u64>,
}

/// One stage: `rate`, `ramp`, `vus` or `step`, for a `duration` or a `count`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Name in reports.
    pub name: Option<String>,
    /// The same rate throughout.
    pub rate: Option<Written<Rate>>,
    /// From one rate to another.
    pub ramp: Option<Written<RateRange>>,
    /// So many users, or from so many to so many.
    pub vus: Option<Written<Users>>,
    /// One rate or number of users after the other.
    pub step: Option<Steps>,
    /// How long it is played; with `count`, at most.
    pub duration: Option<Written<Time>>,
    /// Arrivals or iterations after which it ends.
    pub count: Option<u64>,
    /// Played, but not measured.
    pub warmup: Option<bool>,
    /// False: played, but not measured.
    pub measure: Option<bool>,
}

/// `step:`, either `from`, `to` and `by`, or `at`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// First level.
    pub from: Option<Written<Level>>,
    /// Last level.
    pub to: Option<Written<Level>>,
    /// From one level to the next.
    pub by: Option<Written<Level>>,
    /// All levels, one by one.
    pub at: Option<Vec<Written<Level>>>,
    /// How long each is held.
    pub every: Option<Written<Time>>,
}
