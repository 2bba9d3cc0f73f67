//! What becomes of typical changes, with the sentences people read.

use std::collections::BTreeMap;

use crate::{
    compare::{
        ComparedMetric, Comparison, Outcome, Row, SERVICE, compare,
        fixture::{self, Request},
    },
    policy::{MetricOverride, Override, Quantile, Regression, Severity},
    record::{ErrorClass, RunRecord},
};

const P50: ComparedMetric = ComparedMetric::Latency(Quantile::P50);
const P99: ComparedMetric = ComparedMetric::Latency(Quantile::P99);

/// Two endpoints, 60 s, with a spread within each second and a wave over time; `factor` slows `/b` down.
fn run(factor: f64, shift: u64) -> RunRecord {
    fixture::steady(60, &["/a", "/b"], 40, |endpoint, second, n| {
        let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
        if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
    })
}

fn baselines() -> Vec<RunRecord> {
    (0..6).map(|shift| run(1.0, shift)).collect()
}

fn row<'a>(comparison: &'a Comparison, endpoint: &str, metric: ComparedMetric) -> &'a Row {
    comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric == metric).unwrap()
}

#[test]
fn a_slower_endpoint_is_found_and_the_others_are_not_blamed() {
    let comparison = compare(&baselines(), &[run(1.5, 9)], &Regression::default());
    let slower = row(&comparison, "/b", P50);
    assert_eq!((slower.outcome, slower.level), (Outcome::Regressed, Some(Severity::Fail)));
    assert!(
        slower.reason.starts_with("p50 is 5") && slower.reason.contains("beyond the tolerance of 10%; p "),
        "{}",
        slower.reason
    );
    assert_eq!(row(&comparison, "/a", P50).outcome, Outcome::Unchanged);
}

#[test]
fn a_faster_endpoint_is_an_improvement() {
    let comparison = compare(&baselines(), &[run(0.6, 9)], &Regression::default());
    let faster = row(&comparison, "/b", P50);
    assert_eq!(faster.outcome, Outcome::Improved);
    assert!(faster.reason.starts_with("p50 is ") && faster.reason.contains(" faster (-"), "{}", faster.reason);
}

#[test]
fn nothing_changed_says_how_small_a_change_would_have_been_seen() {
    let comparison = compare(&baselines(), &[run(1.0, 9)], &Regression::default());
    assert!(comparison.rows.iter().all(|row| row.outcome != Outcome::Regressed));
    assert!(comparison.sensitivity.unwrap() < 0.25);
    assert!((comparison.coverage - 1.0).abs() < 1e-12);
    assert_eq!(comparison.rows[0].endpoint, SERVICE);
}

#[test]
fn a_sure_change_between_warning_and_tolerance_is_a_warning() {
    let wide = LatencyWide { warn: 0.2, fail: 0.9 };
    let comparison = compare(&baselines(), &[run(1.5, 9)], &wide.rules());
    let slower = row(&comparison, "/b", P50);
    assert_eq!((slower.outcome, slower.level), (Outcome::Regressed, Some(Severity::Warn)));
    assert!(slower.reason.contains("within the tolerance of 90%"), "{}", slower.reason);
}

struct LatencyWide {
    warn: f64,
    fail: f64,
}

impl LatencyWide {
    fn rules(&self) -> Regression {
        let part = MetricOverride { warn: Some(self.warn), fail: Some(self.fail), ..MetricOverride::default() };
        let exception = Override { latency: BTreeMap::from([(Quantile::P50, part)]), ..Override::default() };
        Regression { overrides: BTreeMap::from([("/b".to_owned(), exception)]), ..Regression::default() }
    }
}

#[test]
fn too_few_requests_say_how_many_are_needed() {
    let comparison = compare(&baselines(), &[run(1.0, 9)], &Regression::default());
    let p99 = row(&comparison, "/a", P99);
    assert_eq!(p99.outcome, Outcome::Inconclusive);
    assert_eq!(p99.reason, "needs 5000 successful requests in every run for p99, has 2400: 65 s more at this rate");
}

#[test]
fn one_baseline_is_provisional_and_says_what_would_help() {
    let comparison = compare(&baselines()[..1], &[run(1.0, 9)], &Regression::default());
    assert!(comparison.notes[0].starts_with("provisional: one baseline run only"));
    let p50 = row(&comparison, SERVICE, P50);
    assert_eq!(p50.outcome, Outcome::Inconclusive);
    assert!(p50.reason.contains("could have been seen; about ") && p50.reason.contains("baseline runs"), "{}", p50.reason);
}

#[test]
fn more_errors_are_found_on_the_endpoint_that_has_them() {
    let bad = fixture::with_errors(run(1.0, 9), "/b", ErrorClass::Status5xx, 4);
    let comparison = compare(&baselines(), &[bad], &Regression::default());
    let errors = row(&comparison, "/b", ComparedMetric::ErrorRate);
    assert_eq!(errors.outcome, Outcome::Regressed);
    assert!(errors.reason.starts_with("error rate rose from 0% to 10%, +10 pp ("), "{}", errors.reason);
    assert_eq!(row(&comparison, "/a", ComparedMetric::ErrorRate).outcome, Outcome::Unchanged);
    assert_eq!(row(&comparison, SERVICE, ComparedMetric::ErrorRate).outcome, Outcome::Inconclusive);
}

#[test]
fn an_ignored_endpoint_takes_no_part() {
    let exception = Override { ignore: true, ..Override::default() };
    let rules = Regression { overrides: BTreeMap::from([("/b".to_owned(), exception)]), ..Regression::default() };
    let comparison = compare(&baselines(), &[run(3.0, 9)], &rules);
    assert!(comparison.rows.iter().all(|row| row.endpoint == "/a" && row.outcome != Outcome::Regressed));
    assert!(comparison.notes.contains(&"'/b' is left out, as the configuration says".to_owned()));
}

#[test]
fn with_one_endpoint_its_own_metrics_are_required() {
    let one = |shift| fixture::steady(60, &["/a"], 40, move |_, second, n| 8_000 + (n * 7919 + second * shift) % 4_000);
    let comparison = compare(&(1..6).map(one).collect::<Vec<_>>(), &[one(9)], &Regression::default());
    let required: Vec<String> = comparison.rows.iter().filter(|row| row.required).map(|row| row.metric.to_string()).collect();
    assert_eq!(required, ["p50", "p95", "error_rate"]);
    assert!(comparison.sensitivity.is_some());
}

#[test]
fn a_critical_endpoint_is_required() {
    let exception = Override { critical: true, ..Override::default() };
    let rules = Regression { overrides: BTreeMap::from([("/b".to_owned(), exception)]), ..Regression::default() };
    let comparison = compare(&baselines(), &[run(1.0, 9)], &rules);
    assert!(comparison.rows.iter().filter(|row| row.endpoint == "/b").all(|row| row.required));
    assert!(comparison.rows.iter().filter(|row| row.endpoint == "/a").all(|row| !row.required));
}

#[test]
fn endpoints_that_vanish_or_appear_are_listed() {
    let other = fixture::steady(60, &["/a", "/c"], 40, |_, _, n| 8_000 + n * 100);
    let comparison = compare(&baselines(), &[other], &Regression::default());
    assert_eq!((comparison.vanished, comparison.appeared), (vec!["/b".to_owned()], vec!["/c".to_owned()]));
}

#[test]
fn a_step_of_the_load_between_stages_is_not_noise() {
    let stepped = |shift: u64| {
        let mut requests = Vec::new();
        for second in 0..80 {
            for n in 0..40 {
                let us = if second < 40 { 5_000 } else { 15_000 } + (n * 7919 + second * 104_729 + shift * 31) % 1_000;
                requests.push(Request { due_us: second * 1_000_000 + n * 25_000, endpoint: 0, outcome: Ok(us) });
            }
        }
        requests
    };
    let judge = |stages: &[u64]| {
        let runs: Vec<RunRecord> = (0..6).map(|shift| fixture::run(stages, &["/a"], &stepped(shift))).collect();
        compare(&runs[1..], &runs[..1], &Regression::default())
    };
    let (staged, flat) = (judge(&[40, 40]), judge(&[80]));
    let p95 = ComparedMetric::Latency(Quantile::P95);
    assert!(row(&staged, "/a", p95).mde.unwrap() < row(&flat, "/a", p95).mde.unwrap());
}
