//! Runs made side by side: what becomes of typical changes, with the sentences people read.

use std::time::Duration;

use proptest::prelude::*;

use crate::{
    compare::{
        ComparedMetric, Comparison, Grade, Look, Outcome, Row, SERVICE, compare_ab,
        fixture::{self, Request},
    },
    policy::{Quantile, Regression, Severity},
    record::{DuetNoise, EndpointSpread, ErrorClass, LearnedNoise, NOISE_SCHEMA, RunRecord, Spread},
};

const P50: ComparedMetric = ComparedMetric::Latency(Quantile::P50);
const P95: ComparedMetric = ComparedMetric::Latency(Quantile::P95);

/// Two endpoints at 60/s each; `/b` is slower by `factor`.
fn run(seconds: u64, factor: f64, shift: u64) -> RunRecord {
    fixture::steady(seconds, &["/a", "/b"], 60, |endpoint, second, n| {
        let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
        if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
    })
}

/// Replicates of 20 s whose candidate's `/b` is slower by these factors.
fn replicates(factors: &[f64]) -> (Vec<RunRecord>, Vec<RunRecord>) {
    let baseline = (0..factors.len() as u64).map(|shift| run(20, 1.0, 2 * shift)).collect();
    let candidate = factors.iter().enumerate().map(|(shift, &factor)| run(20, factor, 2 * shift as u64 + 1)).collect();
    (baseline, candidate)
}

fn judge((baseline, candidate): &(Vec<RunRecord>, Vec<RunRecord>), learned: &LearnedNoise) -> Comparison {
    compare_ab(baseline, candidate, &Regression::default(), learned, Look::only(candidate.len(), 0.01))
}

fn row<'a>(comparison: &'a Comparison, endpoint: &str, metric: ComparedMetric) -> &'a Row {
    comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric == metric).unwrap()
}

/// Noise of `/b` p50 as a comparison of 26 replicates has shown it.
fn learned(sd: f64) -> LearnedNoise {
    let spread = Spread::Replicated { sum_of_squares: 25.0 * sd * sd, df: 25.0 };
    LearnedNoise::of([&DuetNoise {
        schema: NOISE_SCHEMA.to_owned(),
        suite: "shop".to_owned(),
        fingerprint: String::new(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        commit: None,
        same_version: false,
        replicates: 26,
        seconds_per_replicate: 20.0,
        spreads: vec![EndpointSpread { endpoint: "/b".to_owned(), metric: "p50".to_owned(), spread }],
    }])
}

#[test]
fn what_stays_within_the_tolerance_says_too_what_would_have_been_seen() {
    let comparison = judge(&replicates(&[1.0, 1.004, 0.996, 1.002, 0.999, 1.0]), &LearnedNoise::default());
    let row = row(&comparison, "/b", P50);
    assert_eq!(row.grade, Some(Grade::Equivalent), "{row:#?}");
    let seen = format!("; a change of {} or more would have been seen", crate::units::percent(row.mde.unwrap()));
    assert!(row.reason.contains("tolerance of 5%") && row.reason.ends_with(&seen), "{}", row.reason);
}

#[test]
fn a_change_of_ten_percent_is_found_by_the_narrower_tolerance() {
    let comparison = judge(&replicates(&[1.1, 1.11, 1.09, 1.1, 1.12, 1.1]), &LearnedNoise::default());
    let slower = row(&comparison, "/b", P50);
    assert_eq!((slower.outcome, slower.level), (Outcome::Regressed, Some(Severity::Fail)));
    assert!(slower.reason.contains("beyond the tolerance of 5%"), "{}", slower.reason);
    assert_eq!(row(&comparison, "/a", P50).outcome, Outcome::Unchanged);
    assert!(comparison.notes.is_empty(), "{:?}", comparison.notes);
}

#[test]
fn processes_that_differ_by_themselves_are_no_regression() {
    let factors = [1.12, 0.93, 1.08, 0.96, 1.10, 1.02];
    let comparison = judge(&replicates(&factors), &LearnedNoise::default());
    let noisy = row(&comparison, "/b", P50);
    assert_eq!(noisy.outcome, Outcome::Inconclusive);
    assert!(noisy.reason.contains("could have been seen; about ") && noisy.reason.contains(" replicates"), "{}", noisy.reason);
    // A single pair of these processes can't tell.
    let (baseline, candidate) = (run(60, 1.0, 0), run(60, factors[0], 1));
    let pair = judge(&(vec![baseline], vec![candidate]), &LearnedNoise::default());
    assert!(pair.notes[0].starts_with("one process per version: "), "{:?}", pair.notes);
}

#[test]
fn what_was_learned_of_noise_sharpens_the_test_unless_today_is_noisier() {
    let same = replicates(&[1.0, 1.004, 0.996, 1.002, 0.998, 1.0]);
    let mde = |comparison: &Comparison| row(comparison, "/b", P50).mde.unwrap();
    let (alone, taught) = (judge(&same, &LearnedNoise::default()), judge(&same, &learned(0.004)));
    assert!(mde(&taught) < 0.8 * mde(&alone), "{} {}", mde(&taught), mde(&alone));
    assert_eq!(taught.notes, ["noise between replicates was learned from 1 earlier comparison too"]);

    let noisy = replicates(&[1.06, 0.95, 1.04, 0.97, 1.03, 0.99]);
    let (alone, taught) = (judge(&noisy, &LearnedNoise::default()), judge(&noisy, &learned(0.004)));
    assert!((mde(&taught) - mde(&alone)).abs() < 1e-12);
    assert_eq!(taught.notes[1], "noisier than was learned, so that this run's noise alone counts: /b p50");
}

#[test]
fn a_duet_teaches_its_spread_and_a_pair_its_difference() {
    let comparison = judge(&replicates(&[1.3, 1.32, 1.28]), &LearnedNoise::default());
    let of = |comparison: &Comparison, endpoint: &str| {
        comparison.spreads.iter().find(|row| row.endpoint == endpoint && row.metric == "p50").unwrap().spread
    };
    let Spread::Replicated { sum_of_squares, df } = of(&comparison, "/b") else { panic!("of replicates") };
    let expected: f64 = [1.3_f64, 1.32, 1.28].map(|factor| (factor.ln() - 1.3_f64.ln()).powi(2)).iter().sum();
    assert!((sum_of_squares.sqrt() - expected.sqrt()).abs() < 0.002 && (df - 2.0).abs() < 1e-12, "{sum_of_squares} {expected}");
    assert!(comparison.spreads.iter().any(|row| row.endpoint == SERVICE));
    let pair = judge(&(vec![run(60, 1.0, 0)], vec![run(60, 1.3, 1)]), &LearnedNoise::default());
    let Spread::Pair { difference_squared, .. } = of(&pair, "/b") else { panic!("of a pair") };
    assert!((difference_squared.sqrt() - 1.3_f64.ln()).abs() < 0.003);
}

#[test]
fn what_is_lacking_is_said_for_replicates() {
    let short = |seconds| {
        let side = |shift: u64| (0..3).map(|n| run(seconds, 1.0, 2 * n + shift)).collect::<Vec<_>>();
        judge(&(side(0), side(1)), &LearnedNoise::default())
    };
    let p99 = row(&short(20), "/a", ComparedMetric::Latency(Quantile::P99)).reason.clone();
    assert_eq!(p99, "needs 5000 successful requests of each version for p99, has 3600: 8 s more at this rate in every replicate");
    let p99 = row(&short(15), "/a", ComparedMetric::Latency(Quantile::P99)).reason.clone();
    assert_eq!(p99, "needs 1000 successful requests in every replicate for p99, has 900: 2 s more at this rate");
    assert_eq!(
        row(&short(10), "/a", P50).reason,
        "needs 8 blocks of 5s on each side for p50, has 6: longer replicates or shorter blocks are needed"
    );
}

#[test]
fn two_replicates_compare_nothing_and_say_so() {
    let comparison = judge(&replicates(&[1.0, 1.5]), &LearnedNoise::default());
    assert!(comparison.rows.is_empty());
    assert_eq!(comparison.notes, ["2 replicates can't be compared: how much replicates differ can't be told from two"]);
    assert!(judge(&(Vec::new(), Vec::new()), &LearnedNoise::default()).rows.is_empty());
}

#[test]
fn a_pair_that_was_not_played_alike_is_left_out_by_name() {
    let (baseline, mut candidate) = replicates(&[1.0, 1.0, 1.0, 1.0]);
    candidate[1] = run(15, 1.0, 9);
    let comparison = judge(&(baseline, candidate), &LearnedNoise::default());
    assert_eq!(comparison.candidate_runs, 3);
    assert_eq!(
        comparison.notes[0],
        "pair 2 is left out: its runs were not played alike: 4 blocks of the baseline, 3 of the candidate"
    );
    assert_eq!(row(&comparison, "/a", P50).outcome, Outcome::Unchanged);
    let rules = Regression { block: Duration::from_millis(1500), ..Regression::default() };
    let (baseline, candidate) = replicates(&[1.0, 1.0, 1.0]);
    let comparison = compare_ab(&baseline, &candidate, &rules, &LearnedNoise::default(), Look::only(3, 0.01));
    assert!(comparison.notes[0].starts_with("pair 1 is left out: its windows of 1s can't be put together"), "{comparison:?}");
}

#[test]
fn errors_need_no_room_for_other_days() {
    let (baseline, candidate) = replicates(&[1.0; 6]);
    let with = |runs: &[RunRecord], count: fn(u64) -> u64| -> Vec<RunRecord> {
        let failing = |run: &RunRecord| {
            let mut failed = run.clone();
            for series in failed.endpoints.iter_mut().filter(|series| series.name == "/b") {
                for (second, window) in (0..).zip(series.stages.iter_mut().flatten()) {
                    window.errors = [(ErrorClass::Status5xx, count(second))].into();
                }
            }
            failed
        };
        runs.iter().map(failing).collect()
    };
    let (twice, once) = (with(&candidate, |second| 8 + second % 2), with(&baseline, |_| 6));
    let comparison = judge(&(once.clone(), twice.clone()), &LearnedNoise::default());
    let errors = row(&comparison, "/b", ComparedMetric::ErrorRate);
    assert_eq!(errors.outcome, Outcome::Regressed, "{errors:?}");
    let stored = crate::compare::compare(&once, &twice, &Regression::default());
    let unsure = row(&stored, "/b", ComparedMetric::ErrorRate).change.unwrap().p_value.unwrap();
    assert!(errors.change.unwrap().p_value.unwrap() < unsure / 10.0);
}

#[test]
fn the_body_of_a_sure_pass_is_equivalent() {
    let comparison = judge(&replicates(&[1.0; 6]), &LearnedNoise::default());
    for metric in [P50, P95] {
        assert!(row(&comparison, SERVICE, metric).equivalent && row(&comparison, "/a", metric).equivalent);
    }
}

fn any_run(seconds: u64) -> impl Strategy<Value = RunRecord> {
    let outcome = prop_oneof![
        4 => (1_u64..2_000_000).prop_map(Ok),
        1 => Just(Err(ErrorClass::TimeoutRequest)),
    ];
    let request =
        (0_u64..30_000_000, 0_usize..2, outcome).prop_map(|(due_us, endpoint, outcome)| Request { due_us, endpoint, outcome });
    prop::collection::vec(request, 0..400).prop_map(move |requests| fixture::run(&[seconds], &["/a", "/b"], &requests))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_records_make_it_panic_and_every_row_has_a_reason(
        baseline in prop::collection::vec(any_run(20), 0..5),
        candidate in prop::collection::vec(any_run(20), 0..5),
    ) {
        let comparison = judge(&(baseline, candidate), &learned(0.01));
        for row in &comparison.rows {
            prop_assert!(!row.reason.is_empty() && !row.reason.contains("NaN") && !row.reason.contains("inf"), "{}", row.reason);
            prop_assert!(row.change.is_none_or(|change| change.estimate.is_finite()));
        }
        prop_assert!((0.0..=1.0).contains(&comparison.coverage));
    }
}
