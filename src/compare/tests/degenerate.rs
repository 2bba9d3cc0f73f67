//! Records with little or nothing in them: never a panic, never a pass.

use std::time::Duration;

use proptest::prelude::*;

use crate::{
    compare::{
        Comparison, Outcome, compare,
        fixture::{self, Request},
    },
    policy::Regression,
    record::{ErrorClass, RunRecord},
};

fn judge(baseline: &[RunRecord], candidate: &[RunRecord]) -> Comparison {
    compare(baseline, candidate, &Regression::default())
}

fn nothing_passed(comparison: &Comparison) -> bool {
    comparison.rows.iter().all(|row| matches!(row.outcome, Outcome::NoData | Outcome::Inconclusive))
}

#[test]
fn no_runs_at_all_settle_nothing() {
    let comparison = judge(&[], &[]);
    assert!(comparison.rows.is_empty() && comparison.coverage == 0.0 && comparison.sensitivity.is_none());
    assert!(comparison.notes.contains(&"no usable baseline run".to_owned()));
}

#[test]
fn runs_without_windows_settle_nothing() {
    let run = fixture::run(&[60], &["/a", "/b"], &[]);
    let mut bare = run.clone();
    bare.endpoints.iter_mut().for_each(|endpoint| endpoint.stages.clear());
    for run in [run, bare] {
        let comparison = judge(std::slice::from_ref(&run), std::slice::from_ref(&run));
        assert!(nothing_passed(&comparison) && !comparison.rows.is_empty(), "{comparison:#?}");
        assert_eq!(comparison.coverage, 0.0);
    }
}

#[test]
fn a_candidate_without_any_success_has_no_latency_and_a_worse_error_rate() {
    let good = fixture::steady(60, &["/a"], 20, |_, second, n| 10_000 + second * 7 + n * 100);
    let bad = fixture::with_errors(good.clone(), "/a", ErrorClass::Status5xx, 20);
    let comparison = judge(&vec![good; 5], &[bad]);
    let outcomes: Vec<_> = comparison.rows.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::NoData, Outcome::NoData, Outcome::NoData, Outcome::Regressed]);
    assert_eq!(comparison.rows[0].reason, "no successful response in a run of the candidate, so there is no p50");
}

#[test]
fn one_block_is_not_enough_whatever_it_holds() {
    let run = fixture::steady(5, &["/a", "/b"], 500, |_, _, n| 10_000 + n);
    let comparison = judge(&vec![run.clone(); 9], &vec![run; 9]);
    let latency: Vec<_> =
        comparison.rows.iter().filter(|row| row.mde.is_none() && row.outcome == Outcome::Inconclusive).collect();
    assert!(
        latency.iter().any(|row| row.reason.starts_with("needs 2 blocks of 5s in every run for p50, has 1")),
        "{comparison:#?}"
    );
    assert!(comparison.rows.iter().all(|row| row.mde.is_none()));
}

#[test]
fn short_runs_say_how_many_blocks_they_have() {
    let run = fixture::steady(20, &["/a"], 100, |_, _, n| 10_000 + n);
    let comparison = judge(&vec![run.clone(); 5], &[run]);
    assert_eq!(
        comparison.rows[0].reason,
        "needs 8 blocks of 5s on each side for p50, has 4: longer runs or shorter blocks are needed"
    );
}

#[test]
fn windows_that_do_not_make_blocks_are_said() {
    let run = fixture::steady(60, &["/a"], 5, |_, _, n| 10_000 + n);
    let rules = Regression { block: Duration::from_millis(1500), ..Regression::default() };
    let comparison = compare(std::slice::from_ref(&run), std::slice::from_ref(&run), &rules);
    assert!(comparison.rows.is_empty());
    assert!(
        comparison.notes[0].contains("its windows of 1s can't be put together to blocks of 1.5s; "),
        "{:?}",
        comparison.notes
    );
    let coarse = run.coarsened(20_000_000);
    assert!(judge(&[coarse], &[run]).notes[0].contains("windows of 20s can't be put together to blocks of 5s"));
}

#[test]
fn a_damaged_duration_makes_no_endless_list_of_blocks() {
    let mut run = fixture::steady(60, &["/a"], 20, |_, _, n| 10_000 + n);
    run.plan.stages[0].duration_us = u64::MAX;
    assert_eq!(judge(std::slice::from_ref(&run), &[run.clone()]).blocks, 12);
}

#[test]
fn constant_latencies_have_no_spread_and_no_panic() {
    let run = |us| fixture::steady(60, &["/a", "/b"], 20, |_, _, _| us);
    let same = judge(&vec![run(5_000); 5], &[run(5_000)]);
    assert!(same.rows.iter().all(|row| row.outcome != Outcome::Regressed));
    let slower = judge(&vec![run(5_000); 5], &[run(9_000)]);
    assert!(slower.rows.iter().any(|row| row.outcome == Outcome::Regressed), "{slower:#?}");
}

fn any_run() -> impl Strategy<Value = RunRecord> {
    let outcome = prop_oneof![
        4 => (1_u64..2_000_000).prop_map(Ok),
        1 => Just(Err(ErrorClass::TimeoutRequest)),
    ];
    let request =
        (0_u64..70_000_000, 0_usize..2, outcome).prop_map(|(due_us, endpoint, outcome)| Request { due_us, endpoint, outcome });
    (prop::collection::vec(0_u64..25, 0..4), prop::collection::vec(request, 0..400))
        .prop_map(|(seconds, requests)| fixture::run(&seconds, &["/a", "/b"], &requests))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_records_make_it_panic_and_every_row_has_a_reason(
        baseline in prop::collection::vec(any_run(), 0..4),
        candidate in prop::collection::vec(any_run(), 0..3),
    ) {
        let comparison = judge(&baseline, &candidate);
        for row in &comparison.rows {
            prop_assert!(!row.reason.is_empty() && !row.reason.contains("NaN") && !row.reason.contains("inf"), "{}", row.reason);
            prop_assert!(row.change.is_none_or(|change| change.estimate.is_finite()));
        }
        prop_assert!((0.0..=1.0).contains(&comparison.coverage));
    }

    #[test]
    fn exchanging_the_sides_turns_the_change_round(a in any_run(), b in any_run()) {
        let there = judge(std::slice::from_ref(&a), std::slice::from_ref(&b));
        let back = judge(&[b], &[a]);
        for row in &there.rows {
            let other = back.rows.iter().find(|other| other.endpoint == row.endpoint && other.metric == row.metric).unwrap();
            let ln = |row: &crate::compare::Row| row.change.map(|change| match row.metric {
                crate::compare::ComparedMetric::ErrorRate => change.estimate,
                _ => change.estimate.ln_1p(),
            });
            if let (Some(forth), Some(back)) = (ln(row), ln(other)) {
                prop_assert!((forth + back).abs() < 1e-9);
            }
            prop_assert!(!(row.outcome == Outcome::Regressed && other.outcome == Outcome::Regressed));
        }
    }
}
