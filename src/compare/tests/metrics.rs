//! Metrics that are compared where the configuration asks for them, and classes of error.

use crate::{
    compare::{ComparedMetric, Comparison, Look, Outcome, Row, compare, compare_ab, fixture},
    policy::{ErrorRule, MetricOverride, Quantile, Regression, Severity},
    record::{ErrorClass, LearnedNoise, RunRecord},
};

/// Two endpoints at 200/s each for 20 s; one in eight requests of `/b` takes longer by `factor`.
fn run(factor: f64, salt: u64) -> RunRecord {
    fixture::steady(20, &["/a", "/b"], 200, |endpoint, second, n| {
        let us = 8_000 + (n * 7919 + second * 104_729 + salt * 31) % 3_000;
        if endpoint == 1 && n % 8 == 0 { (us as f64 * 3.0 * factor) as u64 } else { us }
    })
}

fn side(factor: f64, salt: u64) -> Vec<RunRecord> {
    (0..6).map(|n| run(factor, salt + 2 * n)).collect()
}

fn judged(baseline: &[RunRecord], candidate: &[RunRecord], rules: &Regression) -> Comparison {
    compare_ab(baseline, candidate, rules, &LearnedNoise::default(), Look::only(candidate.len(), 0.01))
}

fn row<'a>(comparison: &'a Comparison, endpoint: &str, metric: ComparedMetric) -> &'a Row {
    comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric == metric).unwrap()
}

#[test]
fn the_mean_and_other_quantiles_are_compared_where_they_are_asked_for() {
    let mut rules = Regression { mean: Some(MetricOverride::default()), ..Regression::default() };
    rules.latency.insert(Quantile::P90, MetricOverride::default());
    let comparison = judged(&side(1.0, 0), &side(1.6, 1), &rules);
    let (mean, p90) =
        (row(&comparison, "/b", ComparedMetric::Mean), row(&comparison, "/b", ComparedMetric::Latency(Quantile::P90)));
    assert_eq!((mean.outcome, p90.outcome), (Outcome::Regressed, Outcome::Regressed), "{mean:#?}");
    // One in eight takes three times as long: 9.5 ms x 10/8; 60 % more of three eighths of that.
    assert!((mean.change.unwrap().estimate - 0.18).abs() < 0.01 && mean.reason.starts_with("mean is "), "{mean:#?}");
    assert_eq!(row(&comparison, "/a", ComparedMetric::Mean).outcome, Outcome::Unchanged);
    assert_eq!(row(&comparison, "/b", ComparedMetric::Latency(Quantile::P50)).outcome, Outcome::Unchanged);
    let usual = judged(&side(1.0, 0), &side(1.6, 1), &Regression::default());
    assert!(usual.rows.iter().all(|row| row.metric != ComparedMetric::Mean));
}

#[test]
fn the_mean_of_stored_runs_is_compared_too_against_its_siblings_as_well() {
    let rules = Regression { mean: Some(MetricOverride::default()), ..Regression::default() };
    let long = |factor: f64, salt: u64| {
        fixture::steady(60, &["/a", "/b", "/c"], 40, |endpoint, second, n| {
            let us = 8_000 + (n * 7919 + second * 104_729 + salt * 31) % 3_000;
            if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
        })
    };
    let baseline: Vec<RunRecord> = (0..10).map(|salt| long(1.0, salt)).collect();
    let comparison = compare(&baseline, &[long(1.4, 99)], &rules);
    let mean = row(&comparison, "/b", ComparedMetric::Mean);
    assert!(mean.outcome == Outcome::Regressed && mean.siblings.is_some(), "{mean:#?}");
}

fn failing(class: ErrorClass, count: u64) -> Vec<RunRecord> {
    side(1.0, 1).into_iter().map(|run| fixture::with_errors(run, "/b", class, count)).collect()
}

#[test]
fn a_rise_of_errors_between_warning_and_failure_is_a_warning() {
    let errors = ErrorRule { warn: 0.01, fail: 0.05, pass_bound: 0.05, errors_min: 5 };
    let rules = Regression { errors, ..Regression::default() };
    let of = |count: u64| {
        let comparison = judged(&side(1.0, 0), &failing(ErrorClass::Status5xx, count), &rules);
        let row = row(&comparison, "/b", ComparedMetric::ErrorRate).clone();
        (row.outcome, row.level, row.reason)
    };
    let (outcome, level, reason) = of(6);
    assert_eq!((outcome, level), (Outcome::Regressed, Some(Severity::Warn)), "{reason}");
    assert!(reason.contains("less than the tolerance of 5 pp"), "{reason}");
    let (outcome, level, reason) = of(20);
    assert_eq!((outcome, level), (Outcome::Regressed, Some(Severity::Fail)), "{reason}");
    assert_eq!(of(1).0, Outcome::Unchanged);
}

#[test]
fn a_new_class_of_error_is_named_where_the_rate_rose() {
    let comparison = judged(&side(1.0, 0), &failing(ErrorClass::TimeoutFirstByte, 4), &Regression::default());
    let reason = &row(&comparison, "/b", ComparedMetric::ErrorRate).reason;
    assert!(reason.contains("error rate rose") && reason.ends_with("timeout.first_byte is new: 480 of 24,000"), "{reason}");
}

#[test]
fn a_new_class_of_error_is_named_where_the_rate_did_not_change() {
    let comparison = judged(&failing(ErrorClass::Status5xx, 2), &failing(ErrorClass::Reset, 2), &Regression::default());
    assert_eq!(row(&comparison, "/b", ComparedMetric::ErrorRate).outcome, Outcome::Unchanged);
    let named = "/b: among its errors, reset is new: 240 of 24,000".to_owned();
    assert!(comparison.notes.contains(&named), "{:?}", comparison.notes);
}

#[test]
fn an_endpoint_of_one_side_only_is_named_side_by_side_too() {
    let without = |runs: Vec<RunRecord>, name: &str| -> Vec<RunRecord> {
        let one = |mut run: RunRecord| {
            run.endpoints.retain(|series| series.name != name);
            run
        };
        runs.into_iter().map(one).collect()
    };
    let rules = Regression::default();
    assert_eq!(judged(&side(1.0, 0), &without(side(1.0, 1), "/b"), &rules).vanished, ["/b"]);
    assert_eq!(judged(&without(side(1.0, 0), "/b"), &side(1.0, 1), &rules).appeared, ["/b"]);
}

#[test]
fn a_side_that_only_fails_has_no_latency_and_a_regressed_error_rate() {
    let broken: Vec<RunRecord> = failing(ErrorClass::Status5xx, 1_000);
    let comparison = judged(&side(1.0, 0), &broken, &Regression::default());
    let p50 = row(&comparison, "/b", ComparedMetric::Latency(Quantile::P50));
    assert_eq!(p50.outcome, Outcome::NoData);
    assert!(p50.reason.contains("no successful response in a replicate of the candidate"), "{}", p50.reason);
    assert_eq!(row(&comparison, "/b", ComparedMetric::ErrorRate).outcome, Outcome::Regressed);
    let back = judged(&broken, &side(1.0, 0), &Regression::default());
    assert_eq!(row(&back, "/b", ComparedMetric::ErrorRate).outcome, Outcome::Improved);
}

#[test]
fn a_side_without_any_request_is_no_data_never_a_pass() {
    let silent: Vec<RunRecord> = (0..6).map(|_| fixture::run(&[20], &["/a", "/b"], &[])).collect();
    let comparison = judged(&side(1.0, 0), &silent, &Regression::default());
    assert!(comparison.rows.iter().all(|row| row.outcome == Outcome::NoData), "{:#?}", comparison.rows);
    assert!(comparison.rows.iter().any(|row| row.reason.contains("no request of the candidate")));
}
