//! Runs that are no measurement.

use super::*;

#[test]
fn a_run_without_requests_is_invalid() {
    let verdict = judge(&fixture::run(&[60], &ENDPOINTS, &[]), Reference::NoBaseline, &policy(&["dropped == 0"]));
    assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Invalid, Exit::Invalid));
    assert_eq!(verdict.headline, "no measurement: no request was made");
    assert_eq!(verdict.thresholds[0].outcome, ThresholdOutcome::NoData);
}

#[test]
fn every_check_has_its_name_in_the_list() {
    let runs = [run(1.0, 9)];
    let verdict = decide_ab(&runs, &runs, Reference::NoBaseline, &Policy::default());
    assert_eq!(verdict.validity.iter().map(|check| check.check).collect::<Vec<_>>(), CHECKS);
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
fn a_rare_endpoint_may_miss_a_replicate_and_not_all_of_them() {
    let baseline = [1, 2, 3].map(|shift| run(1.0, shift));
    let judged = |silent: usize| {
        let mut candidate = [4, 5, 6].map(|shift| run(1.0, shift));
        for run in &mut candidate[..silent] {
            run.endpoints[1].stages.iter_mut().flatten().for_each(|window| *window = crate::record::Window::default());
        }
        let (learned, look) = (crate::record::LearnedNoise::default(), crate::compare::Look::only(3, 0.01));
        let comparison = crate::compare::compare_ab(&baseline, &candidate, &Regression::default(), &learned, look);
        let p50 = comparison.rows.iter().find(|row| row.endpoint == "/b").map(|row| row.reason.clone());
        (p50.unwrap(), decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), &Policy::default()))
    };
    let (p50, verdict) = judged(1);
    assert_eq!(p50, "no request in a replicate of the candidate, so there is no p50");
    assert_ne!(verdict.kind, VerdictKind::Invalid, "{:?}", verdict.reasons);
    let (_, verdict) = judged(3);
    assert_eq!(verdict.headline, "no measurement: no request was made to /b, which is to be judged");
}

#[test]
fn what_nobody_got_to_because_all_before_it_failed_is_the_targets_failure_and_no_lack_of_a_measurement() {
    let mut candidate = fixture::with_errors(run(1.0, 9), "/a", ErrorClass::Status5xx, 40);
    candidate.endpoints[1].stages.iter_mut().flatten().for_each(|window| *window = crate::record::Window::default());
    for (reference, promises) in
        [(compared(&candidate, 6), &[][..]), (Reference::NoBaseline, &["/a.error_rate < 1%", "/b.p95 < 1s"][..])]
    {
        let verdict = judge(&candidate, reference, &policy(promises));
        assert_eq!(verdict.exit, Exit::Failed, "{:?}", verdict.reasons);
        let why = "no request was made to /b, which is to be judged, as all 2400 requests to /a failed: 5xx";
        assert!(verdict.reasons.iter().any(|reason| reason == why), "{:?}", verdict.reasons);
    }
    let nothing_broken = judge(&candidate, Reference::NoBaseline, &policy(&["/b.p95 < 1s"]));
    assert_eq!(nothing_broken.exit, Exit::Invalid, "nothing else says that the target is wrong");
    candidate.endpoints[1].scenario = "another".to_owned();
    let verdict = judge(&candidate, compared(&candidate, 6), &Policy::default());
    assert_eq!(verdict.exit, Exit::Invalid, "what another scenario failed at does not explain it");
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
fn that_nobody_was_there_is_known_by_the_check_and_not_by_its_words() {
    let told = |check: &'static str, reason: &str| {
        let check = ValidityCheck { check, ok: false, value: None, reason: reason.to_owned() };
        headline(VerdictKind::Invalid, &["nobody was there".to_owned()], &[check], &[], &Reference::NoBaseline)
    };
    assert_eq!(told("target_reachable", "nobody was there"), "target unreachable, no measurement");
    assert_eq!(told("samples", "nobody was there"), "no measurement: nobody was there");
    assert_eq!(told("target_reachable", "not the first reason"), "no measurement: nobody was there");
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
fn a_target_that_answers_nothing_well_is_told_of_beside_a_generator_that_was_late() {
    let mut candidate = late(run(1.0, 9), 50_000);
    for window in candidate.endpoints.iter_mut().flat_map(|endpoint| &mut endpoint.stages).flatten() {
        window.errors.insert(ErrorClass::Status5xx, window.requests);
    }
    let verdict = judge(&candidate, Reference::NoBaseline, &Policy::default());
    assert_eq!(verdict.exit, Exit::Invalid);
    assert_eq!(verdict.reasons[1], "besides, all 4800 requests failed, most of them with 5xx: that is not the generator's doing");
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
