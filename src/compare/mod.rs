//! Baseline runs x candidate runs -> [`Comparison`]. Pure: no I/O, no clock.
//!
//! A run, or a pair of runs made side by side, is the unit; requests are never taken as independent. Steps, a file each: runs
//! are laid out in blocks (`layout`), paired where they were made in pairs, and summarised per endpoint (`roster`, `summary`);
//! the service as a whole is put together (`service`); latencies and rates (`relative`) and error rates (`errors`) are tested, by the
//! significance test of the experiment's `design`; the p-values are corrected together (`tests_of_trial`, `family`); what was found
//! is put into words (`reason`, `advice`).

mod advice;
mod classes;
mod confirm;
mod contrast;
mod design;
mod errors;
mod family;
#[cfg(test)]
pub(crate) mod fixture;
mod forecast;
mod layout;
mod look;
mod metric;
mod noise;
mod outcome;
mod pairing;
mod rate;
mod reason;
mod relative;
mod roster;
mod sample;
mod service;
mod settle;
mod shift;
mod shortage;
mod summary;
mod tests_of_trial;
mod trial;
mod warm_up;

pub use advice::way_out;
pub use confirm::{Rerun, confirmed, regressed_in_all};
pub use forecast::{Expected, Needs, Size, forecast, forecast_stored};
pub use look::{Look, Part, looks, looks_of_pair, looks_with_extension};
pub use metric::ComparedMetric;
pub use outcome::{Change, Comparison, Grade, Lean, Outcome, Row, SERVICE, Siblings, WarmUp};
pub use pairing::{PairingError, check_pairs};
pub use roster::fits_blocks;
pub use shortage::{Few, Planned, Shortage};

use self::{
    errors::ErrorTest,
    relative::RelativeTest,
    roster::{Roster, Sides},
    tests_of_trial::Tests,
    trial::Trial,
};
use crate::{
    policy::{Mode, Regression},
    record::{LearnedNoise, RunRecord},
    units::Micros,
};

/// Compares new runs of a candidate with stored runs of its baseline under the given rules.
///
/// Never fails: what cannot be compared is a row or a note that says so. Whether the runs are comparable at all (same
/// suite, same fingerprint) is for the caller to see to.
#[must_use]
pub fn compare(baseline: &[RunRecord], candidate: &[RunRecord], rules: &Regression) -> Comparison {
    let roster = Roster::of(baseline, candidate, Mode::Baseline, rules);
    let look = Look::only(candidate.len(), rules.alpha);
    judge(roster, Mode::Baseline, rules, &LearnedNoise::default(), look).about(baseline)
}

/// Compares runs of a candidate with runs of its baseline that were made side by side, in the order given, under the given
/// rules: one pair, or a pair of fresh processes in each of at least three replicates.
///
/// `learned` is what earlier comparisons of the same fingerprint taught of noise; `look` says whether this is the end or a look
/// before it. Never fails, as [`compare`]; other numbers of runs are for the caller to refuse ([`check_pairs`]).
#[must_use]
pub fn compare_ab(
    baseline: &[RunRecord],
    candidate: &[RunRecord],
    rules: &Regression,
    learned: &LearnedNoise,
    look: Look,
) -> Comparison {
    let roster = Roster::of(baseline, candidate, Mode::Ab, rules);
    judge(roster, Mode::Ab, rules, learned, look).about(baseline)
}

fn judge(roster: Roster, mode: Mode, rules: &Regression, learned: &LearnedNoise, look: Look) -> Comparison {
    match design::of(mode, roster.baseline_runs, roster.candidate_runs) {
        Some(design) => judged(&Trial { roster, rules, design, learned, look }),
        None => {
            let reason = check_pairs(roster.baseline_runs, roster.candidate_runs).err();
            let reason = reason.map_or_else(|| "the runs make no comparison".to_owned(), |error| error.to_string());
            let mut comparison = blank(&roster, mode, rules, look);
            comparison.notes.push(reason);
            comparison
        }
    }
}

fn judged(trial: &Trial<'_>) -> Comparison {
    let (roster, rules) = (&trial.roster, trial.rules);
    let tests = Tests::of(trial);
    let mut rows = tests.rows(trial);
    weigh(&mut rows, &roster.endpoints, rules);
    errors::point_to_endpoints(&mut rows);
    let mut comparison = blank(roster, trial.design.mode, rules, trial.look);
    comparison.notes.extend(notes(trial, &tests));
    let regressed = |test: &&ErrorTest| {
        rows.iter().any(|row| row.endpoint == test.endpoint && row.metric == ComparedMetric::ErrorRate && row.level.is_some())
    };
    comparison.notes.extend(tests.errors.iter().filter(|test| !regressed(test)).filter_map(ErrorTest::remark));
    Comparison {
        family: tests.eligible(),
        coverage: outcome::covered(&rows),
        sensitivity: sensitivity(&rows),
        spreads: tests.relative().filter_map(RelativeTest::spread).collect(),
        rows,
        ..comparison
    }
}

/// All that is known before anything is tested.
fn blank(roster: &Roster, mode: Mode, rules: &Regression, look: Look) -> Comparison {
    Comparison {
        mode,
        look,
        run_us: if roster.seconds.is_finite() { (roster.seconds * 1e6).round() as u64 } else { 0 },
        baseline_runs: roster.baseline_runs,
        baseline_commits: Vec::new(),
        candidate_runs: roster.candidate_runs,
        block_us: Micros::from_duration(rules.block).0,
        blocks: roster.blocks,
        family: 0,
        alpha: rules.alpha,
        coverage: 0.0,
        sensitivity: None,
        rows: Vec::new(),
        vanished: roster.vanished.clone(),
        appeared: roster.appeared.clone(),
        notes: roster.left_out.clone(),
        warm_up: roster.warm_up,
        spreads: Vec::new(),
        reruns: Vec::new(),
        doubts: Vec::new(),
    }
}

impl Comparison {
    /// Names the commits of the baseline.
    fn about(self, baseline: &[RunRecord]) -> Self {
        Self { baseline_commits: commits(baseline), ..self }
    }
}

/// Hashes of the baseline runs, newest first.
fn commits(baseline: &[RunRecord]) -> Vec<String> {
    let mut runs: Vec<&RunRecord> = baseline.iter().collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.started_at));
    let mut commits: Vec<String> = runs.iter().filter_map(|run| run.provenance.commit.clone()).collect();
    commits.dedup();
    commits
}

/// Says which row covers the requests of an endpoint: that of its lowest quantile, or of its errors where no quantile is compared.
fn weigh(rows: &mut [Row], endpoints: &[Sides], rules: &Regression) {
    let metric = trial::latencies(rules).first().copied().unwrap_or(ComparedMetric::ErrorRate);
    for sides in endpoints.iter().filter(|sides| !sides.is_beside) {
        let own = |row: &&mut Row| row.endpoint == sides.name && row.metric == metric;
        if let Some(row) = rows.iter_mut().find(own) {
            row.covers = sides.requests_min();
        }
    }
}

/// The smallest change of everything that would have been seen: by the more sensitive test of the service as a whole; where
/// there is none, by the best test of the least sensitive endpoint.
fn sensitivity(rows: &[Row]) -> Option<f64> {
    let best = |endpoint: &str| {
        let own = rows.iter().filter(|row| row.endpoint == endpoint && row.required);
        own.filter_map(|row| row.mde).min_by(f64::total_cmp)
    };
    let endpoints = rows.iter().map(|row| row.endpoint.as_str()).filter(|&name| name != SERVICE);
    best(SERVICE).or_else(|| endpoints.filter_map(best).max_by(f64::total_cmp))
}

/// What a reader must know to weigh the rows.
fn notes(trial: &Trial<'_>, tests: &Tests) -> Vec<String> {
    let mut notes = Vec::new();
    if trial.roster.baseline_runs == 0 {
        notes.push("no usable baseline run".to_owned());
    }
    notes.extend((trial.design.notes)(trial));
    if trial.roster.candidate_runs == 0 {
        notes.push("no usable candidate run".to_owned());
    }
    notes.extend(service::missing(&tests.service, trial));
    let noisier = |test: &&RelativeTest| test.measured.as_ref().is_some_and(|measured| measured.noise.learned_is_set_aside());
    let noisier: Vec<String> =
        tests.relative().filter(noisier).map(|test| format!("{} {}", test.endpoint, test.metric)).collect();
    if !noisier.is_empty() {
        notes.push(format!("noisier than was learned, so that this run's noise alone counts: {}", noisier.join(", ")));
    }
    notes
}

#[cfg(test)]
mod tests;
