//! What changes the load while it is made: the kind of arrivals, limits on top of the stages, and the rules by which a run is
//! slowed down or ended.

use std::time::Duration;

use crate::units::PerSecond;

/// How load is steered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Control {
    /// How arrivals follow one another.
    pub arrivals: Arrivals,
    /// Holds a latency by changing the rate.
    pub adaptive: Option<Adaptive>,
    /// Token bucket on top of everything.
    pub rate_limit: Option<RateLimit>,
    /// Stops sending to a target that fails.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Keeps the generator from being the bottleneck unseen.
    pub self_protection: SelfProtection,
}

impl Control {
    /// How many times the rate of a stage there may be at most.
    #[must_use]
    pub fn peak_factor(&self) -> f64 {
        self.adaptive.as_ref().map_or(1.0, |adaptive| adaptive.ceiling.max(1.0))
    }

    /// Whether arrivals come evenly at the rate of their stage, so that their number follows from its duration.
    #[must_use]
    pub fn keeps_pace(&self) -> bool {
        self.arrivals == Arrivals::Uniform && self.adaptive.is_none() && self.rate_limit.is_none()
    }

    /// Keeps arrivals to a highest rate, however they come about.
    pub(super) fn limit_to(&mut self, max: PerSecond) {
        let limit = self.rate_limit.get_or_insert(RateLimit { rate: max, burst: 1 });
        limit.rate = PerSecond(limit.rate.0.min(max.0));
    }
}

/// How arrivals follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// As evenly as can be.
    #[default]
    Uniform,
    /// At random, as independent users come: gaps are exponential.
    Poisson,
}

/// Holds the p95 of the last moments near a target by changing the rate (`load.model: adaptive`).
#[derive(Clone, Debug, PartialEq)]
pub struct Adaptive {
    /// Where the p95 shall be.
    pub target: Duration,
    /// Smallest share of the stage's rate.
    pub floor: f64,
    /// Largest share of the stage's rate.
    pub ceiling: f64,
    /// Time between two adjustments.
    pub every: Duration,
    /// Time over which the p95 is taken.
    pub window: Duration,
    /// How the rate follows from it.
    pub formula: Formula,
}

/// How the rate follows from the p95.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formula {
    /// The stage's rate, less by 1 % for each millisecond above the target and more by as much for each below it.
    #[default]
    Base,
    /// The last rate, changed by 0.1 % of the stage's for each millisecond, by at most -50 % or +20 % at a time.
    Step,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            target: Duration::from_millis(200),
            floor: 0.5,
            ceiling: 1.2,
            every: Duration::from_secs(5),
            window: Duration::from_millis(100),
            formula: Formula::Base,
        }
    }
}

/// A token bucket: full at the start, each arrival takes one token, whatever number of requests it makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Tokens that come back per second.
    pub rate: PerSecond,
    /// Tokens it holds.
    pub burst: u32,
}

/// Stops sending when too many requests fail.
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitBreaker {
    /// Failed share of the requests of the window beyond which it opens.
    pub error_rate: f64,
    /// Time over which the share is taken.
    pub window: Duration,
    /// Requests in the window below which nothing is concluded.
    pub min_requests: u64,
    /// Time after which a few requests try whether the target is well again.
    pub retry_after: Duration,
    /// Openings after which the run is given up.
    pub trips: u32,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { error_rate: 0.5, window: Duration::from_secs(10), min_requests: 50, retry_after: Duration::from_secs(2), trips: 3 }
    }
}

/// Keeps the generator from being the bottleneck unseen.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfProtection {
    /// Largest share of a processor that one generator thread may use.
    pub cpu: f64,
    /// Largest share of the machine's memory that the process may use.
    pub memory: f64,
    /// Time between two looks.
    pub every: Duration,
    /// Share of the load taken off at each look that finds too much.
    pub shed: f64,
    /// What happens then.
    pub on_saturated: OnSaturated,
}

/// What happens when the generator has too much to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSaturated {
    /// The load goes on, and the run counts as no measurement.
    #[default]
    Invalid,
    /// Load is shed until the generator copes; what was not sent counts against the rate achieved.
    Shed,
}

impl Default for SelfProtection {
    fn default() -> Self {
        Self { cpu: 0.8, memory: 0.8, every: Duration::from_secs(10), shed: 0.2, on_saturated: OnSaturated::Invalid }
    }
}
