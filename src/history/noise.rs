//! How much runs differ by themselves, from one to the next and from process to process, and how small a change is seen for that.

use std::time::Duration;

use serde::Serialize;

use super::{History, table::words};
use crate::units;

/// Stored runs that are thought of.
pub const STORED: [usize; 3] = [5, 10, 20];
/// Replicates of two versions side by side that are thought of.
pub const REPLICATES: [usize; 3] = [6, 9, 12];
/// Newest runs whose differences are looked at: older ones are of other machines.
const NEWEST: usize = 20;
/// Fewest differences that tell how much runs differ.
const DIFFERENCES_MIN: usize = 2;
const NONE: &str = "-";

/// What one figure differs by from run to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// Endpoint, or `*`.
    pub endpoint: String,
    /// `p50`, ..
    pub metric: &'static str,
    /// Variance of its logarithm.
    pub variance: f64,
    /// Degrees of freedom of that.
    pub df: f64,
}

/// What is known of the noise of a suite, and what that lets be seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoiseTable {
    /// Runs that comparisons use.
    pub stored_runs: usize,
    /// Measured seconds of one.
    pub run_s: Option<f64>,
    /// Comparisons side by side that taught what processes differ by.
    pub comparisons: usize,
    /// Single pairs of one version that did.
    pub pairs: usize,
    /// Measured seconds of a replicate that is thought of.
    pub replicate_s: Option<f64>,
    /// The service as a whole first.
    pub rows: Vec<NoiseRow>,
}

/// One figure of one endpoint. Noise is a standard deviation in logarithms: a share, as long as it is small.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoiseRow {
    /// Endpoint, or `*`.
    pub endpoint: String,
    /// `p50`, ..
    pub metric: String,
    /// What two processes of one version differ by.
    pub process_sd: Option<f64>,
    /// What a run differs by from the next one.
    pub run_sd: Option<f64>,
    /// Smallest change that a gate sees with 80 % chance with what is stored now.
    pub mde_today: Option<f64>,
    /// The same with other numbers of stored runs.
    pub mde_stored: Vec<Reach>,
    /// The same of two versions side by side, in so many replicates.
    pub mde_replicates: Vec<Reach>,
}

/// What is seen with so many runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// Stored runs, or replicates.
    pub runs: usize,
    /// Smallest change; `None` where there is no test.
    pub mde: Option<f64>,
}

/// Variance of values by the differences of neighbours (J. von Neumann, 1941), which a creep hardly changes, and the degrees of freedom
/// it is worth: about two thirds of their number.
pub(super) fn successive(differences: &[f64]) -> Option<(f64, f64)> {
    let count = differences.len() as f64;
    let squares: f64 = differences.iter().map(|difference| difference.powi(2)).sum();
    (count > 0.0).then(|| (squares / (2.0 * count), count * 2.0 / 3.0))
}

impl History {
    /// What the newest runs differ by, figure by figure. A change of level is no noise, and left out.
    #[must_use]
    pub fn between_runs(&self) -> Vec<Between> {
        let of = |series: &super::Series| {
            let known: Vec<(usize, f64)> =
                series.us.iter().enumerate().filter_map(|(run, us)| Some((run, us.as_ref()?.ln()))).collect();
            let is_change = |run: usize| {
                let mut own =
                    self.changes.iter().filter(|change| (&change.endpoint, change.metric) == (&series.endpoint, series.metric));
                own.any(|change| change.first == run)
            };
            let newest = &known[known.len().saturating_sub(NEWEST)..];
            let pairs = newest.windows(2).filter(|pair| !is_change(pair[1].0));
            let differences: Vec<f64> = pairs.map(|pair| pair[1].1 - pair[0].1).collect();
            let (variance, df) = successive(&differences).filter(|_| differences.len() >= DIFFERENCES_MIN)?;
            Some(Between { endpoint: series.endpoint.clone(), metric: series.metric.name(), variance, df })
        };
        self.series.iter().filter_map(of).collect()
    }
}

impl NoiseTable {
    /// What the table is made of, in sentences.
    #[must_use]
    pub fn facts(&self) -> Vec<String> {
        let counted = |n: usize, thing: &str| format!("{n} {thing}{}", if n == 1 { "" } else { "s" });
        let long = |seconds: Option<f64>| {
            let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.round()).ok());
            duration.map_or_else(String::new, |duration| format!(" of {}", units::duration(duration)))
        };
        let mut facts = vec![format!(
            "known from {}{}, and from {} and {} of one version side by side",
            counted(self.stored_runs, "stored run"),
            long(self.run_s),
            counted(self.comparisons, "comparison"),
            counted(self.pairs, "pair"),
        )];
        if self.run_s.is_some() {
            facts.push(format!(
                "seen with 80 % chance is a change of that size or more: by one run against those stored today, against 5, 10, 20 of \
                 them, or between two versions in 6, 9, 12 replicates{} side by side",
                long(self.replicate_s)
            ));
        }
        if self.rows.iter().any(|row| row.process_sd.is_none() || row.run_sd.is_none()) {
            facts.push(
                "where nothing is known of the noise yet, it is assumed: runs of one version differ by 5 %, processes by 2 %"
                    .to_owned(),
            );
        }
        facts
    }

    /// The names of the columns.
    #[must_use]
    pub fn head() -> Vec<String> {
        let first = ["endpoint", "metric", "processes differ", "runs differ", "seen today"].map(str::to_owned);
        let stored = STORED.map(|runs| format!("{runs} stored"));
        let replicates = REPLICATES.map(|runs| format!("{runs} replicates"));
        first.into_iter().chain(stored).chain(replicates).collect()
    }
}

impl NoiseRow {
    /// Its cells for people, one for each column.
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let figures = self.figures().into_iter();
        let figures = figures.map(|figure| figure.map_or_else(|| NONE.to_owned(), units::percent));
        [words(&self.endpoint), self.metric.clone()].into_iter().chain(figures).collect()
    }

    /// Its figures in the order of the columns.
    fn figures(&self) -> Vec<Option<f64>> {
        let of = |all: &[Reach], runs: usize| all.iter().find(|reach| reach.runs == runs).and_then(|reach| reach.mde);
        let stored = STORED.map(|runs| of(&self.mde_stored, runs));
        let replicates = REPLICATES.map(|runs| of(&self.mde_replicates, runs));
        [self.process_sd, self.run_sd, self.mde_today].into_iter().chain(stored).chain(replicates).collect()
    }
}

/// The noise of all histories, a row per endpoint and metric; shares, not percent.
///
/// # Errors
/// None in practice: a vector takes every byte.
pub fn noise_csv(histories: &[History]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let first = ["suite", "fingerprint", "endpoint", "metric", "process_sd", "run_sd", "mde_today"].map(str::to_owned);
    let stored = STORED.map(|runs| format!("mde_{runs}_stored"));
    let replicates = REPLICATES.map(|runs| format!("mde_{runs}_replicates"));
    writer.write_record(first.into_iter().chain(stored).chain(replicates))?;
    for history in histories {
        for row in history.noise.iter().flat_map(|noise| &noise.rows) {
            let names = [&history.suite, &history.fingerprint, &row.endpoint, &row.metric].map(String::clone);
            let figures = row.figures().into_iter().map(|figure| figure.map_or_else(String::new, |share| format!("{share:.6}")));
            writer.write_record(names.into_iter().chain(figures))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
