use std::{collections::BTreeMap, time::Duration};

use super::*;
use crate::{
    compare::{
        Comparison, Outcome, compare,
        fixture::{self, Request, SECOND_US},
    },
    policy::{Quantile, Regression, Severity, Threshold},
    record::{Encoded, ErrorClass, Latencies},
};

const ENDPOINTS: [&str; 2] = ["/a", "/b"];

/// A minute of two endpoints at 40 requests a second each, `/b` slower by `factor`.
fn run(factor: f64, shift: u64) -> RunRecord {
    fixture::steady(60, &ENDPOINTS, 40, |endpoint, second, n| {
        let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
        if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
    })
}

fn compared(candidate: &RunRecord, baselines: u64) -> Reference {
    let baseline: Vec<RunRecord> = (0..baselines).map(|shift| run(1.0, shift)).collect();
    Reference::Compared(Box::new(compare(&baseline, std::slice::from_ref(candidate), &Regression::default())))
}

fn policy(thresholds: &[&str]) -> Policy {
    let thresholds = thresholds.iter().map(|text| Threshold::parse(text).unwrap()).collect();
    Policy { thresholds, ..Policy::default() }
}

fn judge(run: &RunRecord, reference: Reference, policy: &Policy) -> Verdict {
    decide(std::slice::from_ref(run), reference, policy)
}

/// The single threshold's outcome and reason for a run.
fn threshold(run: &RunRecord, text: &str) -> (ThresholdOutcome, String) {
    let verdict = judge(run, Reference::NoBaseline, &policy(&[text]));
    (verdict.thresholds[0].outcome, verdict.thresholds[0].reason.clone())
}

fn late(mut run: RunRecord, us: u64) -> RunRecord {
    let mut late = Latencies::default();
    late.record(us);
    run.generator.late = Encoded::from(&late);
    run
}

// ---- precedence

/// A run, reference and policy that give one kind each, so that any two can be laid over each other.
struct Ingredient {
    kind: VerdictKind,
    invalid: bool,
    threshold: Option<(&'static str, Severity)>,
}

fn ingredients() -> Vec<Ingredient> {
    let with = |kind, invalid, threshold| Ingredient { kind, invalid, threshold };
    vec![
        with(VerdictKind::Invalid, true, None),
        with(VerdictKind::Fail, false, Some(("p95 < 1ms", Severity::Fail))),
        with(VerdictKind::Inconclusive, false, Some(("p999 < 1s", Severity::Fail))),
        with(VerdictKind::Warn, false, Some(("p95 < 1ms", Severity::Warn))),
        with(VerdictKind::Pass, false, Some(("p95 < 1s", Severity::Fail))),
    ]
}

#[test]
fn of_two_findings_the_worse_one_wins_whatever_their_order() {
    let good = run(1.0, 9);
    let all = ingredients();
    for (i, worse) in all.iter().enumerate() {
        for better in &all[i..] {
            for pair in [[worse, better], [better, worse]] {
                let thresholds = pair.iter().filter_map(|one| one.threshold);
                let thresholds = thresholds.map(|(text, severity)| Threshold { severity, ..Threshold::parse(text).unwrap() });
                let policy = Policy { thresholds: thresholds.collect(), ..Policy::default() };
                let candidate = if worse.invalid { late(good.clone(), 50_000) } else { good.clone() };
                let verdict = judge(&candidate, compared(&candidate, 6), &policy);
                assert_eq!(verdict.kind, worse.kind, "{} over {}: {:?}", worse.kind, better.kind, verdict.reasons);
            }
        }
    }
}

#[test]
fn exit_codes_follow_the_verdict_and_the_policy() {
    for response in [Response::Pass, Response::Warn, Response::Fail] {
        assert_eq!(exit(VerdictKind::Pass, false, response), Exit::Ok);
        assert_eq!(exit(VerdictKind::Warn, false, response), Exit::Ok);
        assert_eq!(exit(VerdictKind::Fail, false, response), Exit::Failed);
        assert_eq!(exit(VerdictKind::Invalid, false, response), Exit::Invalid);
        assert_eq!(exit(VerdictKind::Invalid, true, response), Exit::Interrupted);
    }
    assert_eq!(exit(VerdictKind::Inconclusive, false, Response::Warn), Exit::Ok);
    assert_eq!(exit(VerdictKind::Inconclusive, false, Response::Pass), Exit::Ok);
    assert_eq!(exit(VerdictKind::Inconclusive, false, Response::Fail), Exit::Inconclusive);
}

// ---- comparison

#[test]
fn an_unchanged_candidate_passes_and_says_what_would_have_been_seen() {
    let candidate = run(1.0, 9);
    let verdict = judge(&candidate, compared(&candidate, 6), &policy(&["p95 < 250ms"]));
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Pass, Exit::Ok), "{:?}", verdict.reasons);
    assert!(verdict.headline.starts_with("no regression found (a change of "), "{}", verdict.headline);
}

#[test]
fn a_regression_fails_and_names_the_endpoint() {
    let candidate = run(1.5, 9);
    let verdict = judge(&candidate, compared(&candidate, 6), &policy(&["p95 < 1ms"]));
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Fail, Exit::Failed));
    assert!(verdict.headline.starts_with("regression in 1 of 2 endpoints (/b p"), "{}", verdict.headline);
    assert!(verdict.headline.contains("; 1 threshold broken: p95 < 1ms is 1"), "{}", verdict.headline);
    assert!(verdict.reasons.iter().any(|reason| reason.starts_with("/b: p50 is 5")), "{:?}", verdict.reasons);
}

#[test]
fn of_several_endpoints_that_regressed_the_worst_two_are_named() {
    let mut comparison = passing();
    for row in comparison.rows.iter_mut().filter(|row| row.endpoint != "*") {
        let estimate = match (row.endpoint.as_str(), row.metric) {
            ("/a", crate::compare::ComparedMetric::ErrorRate) => 0.025,
            ("/b", crate::compare::ComparedMetric::Latency(Quantile::P50)) => 1.69,
            ("/b", crate::compare::ComparedMetric::Latency(Quantile::P95)) => 0.5,
            _ => continue,
        };
        (row.outcome, row.level) = (Outcome::Regressed, Some(Severity::Fail));
        row.change = Some(crate::compare::Change { estimate, interval: None, p_value: None });
    }
    let verdict = judge(&run(1.0, 9), Reference::Compared(Box::new(comparison)), &Policy::default());
    assert!(
        verdict.headline.contains("/b p50 +169%") && verdict.headline.contains("/a error_rate +2.5 pp"),
        "{}",
        verdict.headline
    );
    assert!(!verdict.headline.contains("p95"), "{}", verdict.headline);
}

#[test]
fn a_step_of_setup_that_was_played_in_a_warm_up_says_so() {
    let mut candidate = run(1.0, 9);
    candidate.endpoints[1].stages = vec![Vec::new()];
    candidate.endpoints[1].is_setup = true;
    let verdict = judge(&candidate, Reference::NoBaseline, &policy(&["/b.p95 < 1s"]));
    assert_eq!(
        verdict.headline,
        "no measurement: no request was made to /b, which is to be judged: it is part of `setup`, and all users were set up before \
         the measured stages, in a warm-up"
    );
}

#[test]
fn an_improvement_passes_and_is_mentioned() {
    let candidate = run(0.6, 9);
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy::default());
    assert_eq!(verdict.kind, VerdictKind::Pass, "{:?}", verdict.reasons);
    assert!(verdict.reasons.iter().any(|reason| reason.starts_with("/b: p50 is 40% faster")), "{:?}", verdict.reasons);
}

#[test]
fn one_baseline_run_is_inconclusive_and_says_what_would_help() {
    let candidate = run(1.0, 9);
    let verdict = judge(&candidate, compared(&candidate, 1), &Policy::default());
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Inconclusive, Exit::Ok));
    assert!(verdict.headline.starts_with("inconclusive: cannot tell for p50 of the service as a whole: only changes of "));
    assert!(verdict.headline.contains("baseline runs"), "{}", verdict.headline);
}

#[test]
fn a_vanished_endpoint_fails() {
    let candidate = fixture::steady(60, &["/a"], 40, |_, _, n| 8_000 + n * 100);
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy::default());
    assert_eq!(verdict.kind, VerdictKind::Fail);
    assert_eq!(verdict.headline, "endpoint /b vanished");
}

#[test]
fn nothing_to_compare_is_never_a_pass() {
    let reference = Reference::Compared(Box::new(compare(&[], &[], &Regression::default())));
    assert_eq!(judge(&run(1.0, 9), reference, &Policy::default()).kind, VerdictKind::Inconclusive);
}

#[test]
fn a_missing_baseline_and_a_mismatch_follow_the_policy() {
    for (response, kind) in
        [(Response::Pass, VerdictKind::Pass), (Response::Warn, VerdictKind::Warn), (Response::Fail, VerdictKind::Fail)]
    {
        let mut policy = policy(&["p95 < 250ms"]);
        policy.regression.on.missing_baseline = response;
        policy.regression.on.env_mismatch = response;
        let missing = judge(&run(1.0, 9), Reference::NoBaseline, &policy);
        assert_eq!(missing.kind, kind);
        assert!(missing.headline.starts_with("no baseline yet, nothing compared"), "{}", missing.headline);
        let mismatch = judge(&run(1.0, 9), Reference::Mismatch(vec!["cores: here '2', there '4'".to_owned()]), &policy);
        assert_eq!(mismatch.kind, kind);
        assert!(mismatch.reasons[0].contains("cores: here '2', there '4'"));
    }
}

// ---- validity

#[test]
fn a_run_without_requests_is_invalid() {
    let verdict = judge(&fixture::run(&[60], &ENDPOINTS, &[]), Reference::NoBaseline, &policy(&["dropped == 0"]));
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Invalid, Exit::Invalid));
    assert_eq!(verdict.headline, "no measurement: no request was made");
    assert_eq!(verdict.thresholds[0].outcome, ThresholdOutcome::NoData);
}

#[test]
fn no_record_at_all_is_invalid() {
    assert_eq!(decide(&[], Reference::NoBaseline, &Policy::default()).kind, VerdictKind::Invalid);
}

#[test]
fn an_endpoint_with_a_threshold_and_no_request_is_invalid_by_name() {
    let mut candidate = run(1.0, 9);
    candidate.endpoints[1].stages = vec![Vec::new()];
    let verdict = judge(&candidate, Reference::NoBaseline, &policy(&["/b.p95 < 1s"]));
    assert_eq!(verdict.headline, "no measurement: no request was made to /b, which is to be judged");
}

#[test]
fn a_target_without_a_name_or_a_handshake_is_unreachable_only_where_none_succeeded() {
    for class in [ErrorClass::Dns, ErrorClass::Tls] {
        let mut candidate = run(1.0, 9);
        candidate = fixture::with_errors(candidate, ENDPOINTS[0], class, 40);
        assert_ne!(judge(&candidate, Reference::NoBaseline, &Policy::default()).exit, Exit::Invalid, "some had a connection");
        for endpoint in &ENDPOINTS[1..] {
            candidate = fixture::with_errors(candidate, endpoint, class, 40);
        }
        assert_eq!(judge(&candidate, Reference::NoBaseline, &Policy::default()).exit, Exit::Invalid);
    }
}

#[test]
fn a_generator_without_file_descriptors_makes_a_run_invalid_and_blames_no_target() {
    let candidate = fixture::with_errors(run(1.0, 9), ENDPOINTS[0], ErrorClass::OpenFiles, 1);
    let verdict = judge(&candidate, Reference::NoBaseline, &policy(&["error_rate < 1%"]));
    assert_eq!(verdict.exit, Exit::Invalid);
    assert!(verdict.headline.contains("no file descriptor left"), "{}", verdict.headline);
}

#[test]
fn an_unreachable_target_is_no_measurement() {
    let mut candidate = run(1.0, 9);
    for endpoint in ENDPOINTS {
        candidate = fixture::with_errors(candidate, endpoint, ErrorClass::ConnectRefused, 40);
    }
    let verdict = judge(&candidate, Reference::NoBaseline, &Policy::default());
    assert_eq!((verdict.headline.as_str(), verdict.exit), ("target unreachable, no measurement", Exit::Invalid));
    assert!(verdict.reasons[0].ends_with("(connect_refused)"), "{:?}", verdict.reasons);
}

#[test]
fn a_run_that_did_not_keep_up_tells_drops_from_a_slow_generator() {
    let mut candidate = run(1.0, 9);
    candidate.plan.stages[0].started = candidate.plan.stages[0].offered * 9 / 10;
    let slow = judge(&candidate, Reference::NoBaseline, &Policy::default());
    assert_eq!(slow.kind, VerdictKind::Invalid);
    assert!(
        slow.reasons[0].starts_with("only 90% of 4800 offered arrivals were sent, at least 98% are needed"),
        "{:?}",
        slow.reasons
    );
    assert!(slow.reasons[0].ends_with("the generator could not keep up and left out 480"));
    candidate.endpoints[0].stages[0][3].dropped = 480;
    let capped = judge(&candidate, Reference::NoBaseline, &Policy::default());
    assert!(capped.reasons[0].ends_with("480 were dropped because too many requests were in flight"));
}

#[test]
fn load_that_the_breaker_held_back_is_no_pass_and_no_excuse() {
    let mut candidate = run(1.0, 9);
    let stage = &mut candidate.plan.stages[0];
    (stage.withheld, stage.withheld_by_breaker) = (1_200, 1_200);
    let nothing_broken = judge(&candidate, compared(&candidate, 6), &policy(&["p95 < 1s"]));
    assert_eq!(nothing_broken.exit, Exit::Invalid);
    assert_eq!(
        nothing_broken.headline,
        "no measurement: the target failed and the circuit breaker held load back: 1200 of 6000 arrivals were not sent, at least \
         98% of the load are needed"
    );
    let broken = judge(&candidate, compared(&candidate, 6), &policy(&["p95 < 1ms"]));
    assert_eq!(broken.exit, Exit::Failed, "{:?}", broken.reasons);
    let also_late = judge(&late(candidate, 50_000), Reference::NoBaseline, &policy(&["p95 < 1ms"]));
    assert_eq!(also_late.exit, Exit::Invalid, "what the generator did wrong is no fault of the target");
}

#[test]
fn a_late_generator_is_invalid() {
    let verdict = judge(&late(run(1.0, 9), 50_000), Reference::NoBaseline, &Policy::default());
    assert_eq!(verdict.exit, Exit::Invalid);
    assert!(verdict.reasons[0].starts_with("the load generator was late itself: 1% of the requests were sent 50"));
}

#[test]
fn a_saturated_generator_makes_a_run_invalid_with_its_figures_and_a_shed_load_only_warns() {
    let mut candidate = run(1.0, 9);
    candidate.generator.busy_share_max = Some(0.93);
    candidate.generator.saturated = Some("its busiest thread was busy 93% of the time (80% are allowed)".to_owned());
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy::default());
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Invalid, Exit::Invalid));
    assert_eq!(
        verdict.reasons,
        [
            "the load generator was the bottleneck: its busiest thread was busy 93% of the time (80% are allowed); lower the rate, \
          give users time to think, or take a larger machine"
        ]
    );
    candidate.generator.saturated = None;
    let event = crate::record::ShedEvent { at_us: 1, kept: 0.8, reason: "it was busy".to_owned() };
    candidate.generator.shed = vec![event];
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy::default());
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Warn, Exit::Ok));
    assert!(verdict.headline.contains("shed load, down to 80%"), "{}", verdict.headline);
}

#[test]
fn a_generator_that_stood_still_warns_even_where_few_requests_were_late() {
    let mut candidate = run(1.0, 9);
    candidate.generator.sched_lag_max_us = Some(500_000);
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy::default());
    assert_eq!(verdict.kind, VerdictKind::Warn);
    assert!(verdict.reasons[0].starts_with("the load generator stood still for 500 ms"), "{:?}", verdict.reasons);
}

#[test]
fn an_interrupted_run_is_invalid_with_its_own_exit_code() {
    let candidate = RunRecord { ended: Ended::Interrupted, ..run(1.0, 9) };
    assert_eq!(judge(&candidate, Reference::NoBaseline, &Policy::default()).exit, Exit::Interrupted);
    let candidate = RunRecord { ended: Ended::Aborted, ..run(1.0, 9) };
    assert_eq!(judge(&candidate, Reference::NoBaseline, &Policy::default()).exit, Exit::Invalid);
}

// ---- thresholds

#[test]
fn every_metric_is_judged() {
    let mut candidate = fixture::with_errors(run(1.0, 9), "/b", ErrorClass::TimeoutRequest, 4);
    candidate.endpoints[0].stages[0][3].dropped = 7;
    (candidate.endpoints[0].stages[0][3].retried, candidate.endpoints[0].stages[0][3].retries) = (24, 60);
    for (holds, breaks) in [
        ("p50 < 11ms", "p50 < 9ms"),
        ("p95 <= 13ms", "/a.p95 <= 9ms"),
        ("p99 < 13ms", "browse.p99 < 9ms"),
        ("mean > 9ms", "mean > 12ms"),
        ("max < 20ms", "max < 10ms"),
        ("error_rate < 6%", "error_rate < 4%"),
        ("/a.error_rate == 0%", "/b.error_rate < 10%"),
        ("errors.timeout > 4%", "errors.timeout < 5%"),
        ("errors.timeout.connect == 0%", "errors.timeout.request == 0%"),
        ("achieved_rate >= 99%", "/a.achieved_rate == 100%"),
        ("throughput >= 80/s", "/a.throughput > 41/s"),
        ("dropped <= 7", "dropped == 0"),
        ("retries <= 0.5%", "/a.retries < 1%"),
        ("/b.retries == 0%", "retries == 0%"),
        ("requests == 4800", "/b.requests > 2400"),
    ] {
        let (outcome, reason) = threshold(&candidate, holds);
        assert_eq!(outcome, ThresholdOutcome::Pass, "{reason}");
        let (outcome, reason) = threshold(&candidate, breaks);
        assert_eq!(outcome, ThresholdOutcome::Fail, "{reason}");
    }
}

#[test]
fn a_latency_promise_without_any_success_is_broken() {
    let candidate = fixture::with_errors(run(1.0, 9), "/b", ErrorClass::Status5xx, 40);
    let expected = "/b.p95 < 1s is broken: no successful response out of 2400".to_owned();
    assert_eq!(threshold(&candidate, "/b.p95 < 1s"), (ThresholdOutcome::Fail, expected));
}

#[test]
fn a_quantile_without_enough_samples_cannot_be_judged_and_never_passes() {
    let candidate = run(1.0, 9);
    let (outcome, reason) = threshold(&candidate, "p999 < 1s");
    assert_eq!(outcome, ThresholdOutcome::NoData);
    assert_eq!(reason, "p999 < 1s can't be judged: p999 needs at least 10000 successful requests, has 4800");
    let verdict = judge(&candidate, compared(&candidate, 6), &policy(&["p999 < 1s"]));
    assert_eq!(verdict.kind, VerdictKind::Inconclusive);
}

#[test]
fn an_unknown_error_class_or_scope_never_passes() {
    assert_eq!(threshold(&run(1.0, 9), "errors.5xy < 1%").0, ThresholdOutcome::NoData);
    assert_eq!(threshold(&run(1.0, 9), "/nowhere.error_rate < 1%").0, ThresholdOutcome::NoData);
}

/// Ten requests a second for 20 s, in two stages of 10 s; those of seconds 8 to 11 fail.
fn outage() -> RunRecord {
    let request = |n: u64| {
        let due_us = n * SECOND_US / 10;
        let failed = (8..12).contains(&(due_us / SECOND_US));
        Request { due_us, endpoint: 0, outcome: if failed { Err(ErrorClass::Status5xx) } else { Ok(5_000) } }
    };
    fixture::run(&[10, 10], &["/a"], &(0..200).map(request).collect::<Vec<_>>())
}

#[test]
fn over_finds_the_worst_span_and_spans_do_not_cross_stages() {
    let (outcome, reason) = threshold(&outage(), "error_rate < 30% over 4s");
    // Two bad seconds on each side of the border: half of a span within a stage, all of one across it.
    assert_eq!((outcome, reason.as_str()), (ThresholdOutcome::Fail, "error_rate < 30% over 4s is broken: 50% at worst"));
    assert_eq!(threshold(&outage(), "error_rate < 30%").0, ThresholdOutcome::Pass);
    assert_eq!(threshold(&outage(), "throughput >= 10/s over 3s").0, ThresholdOutcome::Pass);
    assert_eq!(threshold(&outage(), "error_rate <= 20% over 1h").0, ThresholdOutcome::Pass);
}

#[test]
fn a_broken_warning_warns() {
    let warning = Threshold { severity: Severity::Warn, ..Threshold::parse("p95 < 1ms").unwrap() };
    let candidate = run(1.0, 9);
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy { thresholds: vec![warning], ..Policy::default() });
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Warn, Exit::Ok));
    assert!(verdict.headline.starts_with("1 threshold broken: p95 < 1ms is 1"), "{}", verdict.headline);
}

#[test]
fn a_critical_endpoint_that_cannot_be_settled_makes_the_run_inconclusive() {
    let candidate = run(1.0, 9);
    let baseline: Vec<RunRecord> = (0..6).map(|shift| run(1.0, shift)).collect();
    let exception = crate::policy::Override { critical: true, ..Default::default() };
    let rules = Regression { overrides: BTreeMap::from([("/b".to_owned(), exception)]), ..Regression::default() };
    let reference = Reference::Compared(Box::new(compare(&baseline, std::slice::from_ref(&candidate), &rules)));
    let verdict = judge(&candidate, reference, &Policy { regression: rules, ..Policy::default() });
    assert_eq!(verdict.kind, VerdictKind::Inconclusive);
    assert!(verdict.headline.starts_with("inconclusive: /b: needs 5000 successful requests"), "{}", verdict.headline);
}

#[test]
fn a_coarser_window_than_the_span_is_one_window() {
    let coarse = outage().coarsened(5 * SECOND_US);
    let short = Duration::from_secs(1);
    assert_eq!(span::sliding(std::slice::from_ref(&coarse), None, short).len(), 4);
}

/// A comparison that passes, for changing one thing of it.
fn passing() -> Comparison {
    let candidate = run(1.0, 9);
    match compared(&candidate, 6) {
        Reference::Compared(comparison) => *comparison,
        Reference::NoBaseline | Reference::Mismatch(_) => unreachable!("it was compared"),
    }
}

fn kind_of(comparison: Comparison) -> VerdictKind {
    judge(&run(1.0, 9), Reference::Compared(Box::new(comparison)), &Policy::default()).kind
}

#[test]
fn too_little_coverage_is_inconclusive() {
    assert_eq!(kind_of(Comparison { coverage: 0.8, ..passing() }), VerdictKind::Pass);
    let low = Comparison { coverage: 0.79, ..passing() };
    let verdict = judge(&run(1.0, 9), Reference::Compared(Box::new(low)), &Policy::default());
    assert_eq!(verdict.headline, "inconclusive: endpoints with 79% of the requests could be settled, a pass needs 80%");
}

#[test]
fn an_unsettled_test_holds_the_run_up_only_when_required_or_suspect() {
    for (required, suspect, kind) in
        [(false, false, VerdictKind::Pass), (true, false, VerdictKind::Inconclusive), (false, true, VerdictKind::Inconclusive)]
    {
        for outcome in [Outcome::Inconclusive, Outcome::NoData] {
            let mut comparison = passing();
            let row = comparison.rows.iter_mut().find(|row| row.endpoint == "/b").unwrap();
            (row.outcome, row.required, row.suspect) = (outcome, required, suspect);
            assert_eq!(kind_of(comparison), kind, "{outcome} {required} {suspect}");
        }
    }
}
