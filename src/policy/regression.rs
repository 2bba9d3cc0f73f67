//! Relative promises: how much worse than its baseline a run may be, and how sure that must be.
//!
//! Defaults are those of the decision procedure (`docs/STATISTICS.md`).

use std::{collections::BTreeMap, time::Duration};

use super::Quantile;

/// The `regression:` section.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// How the candidate is compared.
    pub compare: Mode,
    /// Chance that a build without any change is failed, over all tests of the run together.
    pub alpha: f64,
    /// Unit of the statistics within a run; a multiple of the record's window.
    pub block: Duration,
    /// The latency quantiles that are compared, each with the parts of its rule that are written; the others are the default
    /// of the [`Mode`] the comparison is made in.
    pub latency: BTreeMap<Quantile, MetricOverride>,
    /// What is written of the rule for the mean latency, where it is compared.
    pub mean: Option<MetricOverride>,
    /// What is written of the rule for how much is done: the throughput of users, or the share of the arrivals that were sent.
    pub throughput: Option<MetricOverride>,
    /// Rule for the error rate.
    pub errors: ErrorRule,
    /// The ratchet against slow creep, where there is one.
    pub drift: Option<Drift>,
    /// How people say of a regression that it is meant to be, where they can.
    pub accept: Option<Accept>,
    /// Share of the requests whose endpoints must be settled for a pass.
    pub coverage: f64,
    /// Exceptions by endpoint.
    pub overrides: BTreeMap<String, Override>,
    /// What to make of events that are neither pass nor fail.
    pub on: OnEvent,
}

/// How baseline and candidate were measured, and by that how small a change can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One after the other: stored runs against new ones, perhaps on another machine.
    Baseline,
    /// Side by side: both versions live, requests interleaved.
    Ab,
}

impl Mode {
    /// The name in files: `baseline`, `ab`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Ab => "ab",
        }
    }
}

/// How much a latency may grow, or a throughput may fall. Shares are fractions: 0.1 = 10 %.
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
    /// Smallest sure increase that is a warning, at most `fail`.
    pub warn: f64,
    /// Smallest sure increase that is a failure.
    pub fail: f64,
    /// The pass needs the upper bound of the increase below this.
    pub pass_bound: f64,
    /// Fewest errors of the candidate that can be called a regression.
    pub errors_min: u64,
}

/// How far a branch may creep from the best level it held for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Runs that are looked back on, the candidate's among them.
    pub window: usize,
    /// How many times the best sustained level is too much: 1.1 = 10 % slower.
    pub ratchet: f64,
}

impl Default for Drift {
    fn default() -> Self {
        Self { window: 60, ratchet: 1.1 }
    }
}

/// How people say on a pull request that its regression is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// The label that the pull request has then.
    pub label: String,
    /// Whether its description must say why, in a line that begins with the label and a colon.
    pub requires_reason: bool,
}

impl Default for Accept {
    fn default() -> Self {
        Self { label: "perf-accepted".to_owned(), requires_reason: true }
    }
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
    /// Replaced parts of the rule for the mean.
    pub mean: Option<MetricOverride>,
}

impl LatencyRule {
    /// Tolerance and sensitivity of a mode: what is tolerated is what can be told from noise, not what would be nice.
    #[must_use]
    pub fn default_of(quantile: Quantile, mode: Mode) -> Self {
        let (fail, sensitivity) = match (quantile, mode) {
            (Quantile::P50, Mode::Baseline) => (0.10, 0.30),
            (Quantile::P90 | Quantile::P95, Mode::Baseline) => (0.15, 0.40),
            (Quantile::P99 | Quantile::P999, Mode::Baseline) => (0.25, 0.60),
            (Quantile::P50, Mode::Ab) => (0.05, 0.15),
            (Quantile::P90 | Quantile::P95, Mode::Ab) => (0.10, 0.25),
            (Quantile::P99 | Quantile::P999, Mode::Ab) => (0.20, 0.50),
        };
        Self { warn: fail / 2.0, fail, sensitivity, floor: Duration::from_micros(50) }
    }
}

/// Parts of a [`LatencyRule`] that are written.
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

impl MetricOverride {
    /// These parts, and where they are silent those of a more general rule.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        // A failure that is written takes its warning along: half of it, unless that is written beside it.
        let warn = self.warn.or(if self.fail.is_some() { None } else { general.warn });
        Self {
            warn,
            fail: self.fail.or(general.fail),
            sensitivity: self.sensitivity.or(general.sensitivity),
            floor: self.floor.or(general.floor),
        }
    }

    /// The whole rule. A warning that is written alone and lies above the default failure moves that up to it.
    #[must_use]
    pub fn completed(self, default: LatencyRule) -> LatencyRule {
        let fail = self.fail.unwrap_or_else(|| self.warn.map_or(default.fail, |warn| default.fail.max(warn)));
        LatencyRule {
            warn: self.warn.unwrap_or(fail / 2.0),
            fail,
            sensitivity: self.sensitivity.unwrap_or(default.sensitivity),
            floor: self.floor.unwrap_or(default.floor),
        }
    }
}

impl Default for Regression {
    fn default() -> Self {
        Self {
            compare: Mode::Baseline,
            alpha: 0.01,
            block: Duration::from_secs(5),
            latency: [Quantile::P50, Quantile::P95, Quantile::P99].map(|quantile| (quantile, MetricOverride::default())).into(),
            mean: None,
            throughput: None,
            errors: ErrorRule { warn: 0.0005, fail: 0.0005, pass_bound: 0.005, errors_min: 5 },
            drift: None,
            accept: None,
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
    /// The rule for a quantile of an endpoint (`*` for the service as a whole) in a mode, its override applied; `None` for a
    /// quantile that is not compared.
    #[must_use]
    pub fn latency_rule(&self, endpoint: &str, quantile: Quantile, mode: Mode) -> Option<LatencyRule> {
        Some(self.latency_written(endpoint, quantile)?.completed(LatencyRule::default_of(quantile, mode)))
    }

    /// What is written of that rule.
    #[must_use]
    pub fn latency_written(&self, endpoint: &str, quantile: Quantile) -> Option<MetricOverride> {
        let general = *self.latency.get(&quantile)?;
        let own = self.overrides.get(endpoint).and_then(|exception| exception.latency.get(&quantile));
        Some(own.map_or(general, |own| own.over(general)))
    }

    /// The rule for the mean latency of an endpoint; `None` where it is not compared. The tail weighs in it, so it has the defaults
    /// of p95.
    #[must_use]
    pub fn mean_rule(&self, endpoint: &str, mode: Mode) -> Option<LatencyRule> {
        Some(self.mean_written(endpoint)?.completed(LatencyRule::default_of(Quantile::P95, mode)))
    }

    /// What is written of that rule.
    #[must_use]
    pub fn mean_written(&self, endpoint: &str) -> Option<MetricOverride> {
        let general = self.mean?;
        let own = self.overrides.get(endpoint).and_then(|exception| exception.mean);
        Some(own.map_or(general, |own| own.over(general)))
    }

    /// The rule for how much is done, as shares that it may fall by; `None` where it is not compared. It has the defaults of p50,
    /// and no floor.
    #[must_use]
    pub fn throughput_rule(&self, mode: Mode) -> Option<LatencyRule> {
        let default = LatencyRule { floor: Duration::ZERO, ..LatencyRule::default_of(Quantile::P50, mode) };
        Some(self.throughput?.completed(default))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(general: MetricOverride, own: MetricOverride) -> Regression {
        let exception = Override { latency: [(Quantile::P50, own)].into(), ..Override::default() };
        let latency = [(Quantile::P50, general)].into();
        Regression { latency, overrides: [("/own".to_owned(), exception)].into(), ..Regression::default() }
    }

    fn warn_and_fail(rules: &Regression, endpoint: &str, mode: Mode) -> (f64, f64) {
        let rule = rules.latency_rule(endpoint, Quantile::P50, mode).unwrap();
        (rule.warn, rule.fail)
    }

    #[test]
    fn what_is_not_written_is_stricter_where_both_versions_are_live() {
        let rules = Regression::default();
        let of = |mode| {
            [Quantile::P50, Quantile::P95, Quantile::P99].map(|quantile| {
                let rule = rules.latency_rule("/a", quantile, mode).unwrap();
                (rule.fail, rule.sensitivity)
            })
        };
        assert_eq!(of(Mode::Ab), [(0.05, 0.15), (0.10, 0.25), (0.20, 0.50)]);
        assert_eq!(of(Mode::Baseline), [(0.10, 0.30), (0.15, 0.40), (0.25, 0.60)]);
        assert_eq!(warn_and_fail(&rules, "/a", Mode::Ab), (0.025, 0.05));
        assert_eq!(rules.latency_rule("/a", Quantile::P999, Mode::Ab), None);
    }

    #[test]
    fn what_is_written_holds_in_both_modes() {
        let rules = rules(
            MetricOverride { fail: Some(0.3), ..MetricOverride::default() },
            MetricOverride { sensitivity: Some(0.7), ..MetricOverride::default() },
        );
        for mode in [Mode::Ab, Mode::Baseline] {
            assert_eq!(warn_and_fail(&rules, "/a", mode), (0.15, 0.3));
            assert_eq!(warn_and_fail(&rules, "/own", mode), (0.15, 0.3));
        }
        assert_eq!(rules.latency_rule("/own", Quantile::P50, Mode::Ab).map(|rule| rule.sensitivity), Some(0.7));
        assert_eq!(rules.latency_rule("/a", Quantile::P50, Mode::Ab).map(|rule| rule.sensitivity), Some(0.15));
    }

    #[test]
    fn a_failure_of_an_endpoint_takes_its_warning_along() {
        let general = MetricOverride { warn: Some(0.01), ..MetricOverride::default() };
        let rules = rules(general, MetricOverride { fail: Some(0.4), ..MetricOverride::default() });
        assert_eq!(warn_and_fail(&rules, "/a", Mode::Ab), (0.01, 0.05));
        assert_eq!(warn_and_fail(&rules, "/own", Mode::Ab), (0.2, 0.4));
    }

    #[test]
    fn a_warning_is_never_above_a_failure_nobody_wrote() {
        let rules = rules(MetricOverride { warn: Some(0.08), ..MetricOverride::default() }, MetricOverride::default());
        assert_eq!(warn_and_fail(&rules, "/a", Mode::Ab), (0.08, 0.08));
        assert_eq!(warn_and_fail(&rules, "/a", Mode::Baseline), (0.08, 0.1));
    }
}
