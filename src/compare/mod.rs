//! Baseline runs x candidate runs -> [`Comparison`]. Pure: no I/O, no clock.
//!
//! The procedure is that of stored baselines: a run is the unit, requests are never taken as independent. Steps, a file
//! each: runs are laid out in blocks (`layout`) and summarised per endpoint (`summary`); the service as a whole is put
//! together (`service`); quantiles (`latency`, its significance test in `stored`) and error rates (`errors`) are tested; the
//! p-values are corrected together (`family`); what was found is put into words (`reason`, `advice`).

mod advice;
mod errors;
mod family;
#[cfg(test)]
pub(crate) mod fixture;
mod latency;
mod layout;
mod outcome;
mod reason;
mod roster;
mod service;
mod settle;
mod shift;
mod stored;
mod summary;

pub use outcome::{Change, ComparedMetric, Comparison, Grade, Outcome, Row, SERVICE};

use self::{
    errors::ErrorTest,
    family::{Adjusted, Levels},
    latency::LatencyTest,
    roster::{Roster, Sides},
};
use crate::{
    policy::{Quantile, Regression},
    record::RunRecord,
};

/// Baseline runs from which on their spread is known well enough not to be called provisional.
const BASELINES_SETTLED: usize = 5;

/// Compares runs of a candidate with runs of its baseline under the given rules.
///
/// Never fails: what cannot be compared is a row or a note that says so. Whether the runs are comparable at all (same
/// suite, same fingerprint) is for the caller to see to.
#[must_use]
pub fn compare(baseline: &[RunRecord], candidate: &[RunRecord], rules: &Regression) -> Comparison {
    let roster = Roster::of(baseline, candidate, rules);
    let tests = Tests::of(&roster, rules);
    let rows = tests.rows(&roster, rules);
    Comparison {
        baseline_runs: roster.baseline_runs,
        baseline_commits: commits(baseline),
        candidate_runs: roster.candidate_runs,
        block_us: crate::units::Micros::from_duration(rules.block).0,
        blocks: roster.blocks,
        family: tests.eligible(),
        alpha: rules.alpha,
        coverage: coverage(&roster.endpoints, &rows, rules),
        sensitivity: sensitivity(&rows),
        notes: notes(&roster),
        vanished: roster.vanished,
        appeared: roster.appeared,
        rows,
    }
}

/// Everything that is tested.
struct Tests {
    service: Vec<LatencyTest>,
    service_errors: Option<ErrorTest>,
    latency: Vec<LatencyTest>,
    errors: Vec<ErrorTest>,
}

impl Tests {
    fn of(roster: &Roster, rules: &Regression) -> Self {
        let several = roster.endpoints.len() > 1;
        Self {
            service: service::tests(roster, rules),
            service_errors: several.then(|| ErrorTest::of_all(roster, rules)),
            latency: latency::tests(roster, rules),
            errors: roster.endpoints.iter().map(|sides| ErrorTest::of(sides, roster, rules)).collect(),
        }
    }

    /// Tests that share the chance of a false alarm.
    fn eligible(&self) -> usize {
        self.service.len() + self.own().count()
    }

    /// P-values (worse, better) of the endpoints' eligible tests, latencies first.
    fn own(&self) -> impl Iterator<Item = (f64, f64)> {
        let latency = self.latency.iter().filter_map(LatencyTest::p_values);
        latency.chain(self.errors.iter().filter_map(ErrorTest::p_values))
    }

    /// The service as a whole first, then each endpoint's metrics.
    fn rows(&self, roster: &Roster, rules: &Regression) -> Vec<Row> {
        let levels = Levels::split(rules.alpha, !self.service.is_empty());
        let service: Vec<_> = self.service.iter().filter_map(LatencyTest::p_values).collect();
        let mut service = family::adjust(&service, levels.service, rules.alpha).into_iter();
        let own: Vec<_> = self.own().collect();
        let mut own = family::adjust(&own, levels.endpoints, rules.alpha).into_iter();
        let mut next = |p_values: Option<_>| p_values.and_then(|_| own.next());

        let service_known = !self.service.is_empty();
        let mut rows: Vec<Row> = self.service.iter().map(|test| test.row(service.next().as_ref(), true, roster, rules)).collect();
        rows.extend(self.service_errors.iter().map(|test| test.row(None, true, roster, rules)));
        let latency: Vec<Row> = self
            .latency
            .iter()
            .map(|test| {
                let required = !service_known && test.quantile.fraction() < Quantile::P99.fraction();
                test.row(next(test.p_values()).as_ref(), required, roster, rules)
            })
            .collect();
        let adjusted: Vec<Option<Adjusted>> = self.errors.iter().map(|test| next(test.p_values())).collect();
        for (test, adjusted) in self.errors.iter().zip(&adjusted) {
            rows.extend(latency.iter().filter(|row| row.endpoint == test.endpoint).cloned());
            rows.push(test.row(adjusted.as_ref(), self.service_errors.is_none(), roster, rules));
        }
        rows
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

/// Share of the requests whose endpoint's lowest quantile (or errors, where no quantile is compared) is settled.
fn coverage(endpoints: &[Sides], rows: &[Row], rules: &Regression) -> f64 {
    let metric = rules.latency.keys().next().map_or(ComparedMetric::ErrorRate, |&quantile| ComparedMetric::Latency(quantile));
    let settled = |sides: &&Sides| {
        rows.iter().any(|row| {
            row.endpoint == sides.name
                && row.metric == metric
                && matches!(row.outcome, Outcome::Improved | Outcome::Unchanged | Outcome::Regressed)
        })
    };
    let all: u64 = endpoints.iter().map(Sides::requests_min).sum();
    let covered: u64 = endpoints.iter().filter(settled).map(Sides::requests_min).sum();
    if all == 0 { 0.0 } else { covered as f64 / all as f64 }
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
fn notes(roster: &Roster) -> Vec<String> {
    let mut notes = roster.left_out.clone();
    match roster.baseline_runs {
        0 => notes.push("no usable baseline run".to_owned()),
        1 => notes.push(
            "provisional: one baseline run only; how much runs differ by themselves is assumed, not measured, so only large \
             changes can be told from noise. Record at least 5 baseline runs, better 10"
                .to_owned(),
        ),
        runs if runs < BASELINES_SETTLED => {
            notes.push(format!("provisional: only {runs} baseline runs; with 10 of them smaller changes can be told from noise"));
        }
        _ => {}
    }
    if roster.candidate_runs == 0 {
        notes.push("no usable candidate run".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests;
