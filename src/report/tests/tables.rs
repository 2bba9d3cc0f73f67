//! CSV and JUnit: what spreadsheets and test viewers read.

use super::fixture::{Load, SHOP, comparison, failing, hostile, passing, row, run, verdict, without_baseline};
use crate::{
    compare::Outcome,
    exit::Exit,
    policy::Quantile,
    report::{RunView, View},
    verdict::{Reference, VerdictKind},
};

#[test]
fn each_compared_metric_is_a_row_with_units_in_the_head() {
    let text = super::text("summary.csv", &failing());
    assert_eq!(text.matches("\r\n").count(), text.lines().count(), "RFC 4180 ends lines with CRLF");
    insta::assert_snapshot!(
        text.replace("\r\n", "\n"),
        @r###"
        endpoint,metric,unit,baseline,candidate,change_fraction,ci_low_fraction,ci_high_fraction,p_value,outcome
        *,p50,us,12400,12660.4,0.021,-0.029,0.081,0.4,unchanged
        GET /search,p50,us,12000,12048,0.004,-0.046,0.064,0.4,unchanged
        GET /search,p99,us,20000,26200,0.31,0.26,0.37,0.0002,regressed
        POST /orders,p50,us,41000,45920,0.12,0.07,0.18,0.4,inconclusive
        POST /orders,error_rate,share,0.038,0.04,0.002,-0.004,0.008,,unchanged
        "###
    );
    assert_eq!(super::text("summary.csv", &without_baseline()).lines().count(), 1);
}

#[test]
fn each_window_is_a_row() {
    let text = super::text("windows.csv", &failing());
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 1 + 2 * 6);
    assert_eq!(rows[1], "1,GET /search,steady,2,2000,0,0,12055,17487,17967,11447,16623,17071,,");
    assert!(rows[7].starts_with("1,POST /orders,steady,2,50,2,0,"), "{}", rows[7]);
}

#[test]
fn a_window_without_success_has_empty_fields_and_no_zeros() {
    let view = RunView::new(&[run(&[Load("down", 5, 1_000, 5)])]);
    let text = crate::report::tests::run_text("windows.csv", &view);
    assert_eq!(text.lines().nth(1), Some("1,down,steady,2,5,5,0,,,,,,,,"));
}

#[test]
fn a_name_that_looks_like_a_formula_is_text() {
    let names = ["=1+1", "+1", "-1", "@SUM(A1)"].map(|name| run(&[Load(name, 5, 1_000, 0)]));
    for record in names {
        let text = crate::report::tests::run_text("windows.csv", &RunView::new(&[record]));
        let row = text.lines().nth(1).unwrap_or_default();
        assert!(row.starts_with("1,'"), "{row}");
    }
}

#[test]
fn a_test_viewer_sees_each_promise_with_its_reason() {
    insta::assert_snapshot!(
        super::text("junit.xml", &failing()),
        @r###"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="loadgate" tests="10" failures="3" errors="0" skipped="1">
          <testsuite name="checkout-api gate" tests="1" failures="1" errors="0" skipped="0">
            <testcase classname="checkout-api gate" name="verdict">
              <failure message="regression in 1 of 2 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098%">regression in 1 of 2 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098%</failure>
            </testcase>
          </testsuite>
          <testsuite name="checkout-api thresholds" tests="2" failures="1" errors="0" skipped="0">
            <testcase classname="checkout-api thresholds" name="p95 &lt; 250ms">
              <system-out>p95 &lt; 250ms holds: 41 ms</system-out>
            </testcase>
            <testcase classname="checkout-api thresholds" name="error_rate &lt; 0.05%">
              <failure message="error_rate &lt; 0.05% is broken: 0.098%">error_rate &lt; 0.05% is broken: 0.098%</failure>
            </testcase>
          </testsuite>
          <testsuite name="checkout-api comparison" tests="5" failures="1" errors="0" skipped="1">
            <testcase classname="checkout-api comparison" name="service as a whole p50">
              <system-out>no change of p50 found; a change of 8% or more would have been seen</system-out>
            </testcase>
            <testcase classname="checkout-api comparison" name="GET /search p50">
              <system-out>no change of p50 found; a change of 8% or more would have been seen</system-out>
            </testcase>
            <testcase classname="checkout-api comparison" name="GET /search p99">
              <failure message="p99 is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction">p99 is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction</failure>
            </testcase>
            <testcase classname="checkout-api comparison" name="POST /orders p50">
              <skipped message="cannot tell for p50: only changes of 60% or more could have been seen"/>
            </testcase>
            <testcase classname="checkout-api comparison" name="POST /orders error_rate">
              <system-out>error rate went from 3.8% to 4%; an increase of 0.8 pp or more is ruled out</system-out>
            </testcase>
          </testsuite>
          <testsuite name="checkout-api validity" tests="2" failures="0" errors="0" skipped="0">
            <testcase classname="checkout-api validity" name="complete">
              <system-out>all stages were played to their end</system-out>
            </testcase>
            <testcase classname="checkout-api validity" name="achieved rate">
              <system-out>100% of 12300 offered arrivals were sent</system-out>
            </testcase>
          </testsuite>
        </testsuites>
        "###
    );
}

/// What fails the gate without a row of its own: an endpoint that is gone, no baseline, another environment, an improvement that
/// must not pass, an open comparison where the configuration says fail.
#[test]
fn a_test_viewer_is_red_wherever_the_gate_is() {
    let compared = |change: &dyn Fn(&mut crate::compare::Comparison)| {
        let mut comparison = comparison(vec![row("GET /search", Quantile::P50, 12_000.0, 0.004)]);
        change(&mut comparison);
        Reference::Compared(Box::new(comparison))
    };
    let vanished = compared(&|comparison| comparison.vanished = vec!["GET /old".to_owned()]);
    let improved = compared(&|comparison| comparison.rows[0].outcome = Outcome::Improved);
    for (kind, exit, reference) in [
        (VerdictKind::Fail, Exit::Failed, vanished),
        (VerdictKind::Fail, Exit::Failed, Reference::NoBaseline),
        (VerdictKind::Fail, Exit::Failed, Reference::Mismatch(vec!["cores".to_owned()])),
        (VerdictKind::Fail, Exit::Failed, improved),
        (VerdictKind::Inconclusive, Exit::Inconclusive, compared(&|_| ())),
    ] {
        let view = View::new(&verdict(kind, exit, "why it is so", reference), &[run(&SHOP)], &[run(&SHOP)]);
        let text = super::text("junit.xml", &view);
        let head = text.lines().nth(1).unwrap();
        assert!(head.contains(r#" failures="1" "#) && text.contains(r#"<failure message="why it is so">"#), "{text}");
    }
    let text = super::text("junit.xml", &passing());
    assert!(!text.contains("<failure") && text.contains(r#"name="verdict""#), "{text}");
}

#[test]
fn hostile_text_stays_inside_its_attribute() {
    let text = super::text("junit.xml", &hostile());
    assert!(!text.contains("<script") && !text.contains('\u{1b}') && !text.contains("]]>"), "{text}");
    let opened = text.matches("<testcase ").count();
    assert!(opened > 0 && opened == text.matches("</testcase>").count());
    assert!(text.chars().all(|c| !c.is_control() || c == '\n'));
}

#[test]
fn gitlab_finds_what_it_shows_in_milliseconds() {
    let text = super::text("load-performance.json", &failing());
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let metrics = &found["metrics"];
    let total = &failing().run.total;
    assert_eq!(metrics["http_req_waiting"]["p(95)"], serde_json::json!(total.response.p95.unwrap() as f64 / 1e3));
    assert_eq!(metrics["checks"]["passes"], total.requests - total.errors);
    assert_eq!(metrics["checks"]["fails"], total.errors);
    assert_eq!(metrics["http_reqs"]["rate"], total.rate_per_s.unwrap());

    let down = RunView::new(&[run(&[Load("down", 5, 1_000, 5)])]);
    let found: serde_json::Value = serde_json::from_str(&crate::report::tests::run_text("load-performance.json", &down)).unwrap();
    assert_eq!(found["metrics"]["http_req_waiting"], serde_json::json!({}), "nothing succeeded, so there are no latencies");
}

#[test]
fn metrics_are_samples_by_endpoint() {
    insta::assert_snapshot!(super::text("metrics.txt", &failing()), @r#"
    # TYPE loadgate_response_time_seconds summary
    # UNIT loadgate_response_time_seconds seconds
    # HELP loadgate_response_time_seconds Response time of requests that succeeded, from the moment they were due.
    loadgate_response_time_seconds{suite="checkout-api",endpoint="*",quantile="0.5"} 0.012223
    loadgate_response_time_seconds{suite="checkout-api",endpoint="*",quantile="0.9"} 0.017183
    loadgate_response_time_seconds{suite="checkout-api",endpoint="*",quantile="0.95"} 0.017791
    loadgate_response_time_seconds{suite="checkout-api",endpoint="*",quantile="0.99"} 0.045055
    loadgate_response_time_seconds{suite="checkout-api",endpoint="*",quantile="0.999"} 0.058367
    loadgate_response_time_seconds{suite="checkout-api",endpoint="GET /search",quantile="0.5"} 0.012079
    loadgate_response_time_seconds{suite="checkout-api",endpoint="GET /search",quantile="0.9"} 0.016911
    loadgate_response_time_seconds{suite="checkout-api",endpoint="GET /search",quantile="0.95"} 0.017519
    loadgate_response_time_seconds{suite="checkout-api",endpoint="GET /search",quantile="0.99"} 0.017999
    loadgate_response_time_seconds{suite="checkout-api",endpoint="GET /search",quantile="0.999"} 0.045439
    loadgate_response_time_seconds{suite="checkout-api",endpoint="POST /orders",quantile="0.5"} 0.039455
    loadgate_response_time_seconds{suite="checkout-api",endpoint="POST /orders",quantile="0.9"} 0.056031
    loadgate_response_time_seconds{suite="checkout-api",endpoint="POST /orders",quantile="0.95"} 0.058335
    loadgate_response_time_seconds{suite="checkout-api",endpoint="POST /orders",quantile="0.99"} 0.060511
    # TYPE loadgate_requests counter
    # HELP loadgate_requests Requests that came to an outcome.
    loadgate_requests_total{suite="checkout-api",endpoint="*"} 12300
    loadgate_requests_total{suite="checkout-api",endpoint="GET /search"} 12000
    loadgate_requests_total{suite="checkout-api",endpoint="POST /orders"} 300
    # TYPE loadgate_errors counter
    # HELP loadgate_errors Requests that failed.
    loadgate_errors_total{suite="checkout-api",endpoint="*"} 12
    loadgate_errors_total{suite="checkout-api",endpoint="GET /search"} 0
    loadgate_errors_total{suite="checkout-api",endpoint="POST /orders"} 12
    # TYPE loadgate_error_ratio gauge
    # UNIT loadgate_error_ratio ratio
    # HELP loadgate_error_ratio Share of the requests that failed.
    loadgate_error_ratio{suite="checkout-api",endpoint="*"} 0.000975609756097561
    loadgate_error_ratio{suite="checkout-api",endpoint="GET /search"} 0
    loadgate_error_ratio{suite="checkout-api",endpoint="POST /orders"} 0.04
    # TYPE loadgate_requests_per_second gauge
    # HELP loadgate_requests_per_second Requests per second that came to an outcome.
    loadgate_requests_per_second{suite="checkout-api",endpoint="*"} 2050
    loadgate_requests_per_second{suite="checkout-api",endpoint="GET /search"} 2000
    loadgate_requests_per_second{suite="checkout-api",endpoint="POST /orders"} 50
    # EOF
    "#);
}

#[test]
fn a_hostile_name_stays_within_its_label() {
    let view = RunView::new(&[run(&[Load("a\"} 1\nevil\\", 5, 1_000, 5)])]);
    let text = crate::report::tests::run_text("metrics.txt", &view);
    assert!(text.contains(r#"endpoint="a\"} 1\nevil\\"} 5"#), "{text}");
    let odd = RunView::new(&[run(&[Load("a\u{1b}[31m\u{202e}b\r", 5, 1_000, 0)])]);
    let shown = crate::report::tests::run_text("metrics.txt", &odd);
    assert!(shown.contains(r#"endpoint="a[31mb "} 5"#) && !shown.contains(['\u{1b}', '\u{202e}', '\r']), "{shown}");
    let is_sample = |line: &str| line.starts_with('#') || line.starts_with("loadgate_");
    assert!(text.lines().all(is_sample) && text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("quantile"), "nothing succeeded: {text}");
}

#[test]
fn a_histogram_adds_up_to_all_requests() {
    let text = super::text("histogram.csv", &failing());
    assert!(text.starts_with("endpoint,measure,up_to_us,count,cumulative_count,cumulative_fraction\r\n"));
    let last = |measure: &str| text.lines().rfind(|line| line.starts_with(measure)).unwrap().to_owned();
    assert!(last("GET /search,response,").ends_with(",12000,1"), "{}", last("GET /search,response,"));
    assert!(last("POST /orders,failed,").ends_with(",12,1"), "{}", last("POST /orders,failed,"));
}

#[test]
fn samples_lead_to_their_trace() {
    let mut record = run(&SHOP);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    record.failures[0].trace_id = Some(trace.parse().unwrap());
    record.failures[0].exchange = Some(Box::new(crate::record::ExchangeSample {
        request: "POST /orders".to_owned(),
        status: 503,
        body: "=cmd()".to_owned(),
        body_bytes: 6,
        ..crate::record::ExchangeSample::default()
    }));
    let view = RunView::new(&[record]);
    let text = crate::report::tests::run_text("samples.csv", &view);
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows[1], format!("POST /orders,5xx,status 503,POST /orders,503,6,{trace},'=cmd(),failed,,,"));
    let slow = "0000000000000007000000000000a028,,slow,2026-11-20T12:03:08.200000Z,205000,41000";
    assert_eq!(rows[2], format!("POST /orders,5xx,\"sent late, on a new connection, failed (5xx)\",,,,{slow}"));
    assert_eq!(rows.len(), 4, "{text}");
    let failures = crate::report::tests::run_text("failures.json", &view);
    assert!(failures.contains(&format!("\"trace_id\": \"{trace}\"")), "{failures}");
}
