//! The figures of all runs of a branch, in order of time -> where their level changed, and what became of it. Pure.
//!
//! A run is one value of each series, so what is tested is the runs' own spread: nothing is taken from within a run.

mod change;
mod drift;
mod json;
mod noise;
mod page;
mod series;
mod table;

use std::path::PathBuf;

use jiff::Timestamp;

pub use self::{
    change::{Change, Status},
    drift::{Crept, RUNS_MIN, crept, level_began},
    json::{csv, json},
    noise::{Between, NoiseRow, NoiseTable, REPLICATES, Reach, STORED, noise_csv},
    page::page,
    series::{Metric, SERVICE, Series},
    table::text,
};
use crate::record::RunPoint;

/// Chance that a history without any change shows one, over all its series together.
const ALPHA: f64 = 0.01;
/// A gap is called one where it is so many times as long as gaps between runs usually are, and longer than two days.
const GAP_TIMES: f64 = 7.0;
const GAP_S_MIN: f64 = 2.0 * 86_400.0;

/// A run of the history.
#[derive(Clone, Debug)]
pub struct Run {
    /// The name it is stored by.
    pub entry: String,
    /// Its figures.
    pub point: RunPoint,
    /// `active`, `withdrawn`, `pruned`: withdrawn runs are shown, and their figures do not count.
    pub fate: &'static str,
    /// What it is pinned as, where it is; empty for a pin without a label.
    pub pinned: Option<String>,
}

impl Run {
    /// Whether its figures are a measurement of the branch.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.fate != "withdrawn"
    }

    /// The first digits of its commit.
    #[must_use]
    pub fn commit(&self) -> String {
        let commit = self.point.commit.as_deref().unwrap_or("-");
        commit.chars().filter(|c| !c.is_control()).take(9).collect()
    }
}

/// All runs of one suite that were made alike.
#[derive(Clone, Debug)]
pub struct History {
    /// Name of the suite.
    pub suite: String,
    /// Fingerprint of its runs.
    pub fingerprint: String,
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// What is followed over the runs, the service as a whole first.
    pub series: Vec<Series>,
    /// Changes of all series: open ones first, then by time.
    pub changes: Vec<Change>,
    /// What a reader must know, each in a sentence.
    pub notes: Vec<String>,
    /// How much its runs differ by themselves, where that was asked.
    pub noise: Option<NoiseTable>,
}

impl History {
    /// Puts runs in order and looks for changes.
    #[must_use]
    pub fn of(suite: String, fingerprint: String, mut runs: Vec<Run>, damaged: &[(PathBuf, String)]) -> Self {
        runs.sort_by_key(|run| run.point.started_at);
        let series = series::of(&runs);
        let tested = series.iter().filter(|series| series.is_tested()).count().max(1);
        let accepted: Vec<bool> = runs.iter().map(|run| run.point.accepted.is_some()).collect();
        let mut changes: Vec<Change> = series
            .iter()
            .filter(|series| series.is_tested())
            .flat_map(|series| change::of(series, ALPHA / tested as f64, &accepted))
            .collect();
        changes.sort_by_key(|change| (change.status != Status::Open, change.first, change.endpoint.clone()));
        let mut notes: Vec<String> = damaged.iter().map(|(path, why)| left_out(path, why)).collect();
        notes.extend(gap(&runs));
        let few = series.iter().all(|series| !series.is_tested());
        notes.extend((few && !runs.is_empty()).then(|| format!("changes are looked for from {} runs on", series::TESTED_MIN)));
        Self { suite, fingerprint, runs, series, changes, notes, noise: None }
    }

    /// The series of that endpoint and metric.
    #[must_use]
    pub fn of_series(&self, endpoint: &str, metric: Metric) -> Option<&Series> {
        self.series.iter().find(|series| series.endpoint == endpoint && series.metric == metric)
    }

    /// The commits a change lies between: the last one before it, and the first one after.
    #[must_use]
    pub fn commits(&self, change: &Change) -> (String, String) {
        (self.runs[change.last].commit(), self.runs[change.first].commit())
    }
}

/// The reason often begins with the file already.
fn left_out(path: &std::path::Path, why: &str) -> String {
    let file = path.display().to_string();
    let why = why.strip_prefix(&file).map_or(why, |rest| rest.trim_start_matches([':', ' ']));
    format!("{file} is left out: {why}")
}

/// The longest time without a run, where it is much longer than usual.
fn gap(runs: &[Run]) -> Option<String> {
    let seconds = |a: &Timestamp, b: &Timestamp| (b.as_second() - a.as_second()) as f64;
    let mut gaps: Vec<(f64, usize)> =
        runs.windows(2).map(|pair| seconds(&pair[0].point.started_at, &pair[1].point.started_at)).zip(1..).collect();
    gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let usual = gaps.get(gaps.len() / 2)?.0;
    let (longest, index) = *gaps.last()?;
    let days = (longest / 86_400.0).round();
    let day = |run: &Run| run.point.started_at.strftime("%Y-%m-%d").to_string();
    (longest > GAP_S_MIN && longest > GAP_TIMES * usual).then(|| {
        format!(
            "there is no run for {days} days, from {} to {}: a change there may have any commit between",
            day(&runs[index - 1]),
            day(&runs[index])
        )
    })
}

#[cfg(test)]
mod tests;
