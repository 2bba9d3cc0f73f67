//! The rows of `verdict.json`: comparisons, thresholds, checks.

use serde::{Deserialize, Serialize};

use crate::{
    compare::{Row, Siblings},
    policy::Severity,
    verdict::{ThresholdResult, ValidityCheck},
};

/// One compared metric. `change`, `ci`, `tolerance` and `mde` are fractions: 0.1 = +10 % for a latency, +10 percentage
/// points for a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// Endpoint, or `*`.
    pub endpoint: String,
    /// `p50`, .., `error_rate`.
    pub metric: String,
    /// Unit of `baseline` and `candidate`: `us` or `share`.
    pub unit: String,
    /// Value of the baseline.
    pub baseline: Option<f64>,
    /// Value of the candidate.
    pub candidate: Option<f64>,
    /// The estimate.
    pub change: Option<f64>,
    /// 95 % confidence interval.
    pub ci: Option<[f64; 2]>,
    /// Adjusted for all tests of the run (Holm).
    pub p_value: Option<f64>,
    /// Change from which on it fails.
    pub tolerance: f64,
    /// Smallest change that would have been seen.
    pub mde: Option<f64>,
    /// Against the mean of the other endpoints in the same runs, where that was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siblings: Option<SiblingsFacts>,
    /// `improved`, `unchanged`, `regressed`, `inconclusive`, `no_data`.
    pub outcome: String,
    /// `fail` or `warn` where it regressed.
    pub level: Option<String>,
    /// Whether it looks worse than the tolerance, but not for sure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspect: bool,
    /// Whether the run is inconclusive while this is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Line of the configuration that the endpoint stands at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// One sentence.
    pub reason: String,
}

/// How much more an endpoint changed than its siblings, as a fraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiblingsFacts {
    /// The estimate.
    pub change: f64,
    /// 95 % confidence interval.
    pub ci: [f64; 2],
    /// Adjusted for all tests of the run (Holm).
    pub p_value: f64,
    /// Whether this made the regression sure.
    pub found: bool,
}

/// One threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// As written.
    pub expr: String,
    /// What was measured, in the metric's unit (microseconds, fraction, per second, count).
    pub actual: Option<f64>,
    /// `pass`, `warn`, `fail`, `no_data`.
    pub outcome: String,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Line of the configuration it stands at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// One check of the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidityRow {
    /// Its name.
    pub check: String,
    /// Whether it holds.
    pub ok: bool,
    /// What was measured.
    pub value: Option<f64>,
    /// One sentence.
    pub reason: String,
}

impl ComparisonRow {
    pub(super) fn of(row: &Row) -> Self {
        let level = row.level.map(|level| match level {
            Severity::Fail => "fail",
            Severity::Warn => "warn",
        });
        Self {
            endpoint: row.endpoint.clone(),
            metric: row.metric.to_string(),
            unit: row.metric.unit().to_owned(),
            baseline: row.baseline,
            candidate: row.candidate,
            change: row.change.map(|change| change.estimate),
            ci: row.change.and_then(|change| change.interval).map(|(low, high)| [low, high]),
            p_value: row.change.and_then(|change| change.p_value),
            tolerance: row.tolerance,
            mde: row.mde,
            siblings: row.siblings.map(SiblingsFacts::of),
            outcome: row.outcome.name().to_owned(),
            level: level.map(str::to_owned),
            suspect: row.suspect,
            required: row.required,
            line: None,
            reason: row.reason.clone(),
        }
    }
}

impl SiblingsFacts {
    pub(super) fn of(siblings: Siblings) -> Self {
        let Siblings { change, interval: (low, high), p_value, found } = siblings;
        Self { change, ci: [low, high], p_value, found }
    }
}

impl ThresholdRow {
    pub(super) fn of(result: &ThresholdResult) -> Self {
        let threshold = &result.threshold;
        Self {
            expr: threshold.expr.clone(),
            actual: result.actual,
            outcome: result.outcome.name().to_owned(),
            owner: threshold.owner.clone(),
            line: threshold.line,
        }
    }
}

impl ValidityRow {
    pub(super) fn of(check: &ValidityCheck) -> Self {
        Self { check: check.check.to_owned(), ok: check.ok, value: check.value, reason: check.reason.clone() }
    }
}
