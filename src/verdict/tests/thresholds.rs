//! Promises of the run itself.

use super::*;

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
fn connections_are_those_of_the_window_that_has_most_and_with_a_span_the_mean_of_each() {
    let mut candidate = run(1.0, 9);
    for (second, window) in candidate.endpoints[0].stages[0].iter_mut().enumerate() {
        window.connected_us = if second < 9 { 100 * SECOND_US } else { 200 * SECOND_US };
    }
    candidate.endpoints[0].stages[0][20].connected_us = 260 * SECOND_US + 70_000;
    for (holds, breaks) in [
        ("/a.connections >= 260", "/a.connections > 261"),
        ("connections <= 261", "connections < 260"),
        ("/a.connections >= 100 over 5s", "/a.connections >= 101 over 5s"),
        ("/b.connections == 0", "/b.connections > 0"),
    ] {
        assert_eq!(threshold(&candidate, holds).0, ThresholdOutcome::Pass, "{holds}");
        assert_eq!(threshold(&candidate, breaks).0, ThresholdOutcome::Fail, "{breaks}");
    }
    assert_eq!(threshold(&candidate, "/a.connections > 261").1, "/a.connections > 261 is broken: 260");
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
fn a_coarser_window_than_the_span_is_one_window() {
    let coarse = outage().coarsened(5 * SECOND_US);
    let short = Duration::from_secs(1);
    assert_eq!(span::sliding(std::slice::from_ref(&coarse), None, short).len(), 4);
}

#[test]
fn what_need_not_happen_and_did_not_is_no_missing_measurement() {
    let mut candidate = run(1.0, 9);
    candidate.endpoints[1].stages.iter_mut().flatten().for_each(|window| *window = crate::record::Window::default());
    candidate.endpoints[1].is_occasional = true;
    let verdict = judge(&candidate, Reference::NoBaseline, &policy(&["/b.requests == 0", "/b.p95 < 1s", "/b.error_rate < 1%"]));
    let outcomes: Vec<ThresholdOutcome> = verdict.thresholds.iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [ThresholdOutcome::Pass, ThresholdOutcome::NoData, ThresholdOutcome::NoData]);
    assert_eq!(verdict.kind, judge(&candidate, Reference::NoBaseline, &policy(&[])).kind, "{}", verdict.headline);
}
