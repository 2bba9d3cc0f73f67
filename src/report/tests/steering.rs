//! What a run shows beside its latencies: steps, phases, and what loadgate changed about the load.

use serde_json::{Value, json};

use super::fixture::{Load, passing, run, verdict};
use crate::{
    exit::Exit,
    record::{BreakerEvent, BreakerState, Phases, RunRecord, ShedEvent, StageFacts},
    report::{RunView, View, console_run, summary_json},
    verdict::{Reference, VerdictKind},
};

/// The measured stage as two steps of three seconds: the second with half of the windows, and twice the load in name.
fn stepped() -> RunRecord {
    let mut record = run(&[Load("GET /search", 200, 12_000, 4)]);
    let steady = record.plan.stages.remove(1);
    let step = |number: u64, shape: &str| StageFacts {
        name: format!("climb {number}"),
        shape: shape.to_owned(),
        step_of: Some("climb".to_owned()),
        duration_us: 3_000_000,
        played_us: 3_000_000,
        ..steady.clone()
    };
    record.plan.stages.extend([step(1, "200/s"), step(2, "400/s")]);
    let late = record.endpoints[0].stages[1].split_off(3);
    record.endpoints[0].stages.push(late);
    record
}

fn steered() -> RunRecord {
    let mut record = stepped();
    let event = |at_us, state, reason: &str| BreakerEvent { at_us, state, reason: reason.to_owned() };
    record.breaker = vec![
        event(2_512_000, BreakerState::Open, "60 of 100 requests failed within 10s (60%, 50% are allowed)"),
        event(4_512_000, BreakerState::HalfOpen, "5 requests try whether the target is well again"),
    ];
    record.generator.shed = vec![ShedEvent { at_us: 3_000_000, kept: 0.8, reason: "its busiest thread was busy 90%".to_owned() }];
    record.generator.busy_share_max = Some(0.9);
    record.generator.sched_lag_max_us = Some(498_000);
    record.plan.stages[1].held_back = 1_400;
    record
}

#[test]
fn steps_stand_beside_one_another() {
    insta::assert_snapshot!(
        console_run(&RunView::new(&[stepped()])),
        @r"
        checkout-api, 127.0.0.1:8080, 2026-11-20 12:03 UTC

        endpoint     requests   rate    p50      p95      p99  errors
        GET /search     1,200  200/s  12 ms  17.5 ms  23.8 ms      2%

        climb  requests  throughput      p50      p95      p99  errors
        200/s       600       200/s  11.9 ms  17.4 ms  23.8 ms      2%
        400/s       600       200/s    12 ms  17.5 ms  23.8 ms      2%

        failed requests
          GET /search: 5xx 24
          POST /orders 5xx: status 503
        "
    );
    let summary: Value = serde_json::from_str(&summary_json(&RunView::new(&[stepped()]))).unwrap();
    let steps = summary["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!((&steps[1]["step_of"], &steps[1]["load"], &steps[1]["requests"]), (&json!("climb"), &json!("400/s"), &json!(600)));
    assert_eq!((&steps[1]["achieved_rate_per_s"], &steps[1]["error_rate"]), (&json!(200.0), &json!(0.02)));
}

#[test]
fn the_table_of_steps_in_a_comment_has_five_columns() {
    let verdict = verdict(VerdictKind::Pass, Exit::Ok, "all is well", Reference::NoBaseline);
    let text = super::text("comment.md", &View::new(&verdict, &[stepped()], &[]));
    let (_, table) = text.split_once("**Steps of `climb`**").unwrap();
    let rows: Vec<&str> = table.trim_start().lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(rows.iter().all(|row| row.matches('|').count() == 6), "{text}");
    assert_eq!(rows[3], "| 400/s | 600 | 200/s | 12 ms / 17.5 ms / 23.8 ms | 2% |");
}

#[test]
fn a_run_without_steps_has_no_table_of_them() {
    let view = RunView::new(&[run(&super::fixture::SHOP)]);
    assert!(view.steps.is_empty() && view.events.is_empty());
    assert!(!super::run_text("report.html", &view).contains("Steps of"));
}

#[test]
fn what_was_changed_about_the_load_is_told_in_order_of_time() {
    let view = RunView::new(&[steered()]);
    let console = console_run(&view);
    let told = console.split_once("what loadgate changed about the load\n").unwrap().1;
    insta::assert_snapshot!(told, @r"
    2.5s circuit breaker open: 60 of 100 requests failed within 10s (60%, 50% are allowed)
    3s load shed to 80%: its busiest thread was busy 90%
    4.5s circuit breaker half-open: 5 requests try whether the target is well again
    ");
    let html = super::run_text("report.html", &view);
    for text in ["What loadgate changed about the load by itself", "circuit breaker half-open", "held back", "1,400", "498 ms"] {
        assert!(html.contains(text), "{text}");
    }
    let summary: Value = serde_json::from_str(&summary_json(&RunView::new(&[steered()]))).unwrap();
    assert_eq!(summary["events"][0]["at_us"], 2_512_000);
    assert_eq!(summary["generator"]["sched_lag_max_us"], 498_000);
    let markdown = super::text("comment.md", &View { run: view, ..passing() });
    assert!(markdown.contains("- 3s load shed to 80%: its busiest thread was busy 90%"), "{markdown}");
    assert!(markdown.contains("| 400/s | 600 | 200/s |"), "{markdown}");
}

#[test]
fn phases_are_means_over_the_successful_requests_and_reuse_is_of_attempts() {
    let mut record = run(&[Load("GET /search", 100, 12_000, 20)]);
    for window in record.endpoints[0].stages.iter_mut().flatten() {
        // 80 succeed in each window.
        window.phases = Phases { connect: 80 * 500_000, wait: 80 * 11_000_000, ..Phases::default() };
        (window.connections, window.retries) = (11, 10);
    }
    let summary: Value = serde_json::from_str(&summary_json(&RunView::new(std::slice::from_ref(&record)))).unwrap();
    let total = &summary["total"];
    assert_eq!((&total["retries"], &total["connections"], &total["connection_reuse"]), (&json!(60), &json!(66), &json!(0.9)));
    assert_eq!((&total["phases_mean_us"]["connect"], &total["phases_mean_us"]["wait"]), (&json!(500.0), &json!(11_000.0)));
    assert_eq!(total["phases_mean_us"]["tls"], 0.0);
    let html = super::run_text("report.html", &RunView::new(&[record]));
    assert!(html.contains("<td class=\"n\">500 us</td>") && html.contains("<td class=\"n\">90%</td>"));
    let unknown: Value = serde_json::from_str(&summary_json(&RunView::new(&[run(&super::fixture::SHOP)]))).unwrap();
    assert_eq!((&unknown["total"]["phases_mean_us"], &unknown["total"]["connection_reuse"]), (&Value::Null, &Value::Null));
}

#[test]
fn bodies_that_waited_for_the_target_are_a_fact_of_the_run_and_those_that_did_not_are_none() {
    const WAITED: &str = "bodies waited for the target to make room";
    let mut record = run(&[Load("POST /orders", 100, 12_000, 0)]);
    for window in record.endpoints[0].stages.iter_mut().flatten() {
        window.phases = Phases { send: 250_000_000, stalled: 100_000_000, ..Phases::default() };
    }
    let view = RunView::new(&[record]);
    let told: Vec<&str> = view.environment.iter().filter(|fact| fact.name == WAITED).map(|fact| fact.value.as_str()).collect();
    assert_eq!(told, ["600 ms of 1.5 s of sending"], "of all six windows");
    assert!(super::run_text("report.html", &view).contains(WAITED));
    assert!(!super::run_text("report.html", &RunView::new(&[run(&super::fixture::SHOP)])).contains(WAITED));
}

#[test]
fn classes_of_errors_stand_in_the_order_of_all_classes() {
    let mut record = run(&super::fixture::SHOP);
    let all = crate::record::ErrorClass::ALL;
    record.endpoints[0].stages[1][0].errors = all.iter().rev().map(|class| (*class, 1)).collect();
    let view = RunView::new(&[record]);
    let names: Vec<&str> = view.endpoints[0].errors_by_class.iter().map(|count| count.class).collect();
    assert_eq!(names, all.map(|class| class.name()));
}
