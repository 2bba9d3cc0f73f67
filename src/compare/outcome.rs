//! What a comparison found, row by row, each with its reason in words.

use std::fmt;

use super::{ComparedMetric, Look, Rerun};
use crate::{
    policy::{Mode, Severity},
    record::EndpointSpread,
};

/// Name of the pseudo-endpoint that stands for the service as a whole.
pub const SERVICE: &str = "*";

/// Everything a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// How both sides were measured.
    pub mode: Mode,
    /// The look that was made: how many replicates were played and how many were planned.
    pub look: Look,
    /// Measured length of a candidate run.
    pub run_us: u64,
    /// Baseline runs.
    pub baseline_runs: usize,
    /// Their commits, newest first, as far as known.
    pub baseline_commits: Vec<String>,
    /// Candidate runs.
    pub candidate_runs: usize,
    /// Length of a block.
    pub block_us: u64,
    /// Blocks of a run.
    pub blocks: usize,
    /// Number of tests the false-alarm chance is shared by.
    pub family: usize,
    /// The false-alarm chance of the whole comparison.
    pub alpha: f64,
    /// Share of the requests whose endpoints' p50 is settled.
    pub coverage: f64,
    /// Smallest change of the service as a whole that would have been seen with 80 % chance, as a fraction.
    pub sensitivity: Option<f64>,
    /// The service as a whole first, then each endpoint's metrics in the order of the configuration.
    pub rows: Vec<Row>,
    /// Endpoints the baseline has and the candidate lacks.
    pub vanished: Vec<String>,
    /// Endpoints the candidate has and the baseline lacks.
    pub appeared: Vec<String>,
    /// What a reader must know to weigh the rows: few baselines, endpoints left out.
    pub notes: Vec<String>,
    /// What was found of how steady the runs were.
    pub warm_up: WarmUp,
    /// What it teaches later comparisons of the noise between processes.
    pub spreads: Vec<EndpointSpread>,
    /// The runs that were made because of what the first one found.
    pub reruns: Vec<Rerun>,
    /// Regressions that one of them did not show again, each a sentence.
    pub doubts: Vec<String>,
}

/// How long the first measured stage took to become steady.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WarmUp {
    /// What was left out at its beginning, of every run alike.
    pub left_out_us: u64,
    /// How much slower the left-out part was, as a fraction.
    pub slower: f64,
    /// It was not steady by its middle. Nothing is left out then.
    pub is_endless: bool,
}

/// One metric of one endpoint, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Endpoint, or [`SERVICE`].
    pub endpoint: String,
    /// What was compared.
    pub metric: ComparedMetric,
    /// Value of the baseline (geometric mean over its runs for a latency or a rate; pooled for errors).
    pub baseline: Option<f64>,
    /// Value of the candidate.
    pub candidate: Option<f64>,
    /// The estimated change; `None` without data.
    pub change: Option<Change>,
    /// Change from which on it fails, as [`Change::estimate`]; below 0 where less is worse.
    pub tolerance: f64,
    /// Smallest change that would have been seen with 80 % chance, as a fraction.
    pub mde: Option<f64>,
    /// What was found.
    pub outcome: Outcome,
    /// Severity of a [`Outcome::Regressed`].
    pub level: Option<Severity>,
    /// Finer shade of the outcome.
    pub grade: Option<Grade>,
    /// It looks slower than the tolerance, but not for sure yet.
    pub suspect: bool,
    /// It was tested, and stays within the tolerance with 95 % confidence.
    pub equivalent: bool,
    /// The endpoint against its siblings, where that was tested too.
    pub siblings: Option<Siblings>,
    /// The run is inconclusive while this row is.
    pub required: bool,
    /// Requests that count as covered once this row is settled: those of its endpoint, for the lowest quantile of it.
    pub covers: u64,
    /// One sentence, reused unchanged in console, report and comment.
    pub reason: String,
}

impl Row {
    /// Which way an unchanged row leans: its whole interval lies on one side of no change, and yet it does not count, as it is too small
    /// or, with so many comparisons, not sure enough.
    #[must_use]
    pub fn lean(&self) -> Option<Lean> {
        let (low, high) = self.change.filter(|_| self.outcome == Outcome::Unchanged)?.interval?;
        let more = (low > 0.0, high < 0.0);
        match if self.metric.higher_is_better() { (more.1, more.0) } else { more } {
            (true, _) => Some(Lean::Worse),
            (_, true) => Some(Lean::Better),
            _ => None,
        }
    }

    /// Whether something is known of it.
    fn is_settled(&self) -> bool {
        matches!(self.outcome, Outcome::Improved | Outcome::Unchanged | Outcome::Regressed)
    }
}

/// Share of the requests whose endpoints are settled.
pub(super) fn covered(rows: &[Row]) -> f64 {
    let requests = |rows: &mut dyn Iterator<Item = &Row>| rows.map(|row| row.covers).sum::<u64>();
    let (all, settled) = (requests(&mut rows.iter()), requests(&mut rows.iter().filter(|row| row.is_settled())));
    if all == 0 { 0.0 } else { settled as f64 / all as f64 }
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// Slower, more errors, less done.
    Worse,
    /// Faster, fewer errors, more done.
    Better,
}

/// An estimated change with its uncertainty. For a latency or a throughput a fraction (0.1 = 10 % more), for an error rate a
/// difference of shares (0.001 = 0.1 percentage points).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Best estimate.
    pub estimate: f64,
    /// 95 % confidence interval, where one can be given.
    pub interval: Option<(f64, f64)>,
    /// Chance of a difference at least this large without any change, Holm-adjusted over the family.
    pub p_value: Option<f64>,
}

/// An endpoint against the mean of its siblings in the same runs: the machine's speed cancels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Siblings {
    /// How much more it changed than they did, as a fraction.
    pub change: f64,
    /// 95 % confidence interval of that.
    pub interval: (f64, f64),
    /// Holm-adjusted over the family; 1 where the endpoint is not slower itself, or its siblings became faster.
    pub p_value: f64,
    /// Whether it was this that made the change sure; by itself the endpoint would have been lost in the noise between runs.
    pub found: bool,
}

/// What was found for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Better for sure, and by enough to matter.
    Improved,
    /// No change that matters.
    Unchanged,
    /// Worse for sure, and by enough to matter.
    Regressed,
    /// Can't tell.
    Inconclusive,
    /// Nothing to compare.
    NoData,
}

impl Outcome {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::Unchanged => "unchanged",
            Self::Regressed => "regressed",
            Self::Inconclusive => "inconclusive",
            Self::NoData => "no_data",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a row counts as what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The whole interval lies within the tolerance.
    Equivalent,
    /// A change is sure, and too small to matter.
    TooSmallToMatter,
    /// Nothing was found by a test that would have seen a change that matters.
    NoChangeFound,
    /// Of the service as a whole, which has no test of its own for it: its endpoints say for sure what became worse.
    ToldByEndpoints,
}
