//! What the next run can be expected to see against runs that are stored: how much these differ is measured, not assumed.

use super::{Expected, Size, forecast};
use crate::{
    compare::{
        ComparedMetric, Look, design, family::Adjusted, relative::RelativeTest, roster::Roster, tests_of_trial::Tests,
        trial::Trial,
    },
    policy::{Mode, Regression},
    record::{LearnedNoise, RunRecord},
};

/// What each test of the next run can be expected to see against these runs, newest first. A single run says nothing of how much
/// runs differ, so that beside it this is assumed.
#[must_use]
pub fn forecast_stored(stored: &[RunRecord], size: &Size, rules: &Regression) -> Vec<Expected> {
    let learned = LearnedNoise::default();
    let mut expected = forecast(size, rules, &learned);
    let Some(newest) = stored.first().filter(|_| stored.len() > 1) else { return expected };
    // Nobody has made the next run yet: the newest one stands for it.
    let roster = Roster::of(stored, std::slice::from_ref(newest), Mode::Baseline, rules);
    let Some(design) = design::of(Mode::Baseline, roster.baseline_runs, roster.candidate_runs) else { return expected };
    let look = Look::only(roster.candidate_runs, rules.alpha);
    let trial = Trial { roster, rules, design, learned: &learned, look };
    let tests = Tests::of(&trial);
    let adjusted = tests.adjusted(&trial);
    let (of_service, of_endpoints) = (level(&adjusted.service), level(&adjusted.latency));
    let service = tests.service.into_iter().zip(adjusted.service).map(|(test, adjusted)| (test, adjusted, of_service));
    let latency = tests.latency.into_iter().zip(adjusted.latency).map(|(test, adjusted)| (test, adjusted, of_endpoints));
    for (test, adjusted, level) in service.chain(latency) {
        let same = |row: &&mut Expected| row.endpoint == test.endpoint && ComparedMetric::Latency(row.quantile) == test.metric;
        if let Some(row) = expected.iter_mut().find(same) {
            row.level = level.unwrap_or(row.level);
            row.measure(test, adjusted.is_some());
        }
    }
    expected
}

/// The level that a lone change has to beat, which all tests of a family share.
fn level(tests: &[Option<Adjusted>]) -> Option<f64> {
    tests.iter().flatten().map(|test| test.level).next()
}

impl Expected {
    /// Puts the noise that was measured in the place of the assumed one.
    fn measure(&mut self, test: RelativeTest, is_eligible: bool) {
        if let Some(measured) = test.measured {
            self.noises = std::iter::once(measured.noise).chain(test.contrast.map(|contrast| contrast.noise)).collect();
            self.is_learned = true;
        }
        let mde = self.noises.iter().map(|noise| noise.mde(self.level)).min_by(f64::total_cmp);
        self.mde = mde.filter(|_| is_eligible && self.shortage.is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{Needs, Planned, SERVICE, compare, fixture},
        policy::Quantile,
    };

    const ENDPOINTS: [&str; 3] = ["/a", "/b", "/c"];

    /// So many runs of a minute, on machines that differ by 3 %.
    fn stored(runs: usize) -> Vec<RunRecord> {
        let speeds = [0.97, 1.03, 1.0, 0.98, 1.04, 0.96, 1.02, 0.99, 1.03, 0.98];
        let run = |(&speed, salt): (&f64, u64)| {
            fixture::steady(60, &ENDPOINTS, 20, |endpoint, second, n| {
                let us = 20_000 + (n * 7919 + second * 104_729 + salt * 131 + endpoint as u64 * 17) % 2_000;
                (us as f64 * speed) as u64
            })
        };
        speeds.iter().take(runs).zip(0..).map(run).collect()
    }

    fn size(runs: usize) -> Size {
        let planned = |name: &str| Planned { name: name.to_owned(), requests: 1_200.0, variance: 0.0 };
        let endpoints = ENDPOINTS.map(planned).to_vec();
        Size { mode: Mode::Baseline, runs, blocks: 12, warmup_s: 0.0, measured_s: 60.0, endpoints }
    }

    #[test]
    fn what_is_expected_is_what_the_next_comparison_will_say() {
        let (stored, rules) = (stored(10), Regression::default());
        let comparison = compare(&stored, &stored[..1], &rules);
        let expected = forecast_stored(&stored, &size(10), &rules);
        let mut tested = 0;
        for row in expected.iter().filter(|row| row.shortage.is_none()) {
            let same = |seen: &&crate::compare::Row| {
                seen.endpoint == row.endpoint && seen.metric == ComparedMetric::Latency(row.quantile)
            };
            let (seen, mde) = (comparison.rows.iter().find(same).unwrap().mde.unwrap(), row.mde.unwrap());
            assert!((seen - mde).abs() < 1e-9 && row.is_learned, "{} {}: {mde} is not {seen}", row.endpoint, row.quantile);
            tested += 1;
        }
        assert_eq!(tested, 8, "p50 and p95 of three endpoints and of the service as a whole");
    }

    #[test]
    fn a_change_that_stored_runs_show_already_needs_no_more_of_them() {
        let (stored, size, rules) = (stored(10), size(10), Regression::default());
        let enough = Some(Needs { runs: 10, longer: 1.0 });
        for row in forecast_stored(&stored, &size, &rules) {
            let Some(mde) = row.mde else { continue };
            assert_eq!(row.needs(mde * 1.0001, &size), enough, "{} {}", row.endpoint, row.quantile);
            assert_ne!(row.needs(mde * 0.9, &size), enough, "{} {}", row.endpoint, row.quantile);
        }
        // An endpoint is held against its siblings, which see what runs that differ by an assumed 5% hide.
        let p50 = |rows: Vec<Expected>| {
            rows.into_iter().find(|row| (row.endpoint.as_str(), row.quantile) == ("/a", Quantile::P50)).unwrap()
        };
        let (seen, assumed) =
            (p50(forecast_stored(&stored, &size, &rules)), p50(forecast(&size, &rules, &LearnedNoise::default())));
        assert_ne!(assumed.needs(seen.mde.unwrap() * 1.0001, &size), enough);
    }

    #[test]
    fn one_stored_run_says_nothing_of_how_much_runs_differ() {
        let rules = Regression::default();
        let (one, none) = (forecast_stored(&stored(1), &size(1), &rules), forecast(&size(1), &rules, &LearnedNoise::default()));
        let seen = |rows: &[Expected]| rows.iter().map(|row| (row.mde, row.is_learned)).collect::<Vec<_>>();
        assert_eq!(seen(&one), seen(&none));
        assert!(one.iter().any(|row| row.endpoint == SERVICE) && one.iter().all(|row| !row.is_learned));
    }
}
