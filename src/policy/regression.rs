//! Relative promises: how much worse than its baseline a run may be, and how sure that must be.
//!
//! Defaults are those of the decision procedure (`docs/STATISTICS.md`).

use std::{collections::BTreeMap, time::Duration};

use super::Quantile;

/// The `regression:` section.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// What the candidate is compared with.
    pub compare: CompareMode,
    /// Chance that a build without any change is failed, over all tests of the run together.
    pub alpha: f64,
    /// Unit of the statistics within a run; a multiple of the record's window.
    pub block: Duration,
    /// Rules for the latency quantiles, by quantile.
    pub latency: BTreeMap<Quantile, LatencyRule>,
    /// Rule for the error rate.
    pub errors: ErrorRule,
    /// Share of the requests whose endpoints must be settled for a pass.
    pub coverage: f64,
    /// Exceptions by endpoint.
    pub overrides: BTreeMap<String, Override>,
    /// What to make of events that are neither pass nor fail.
    pub on: OnEvent,
}

/// What the candidate is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompareMode {
    /// A/B where both versions can be reached, else the stored baseline.
    #[default]
    Auto,
    /// The stored baseline.
    Baseline,
    /// Both versions live, interleaved.
    Ab,
}

/// How much a latency quantile may grow. Shares are fractions: 0.1 = 10 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyRule {
    /// Sure growth from here on is a warning.
    pub warn: f64,
    /// Sure growth from here on is a failure: the tolerance.
    pub fail: f64,
    /// Largest minimum detectable effect that still counts as a test.
    pub sensitivity: f64,
    /// Differences below this are never a regression.
    pub floor: Duration,
}

/// How much the error rate may grow, as fractions of all requests (0.001 = 0.1 percentage points).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorRule {
    /// Smallest sure increase that is a failure.
    pub fail: f64,
    /// The pass needs the upper bound of the increase below this.
    pub pass_bound: f64,
    /// Fewest errors of the candidate that can be called a regression.
    pub errors_min: u64,
}

/// An exception for one endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Override {
    /// The endpoint is not compared.
    pub ignore: bool,
    /// The run is inconclusive while a test of this endpoint is.
    pub critical: bool,
    /// Replaced parts of the latency rules.
    pub latency: BTreeMap<Quantile, MetricOverride>,
}

/// Parts of a [`LatencyRule`] that an override replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MetricOverride {
    /// See [`LatencyRule::warn`].
    pub warn: Option<f64>,
    /// See [`LatencyRule::fail`].
    pub fail: Option<f64>,
    /// See [`LatencyRule::sensitivity`].
    pub sensitivity: Option<f64>,
    /// See [`LatencyRule::floor`].
    pub floor: Option<Duration>,
}

/// What to make of events that are neither pass nor fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnEvent {
    /// There is no baseline yet.
    pub missing_baseline: Response,
    /// The comparison could not tell.
    pub inconclusive: Response,
    /// There are baselines, but of another environment or plan.
    pub env_mismatch: Response,
    /// Something got faster.
    pub improvement: Response,
}

/// What an event does to the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Nothing.
    Pass,
    /// It is said, and the build stays green.
    Warn,
    /// The build fails.
    Fail,
}

impl Default for Regression {
    fn default() -> Self {
        let rule =
            |fail: f64, sensitivity: f64| LatencyRule { warn: fail / 2.0, fail, sensitivity, floor: Duration::from_micros(50) };
        Self {
            compare: CompareMode::Auto,
            alpha: 0.01,
            block: Duration::from_secs(5),
            latency: BTreeMap::from([
                (Quantile::P50, rule(0.10, 0.30)),
                (Quantile::P95, rule(0.15, 0.40)),
                (Quantile::P99, rule(0.25, 0.60)),
            ]),
            errors: ErrorRule { fail: 0.0005, pass_bound: 0.005, errors_min: 5 },
            coverage: 0.8,
            overrides: BTreeMap::new(),
            on: OnEvent {
                missing_baseline: Response::Warn,
                inconclusive: Response::Warn,
                env_mismatch: Response::Warn,
                improvement: Response::Warn,
            },
        }
    }
}

impl Regression {
    /// The rule for a quantile of an endpoint (`*` for the service as a whole), its override applied.
    #[must_use]
    pub fn latency_rule(&self, endpoint: &str, quantile: Quantile) -> Option<LatencyRule> {
        let mut rule = *self.latency.get(&quantile)?;
        if let Some(part) = self.overrides.get(endpoint).and_then(|exception| exception.latency.get(&quantile)) {
            rule.fail = part.fail.unwrap_or(rule.fail);
            rule.warn = part.warn.unwrap_or(if part.fail.is_some() { rule.fail / 2.0 } else { rule.warn });
            rule.sensitivity = part.sensitivity.unwrap_or(rule.sensitivity);
            rule.floor = part.floor.unwrap_or(rule.floor);
        }
        Some(rule)
    }

    /// Whether an endpoint is left out of the comparison.
    #[must_use]
    pub fn ignores(&self, endpoint: &str) -> bool {
        self.overrides.get(endpoint).is_some_and(|exception| exception.ignore)
    }

    /// Whether the run hangs on this endpoint.
    #[must_use]
    pub fn is_critical(&self, endpoint: &str) -> bool {
        self.overrides.get(endpoint).is_some_and(|exception| exception.critical)
    }
}
