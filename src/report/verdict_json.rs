//! `verdict.json`, schema `loadgate/verdict/v1`: the verdict and all it rests on, for machines. Fields are only ever added.

use serde::{Deserialize, Serialize};

use crate::{
    compare::{Comparison, Row},
    policy::Severity,
    record::RunRecord,
    verdict::{Reference, ThresholdResult, ValidityCheck, Verdict},
};

/// The name and major version of the format.
pub const VERDICT_SCHEMA: &str = "loadgate/verdict/v1";

/// The whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictFile {
    /// Always [`VERDICT_SCHEMA`].
    pub schema: String,
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`.
    pub verdict: String,
    /// What the process ended with.
    pub exit_code: u8,
    /// The verdict in a sentence.
    pub headline: String,
    /// Name of the configuration.
    pub suite: String,
    /// What was judged.
    pub candidate: CandidateFacts,
    /// What it was compared with.
    pub baseline: Option<BaselineFacts>,
    /// `baseline` or `none`.
    pub mode: String,
    /// Candidate runs.
    pub replicates: usize,
    /// Share of the requests whose endpoints are settled.
    pub coverage: Option<f64>,
    /// Smallest change of the service as a whole that would have been seen, as a fraction.
    pub sensitivity: Option<f64>,
    /// Every comparison.
    pub comparisons: Vec<ComparisonRow>,
    /// Every threshold.
    pub thresholds: Vec<ThresholdRow>,
    /// Every check of the run itself.
    pub validity: Vec<ValidityRow>,
    /// Why, worst first.
    pub reasons: Vec<String>,
    /// What a reader must know to weigh it.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateFacts {
    /// Full hash.
    pub commit: Option<String>,
    /// Branch or tag ref.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
}

/// What it was compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineFacts {
    /// Number of runs.
    pub runs: usize,
    /// Their commits, newest first.
    pub commits: Vec<String>,
}

/// One metric of one endpoint. `change`, `ci`, `tolerance` and `mde` are fractions (0.1 = +10 %); of an error rate, differences
/// of shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// Endpoint, `*` for the service as a whole.
    pub endpoint: String,
    /// `p50`, `p95`, `p99`, `error_rate`.
    pub metric: String,
    /// `us` or `share`.
    pub unit: String,
    /// Value of the baseline.
    pub baseline: Option<f64>,
    /// Value of the candidate.
    pub candidate: Option<f64>,
    /// Estimated change.
    pub change: Option<f64>,
    /// 95 % confidence interval of the change.
    pub ci: Option<[f64; 2]>,
    /// Holm-adjusted.
    pub p_value: Option<f64>,
    /// Change from which on it fails.
    pub tolerance: f64,
    /// Smallest change that would have been seen with 80 % chance.
    pub mde: Option<f64>,
    /// `improved`, `unchanged`, `regressed`, `inconclusive`, `no_data`.
    pub outcome: String,
    /// `fail` or `warn` for a regression.
    pub level: Option<String>,
    /// One sentence.
    pub reason: String,
}

/// One threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// As written.
    pub expr: String,
    /// In the metric's unit: microseconds, a share, a rate per second, a count.
    pub actual: Option<f64>,
    /// `pass`, `warn`, `fail`, `no_data`.
    pub outcome: String,
    /// One sentence.
    pub reason: String,
    /// Line of the configuration.
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

impl VerdictFile {
    /// The file for a verdict on these candidate runs.
    #[must_use]
    pub fn of(verdict: &Verdict, candidate: &[RunRecord]) -> Self {
        let comparison = match &verdict.reference {
            Reference::Compared(comparison) => Some(&**comparison),
            Reference::NoBaseline | Reference::Mismatch(_) => None,
        };
        let first = candidate.first();
        let totals: Vec<_> = candidate.iter().map(RunRecord::total).collect();
        Self {
            schema: VERDICT_SCHEMA.to_owned(),
            verdict: verdict.kind.name().to_owned(),
            exit_code: verdict.exit.code(),
            headline: verdict.headline.clone(),
            suite: first.map(|run| run.suite.clone()).unwrap_or_default(),
            candidate: CandidateFacts {
                commit: first.and_then(|run| run.provenance.commit.clone()),
                reference: first.and_then(|run| run.provenance.reference.clone()),
                started_at: first.map(|run| run.started_at.to_string()).unwrap_or_default(),
                requests: totals.iter().map(|total| total.requests).sum(),
                errors: totals.iter().map(crate::record::Totals::error_count).sum(),
            },
            baseline: comparison
                .map(|found| BaselineFacts { runs: found.baseline_runs, commits: found.baseline_commits.clone() }),
            mode: if comparison.is_some() { "baseline" } else { "none" }.to_owned(),
            replicates: candidate.len(),
            coverage: comparison.map(|found| found.coverage),
            sensitivity: comparison.and_then(|found| found.sensitivity),
            comparisons: comparison.map(rows).unwrap_or_default(),
            thresholds: verdict.thresholds.iter().map(ThresholdRow::of).collect(),
            validity: verdict.validity.iter().map(ValidityRow::of).collect(),
            reasons: verdict.reasons.clone(),
            notes: comparison.map(|found| found.notes.clone()).unwrap_or_default(),
        }
    }
}

fn rows(comparison: &Comparison) -> Vec<ComparisonRow> {
    comparison.rows.iter().map(ComparisonRow::of).collect()
}

impl ComparisonRow {
    fn of(row: &Row) -> Self {
        let change = row.change;
        Self {
            endpoint: row.endpoint.clone(),
            metric: row.metric.to_string(),
            unit: row.metric.unit().to_owned(),
            baseline: row.baseline,
            candidate: row.candidate,
            change: change.map(|change| change.estimate),
            ci: change.and_then(|change| change.interval).map(|(low, high)| [low, high]),
            p_value: change.and_then(|change| change.p_value),
            tolerance: row.tolerance,
            mde: row.mde,
            outcome: row.outcome.name().to_owned(),
            level: row.level.map(|level| if level == Severity::Fail { "fail" } else { "warn" }.to_owned()),
            reason: row.reason.clone(),
        }
    }
}

impl ThresholdRow {
    fn of(result: &ThresholdResult) -> Self {
        Self {
            expr: result.threshold.expr.clone(),
            actual: result.actual,
            outcome: result.outcome.name().to_owned(),
            reason: result.reason.clone(),
            line: result.threshold.line,
        }
    }
}

impl ValidityRow {
    fn of(check: &ValidityCheck) -> Self {
        Self { check: check.check.to_owned(), ok: check.ok, value: check.value, reason: check.reason.clone() }
    }
}
