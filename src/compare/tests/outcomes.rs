//! What becomes of typical changes, with the sentences people read.

use std::collections::BTreeMap;

use crate::{
    compare::{
        Change, ComparedMetric, Comparison, Grade, Lean, Outcome, Row, SERVICE, compare,
        fixture::{self, Request},
        way_out,
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
fn what_can_be_tested_of_a_critical_endpoint_is_required_and_its_body_always() {
    let exception = Override { critical: true, ..Override::default() };
    let rules = Regression { overrides: BTreeMap::from([("/b".to_owned(), exception)]), ..Regression::default() };
    let required = |comparison: &Comparison, endpoint: &str| -> Vec<String> {
        let rows = comparison.rows.iter().filter(|row| row.endpoint == endpoint && row.required);
        rows.map(|row| row.metric.to_string()).collect()
    };
    let comparison = compare(&baselines(), &[run(1.0, 9)], &rules);
    assert_eq!(row(&comparison, "/b", P99).outcome, Outcome::Inconclusive, "2,400 requests are too few for p99");
    assert_eq!(required(&comparison, "/b"), ["p50", "p95", "error_rate"]);
    assert!(required(&comparison, "/a").is_empty());
    let steady = |rate: u64, shift: u64| {
        let latency = move |_: usize, second: u64, n: u64| 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000;
        fixture::steady(60, &["/a", "/b"], rate, latency)
    };
    let many = |shift: u64| steady(100, shift);
    let comparison = compare(&(0..6).map(many).collect::<Vec<_>>(), &[many(9)], &rules);
    assert_eq!(required(&comparison, "/b"), ["p50", "p95", "p99", "error_rate"]);
    let few = |shift: u64| steady(1, shift);
    let comparison = compare(&(0..6).map(few).collect::<Vec<_>>(), &[few(9)], &rules);
    assert_eq!(required(&comparison, "/b"), ["p50", "p95", "error_rate"], "a critical endpoint must have requests enough");
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

/// `/b` with a tenth of the requests of `/a`, both failing to that share.
fn failing(shares: [u64; 2], shift: u64) -> RunRecord {
    let mut requests = Vec::new();
    for n in 0..4_400_u64 {
        let endpoint = usize::from(n % 11 == 10);
        let failed = (n / 11 * 37 + shift) % 100 < shares[endpoint];
        let outcome = if failed { Err(ErrorClass::Status5xx) } else { Ok(9_000 + n * 7919 % 900) };
        requests.push(Request { due_us: n * 60_000_000 / 4_400, endpoint, outcome });
    }
    fixture::run(&[60], &["/a", "/b"], &requests)
}

#[test]
fn all_errors_together_point_to_the_endpoints_that_say_it_for_sure() {
    let baselines: Vec<RunRecord> = (0..6).map(|shift| failing([0, 0], shift)).collect();
    let broken = compare(&baselines, &[failing([100, 100], 9)], &Regression::default());
    let all = row(&broken, SERVICE, ComparedMetric::ErrorRate);
    // It can't fail by itself; the specification says so, and readers of the file rely on it.
    assert_eq!((all.outcome, all.level, all.grade), (Outcome::Inconclusive, None, Some(Grade::ToldByEndpoints)));
    assert_eq!(all.reason, "error rate of the service as a whole went from 0% to 100%; it rose in /a, /b: see there");
    let fewer = compare(&baselines, &[failing([0, 2], 9)], &Regression::default());
    let all = row(&fewer, SERVICE, ComparedMetric::ErrorRate);
    assert_eq!(all.grade.filter(|grade| *grade == Grade::ToldByEndpoints), None, "{all:#?}");
}

#[test]
fn what_leans_to_one_side_and_does_not_count_is_not_called_no_change() {
    let comparison = compare(&baselines(), &[run(1.0, 9)], &Regression::default());
    let mut row = row(&comparison, "/b", P50).clone();
    let mut leans = |estimate: f64, low: f64, high: f64| {
        row.change = row.change.map(|change| Change { estimate, interval: Some((low, high)), ..change });
        row.lean()
    };
    assert_eq!(leans(0.14, 0.044, 0.25), Some(Lean::Worse));
    assert_eq!(leans(-0.14, -0.25, -0.044), Some(Lean::Better));
    assert_eq!(leans(0.14, -0.01, 0.25), None);
    row.metric = ComparedMetric::Throughput;
    assert_eq!(row.lean(), None);
    row.change = row.change.map(|change| Change { interval: Some((-0.2, -0.1)), ..change });
    assert_eq!(row.lean(), Some(Lean::Worse));
    row.outcome = Outcome::Regressed;
    assert_eq!(row.lean(), None, "what counts says itself what it is");
}

#[test]
fn one_run_of_each_side_tells_nothing_of_how_much_runs_differ() {
    let one = |shift: u64| {
        fixture::steady(60, &["/a", "/b"], 40, |_, second, n| {
            let us = 8_000 + (n * 7919 + shift * 31) % 4_000;
            // What a run varies by within itself drowns everything.
            us * (1 + (second / 5 * (7 + shift)) % 11 * 9)
        })
    };
    let advice = "how much runs differ by themselves is assumed, as there is one of each side; more baseline runs would show it";
    let rules = Regression {
        latency: [(Quantile::P50, MetricOverride { sensitivity: Some(0.01), ..MetricOverride::default() })].into(),
        ..Regression::default()
    };
    let open = |baselines: &[RunRecord]| {
        let comparison = compare(baselines, &[one(9)], &rules);
        comparison.rows.iter().find(|row| row.outcome == Outcome::Inconclusive && row.mde.is_some()).unwrap().reason.clone()
    };
    let reason = open(&[one(1)]);
    assert!(reason.ends_with(advice) && way_out(&reason).unwrap().contains("at least 5 baseline runs"), "{reason}");
    let reason = open(&[one(1), one(2), one(3)]);
    assert!(!reason.contains("as there is one of each side"), "{reason}");
}

#[test]
fn what_is_missing_of_the_service_as_a_whole_is_said() {
    let rare = |shift: u64| {
        fixture::steady(60, &["/a", "/b"], 1, |_, second, n| 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000)
    };
    let baselines: Vec<RunRecord> = (0..3).map(rare).collect();
    let comparison = compare(&baselines, &[rare(9)], &Regression::default());
    let note =
        "p95 of the service as a whole can't be compared: it takes two endpoints with 200 successful requests in every run";
    assert!(comparison.notes.contains(&note.to_owned()), "{:?}", comparison.notes);
    assert!(comparison.rows.iter().any(|row| row.endpoint == SERVICE && row.metric == P50));
    let enough = compare(&self::baselines(), &[run(1.0, 9)], &Regression::default());
    assert!(enough.notes.iter().all(|note| !note.contains("service as a whole")), "{:?}", enough.notes);
}
