//! The report for a terminal.

use super::fixture::{
    Load, SHOP, comparison, died, errors, failing, inconclusive, invalid, open, passing, row, run, threshold, without_baseline,
};
use crate::{
    compare::{Change, Grade, SERVICE},
    exit::Exit,
    policy::Quantile,
    report::{RunView, View, console, console_run},
    verdict::{Reference, ThresholdOutcome, VerdictKind},
};

/// From the verdict on: what stands above it is the same for all.
fn verdict(text: &str) -> &str {
    text.rsplit_once("\n\n").map_or(text, |(_, verdict)| verdict)
}

#[test]
fn a_failure_is_shown_with_its_figures_and_the_verdict_last() {
    insta::assert_snapshot!(
        console(&failing()),
        @r###"
        checkout-api, 127.0.0.1:8080, 2026-11-20 12:03 UTC

        endpoint       requests    rate      p50      p95      p99  errors
        GET /search      12,000  2000/s  12.1 ms  17.5 ms    18 ms      0%
        POST /orders        300    50/s  39.5 ms  58.3 ms  60.5 ms      4%
        all endpoints    12,300  2050/s  12.2 ms  17.8 ms  45.1 ms  0.098%

        failed requests
          POST /orders: 5xx 12
          POST /orders 5xx: status 503

        compared with the baseline (7 runs, the newest of 2026-11-20 12:03 UTC)
        endpoint        metric  baseline  candidate   change  found
        service… whole  p50      12.4 ms    12.7 ms    +2.1%  unchanged
        GET /search     p50        12 ms      12 ms    +0.4%  unchanged
        GET /search     p99        20 ms    26.2 ms     +31%  regressed, limit +10%
        POST /orders    p50        41 ms    45.9 ms     +12%  inconclusive, looks slower
        POST /orders    errors      3.8%         4%  +0.2 pp  unchanged

        threshold           actual  found
        p95 < 250ms          41 ms  holds
        error_rate < 0.05%  0.098%  broken

        FAIL: regression in 1 of 2 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate < 0.05% is 0.098%
          - error_rate < 0.05% is broken: 0.098%
          - GET /search: p99 is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction
        how sure: 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.
        next: Not intended: the HTML report shows where and when it was slow. Intended: raise the tolerance of that endpoint under regression.overrides, or accept what it is now as its level:
              loadgate baseline accept --reason TEXT RECORD
        next: A broken threshold speaks of this run alone, whatever the baseline did: make the service keep it, or change it under thresholds.
        "###
    );
}

#[test]
fn other_verdicts_say_what_they_rest_on_and_what_to_do() {
    let all = [passing(), inconclusive(), without_baseline()].map(|view| verdict(&console(&view)).to_owned());
    insta::assert_snapshot!(
        all.join("\n"),
        @r###"
        PASS: no regression found (a change of 7% or more would have been seen)
        how sure: 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

        INCONCLUSIVE: cannot tell for p50 of the service as a whole: only changes of 60% or more could have been seen
          - provisional: only 1 baseline run
        how sure: 1 run against 1 run of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 60% or more would have been seen. Endpoints with 98% of the requests could be settled.
        next: Run the job again, make the measured stages longer, or store more baseline runs: each lets a smaller change be seen.

        WARN: no baseline yet, nothing compared
        next: Store runs of the main branch as baseline, five or more if you can: by update-baseline: auto in its builds, or with
              loadgate baseline promote RECORD
        "###
    );
}

#[test]
fn no_line_of_a_table_is_longer_than_a_terminal_is_wide() {
    const LONG: &str = "GET /api/v2/customers/{customer}/orders/{order}/positions/{position}";
    let mut near = row(LONG, Quantile::P95, 20_000.0, 0.04);
    near.change = near.change.map(|change| Change { interval: Some((0.01, 0.07)), ..change });
    near.grade = Some(Grade::Equivalent);
    let rows = vec![row(SERVICE, Quantile::P50, 12_400.0, 0.02), open(LONG, Quantile::P50, 41_000.0, true), near, errors(LONG)];
    let reference = Reference::Compared(Box::new(comparison(rows)));
    let mut verdict = super::fixture::verdict(VerdictKind::Pass, Exit::Ok, "fine", reference);
    verdict.thresholds = vec![threshold("error_rate < 0.05%", Some(0.000_98), ThresholdOutcome::Fail)];
    let mut record = run(&[Load(LONG, 2_000, 12_000, 0), Load("POST /orders", 50, 41_000, 2)]);
    record.endpoints[0].stages[1][0].dropped = 12;
    let text = console(&View::new(&verdict, &[record.clone()], &[record]));
    assert!(text.contains("  dropped\n") && text.contains("  ≈ looks slower\n"), "{text}");
    assert!(text.contains("≈ stands for a change that is too small or too unsure to count\n"), "{text}");
    let tables = text.split("\nhow sure").next().unwrap();
    for line in tables.lines().filter(|line| line.contains("  ") && !line.starts_with(' ')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_run_without_a_request_is_no_empty_table() {
    insta::assert_snapshot!(
        console(&invalid()),
        @r###"
        checkout-api, 127.0.0.1:8080, 2026-11-20 12:03 UTC
        the run was aborted: 127.0.0.1:8080 did not answer within 60s; nothing was measured
        no request was made

        threshold    actual  found
        p95 < 250ms       –  no data

        INVALID: target unreachable, no measurement
          - target unreachable: none of 300 requests found a connection (connect_refused)
        next: See whether the target answers from the machine that makes the load.
              curl -v --max-time 5 http://127.0.0.1:8080/
        "###
    );
}

#[test]
fn a_service_that_died_is_named_and_its_log_is_what_to_read_next() {
    let text = console(&died(&["no database"]));
    assert!(text.contains("INVALID: the baseline's service did not stay up"), "{text}");
    assert!(text.ends_with("next: Read what the baseline's service said: loadgate-report/logs/baseline-1.log\n"), "{text}");
    assert!(!text.contains("curl"), "{text}");
}

#[test]
fn a_run_alone_has_its_endpoints_and_failures() {
    insta::assert_snapshot!(
        console_run(&RunView::new(&[run(&SHOP)])),
        @r###"
        checkout-api, 127.0.0.1:8080, 2026-11-20 12:03 UTC

        endpoint       requests    rate      p50      p95      p99  errors
        GET /search      12,000  2000/s  12.1 ms  17.5 ms    18 ms      0%
        POST /orders        300    50/s  39.5 ms  58.3 ms  60.5 ms      4%
        all endpoints    12,300  2050/s  12.2 ms  17.8 ms  45.1 ms  0.098%

        failed requests
          POST /orders: 5xx 12
          POST /orders 5xx: status 503
        "###
    );
}

#[test]
fn two_runs_are_added_up() {
    let view = RunView::new(&[run(&SHOP), run(&SHOP)]);
    assert_eq!((view.total.requests, view.total.errors, view.runs), (24_600, 24, 2));
    assert_eq!(view.total.text.rate, "2050/s");
}
