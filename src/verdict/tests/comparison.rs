//! What a comparison with a baseline makes of the verdict.

use super::*;

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
fn a_throughput_that_fell_far_leads_the_headline_before_a_latency_just_beyond_its_tolerance() {
    let mut comparison = passing();
    let p95 = crate::compare::ComparedMetric::Latency(Quantile::P95);
    let slower = comparison.rows.iter_mut().find(|row| row.endpoint == "/b" && row.metric == p95).unwrap();
    (slower.outcome, slower.level, slower.tolerance) = (Outcome::Regressed, Some(Severity::Fail), 0.2);
    slower.change = Some(crate::compare::Change { estimate: 0.21, interval: None, p_value: None });
    let fell = crate::compare::Row {
        endpoint: crate::compare::SERVICE.to_owned(),
        metric: crate::compare::ComparedMetric::Throughput,
        tolerance: -0.1,
        change: Some(crate::compare::Change { estimate: -0.8, interval: None, p_value: None }),
        ..slower.clone()
    };
    comparison.rows.push(fell);
    let verdict = judge(&run(1.0, 9), Reference::Compared(Box::new(comparison)), &Policy::default());
    assert_eq!(verdict.headline, "regression in 1 of 2 endpoints (throughput -80%, /b p95 +21%)");
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

#[test]
fn a_critical_endpoint_that_cannot_be_settled_makes_the_run_inconclusive() {
    let verdict = judged_with_critical(|shift| fixture::steady(60, &ENDPOINTS, 1, move |_, second, _| latency(second, shift)));
    assert_eq!(verdict.kind, VerdictKind::Inconclusive);
    let unsettled = "/b: needs 1000 successful requests in every run for p95, has 60";
    assert!(verdict.reasons.iter().any(|reason| reason.starts_with(unsettled)), "{:?}", verdict.reasons);
    assert!(verdict.reasons.iter().all(|reason| !reason.starts_with("/a: needs ")), "{:?}", verdict.reasons);
}

#[test]
fn a_critical_endpoint_with_too_few_requests_for_its_p99_alone_passes() {
    let verdict = judged_with_critical(|shift| run(1.0, shift));
    assert_eq!(verdict.kind, VerdictKind::Pass, "{:?}", verdict.reasons);
}

/// Response time in microseconds that differs by second and run.
fn latency(second: u64, shift: u64) -> u64 {
    8_000 + (second * 104_729 + shift * 31) % 4_000
}

/// An unchanged candidate against six runs, where `/b` is critical.
fn judged_with_critical(run: impl Fn(u64) -> RunRecord) -> Verdict {
    let exception = crate::policy::Override { critical: true, ..Default::default() };
    let rules = Regression { overrides: BTreeMap::from([("/b".to_owned(), exception)]), ..Regression::default() };
    let (baseline, candidate): (Vec<RunRecord>, RunRecord) = ((0..6).map(&run).collect(), run(9));
    let reference = Reference::Compared(Box::new(compare(&baseline, std::slice::from_ref(&candidate), &rules)));
    judge(&candidate, reference, &Policy { regression: rules, ..Policy::default() })
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
