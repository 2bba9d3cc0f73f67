//! Diagnoses of runs made by hand.

use super::fixture as made;
use crate::{
    compare::{SERVICE, fixture},
    diagnose::{Event, Task, diagnose, script},
    exit::Exit,
    policy::{Policy, Quantile, Threshold},
    record::{BreakerEvent, BreakerState, ErrorClass, Errors, Late, Note, RunRecord, StepFacts},
    report::View,
    verdict::{Reference, Verdict, VerdictKind, decide},
};

/// A minute of two endpoints whose latency rises and falls.
fn run() -> RunRecord {
    let us = |second: u64| 5_000 + (second * second * 7919 % 61) * 100;
    let mut run = fixture::steady(60, &["list", "order"], 20, |_, second, n| us(second) + n);
    run.notes = (0..60)
        .map(|second| Note {
            at_us: second * 1_000_000 + 500,
            name: "cpu".to_owned(),
            value: Some(us(second) as f64 / 100.0),
            text: String::new(),
        })
        .collect();
    run.notes.extend((0..60).map(|second| Note {
        at_us: second * 1_000_000,
        name: "noise".to_owned(),
        value: Some((second * 37 % 11) as f64),
        text: String::new(),
    }));
    run.notes.push(Note { at_us: 9_000_000, name: "deploy".to_owned(), value: None, text: "v2".to_owned() });
    let step = |endpoint: &str, needs: &[&str]| StepFacts {
        endpoint: endpoint.to_owned(),
        method: "GET".to_owned(),
        url: format!("http://127.0.0.1:9/{endpoint}"),
        depends_on: needs.iter().map(|name| (*name).to_owned()).collect(),
        ..StepFacts::default()
    };
    run.plan.steps = vec![step("list", &["redis"]), step("order", &["redis", "orders-db"])];
    run
}

fn broken(run: &RunRecord, thresholds: &[&str]) -> Verdict {
    let thresholds = thresholds.iter().map(|expr| Threshold::parse(expr).unwrap()).collect();
    let policy = Policy { thresholds, ..Policy::default() };
    decide(std::slice::from_ref(run), Reference::NoBaseline, &policy)
}

#[test]
fn what_passed_has_no_diagnosis() {
    let run = run();
    assert!(diagnose(&broken(&run, &["p99 < 10s"]), &[run]).is_none());
}

#[test]
fn the_series_that_moves_with_the_latency_is_ranked_first() {
    let run = run();
    let chronicle = diagnose(&broken(&run, &["p99 < 1ms"]), &[run]).unwrap().chronicle.unwrap();
    let first = &chronicle.links[0];
    assert!(first.series == "cpu" && first.rho > 0.99 && first.lead_s == 0.0 && first.clear, "{:?}", chronicle.links);
    assert!(chronicle.links.iter().any(|link| link.series == "noise" && !link.clear), "{:?}", chronicle.links);
    assert!(chronicle.events.iter().any(|event| event.kind == "deploy" && event.text == "v2" && event.at_s == 9.0));
    assert_eq!((chronicle.at_s.len(), chronicle.slowest.len(), chronicle.run), (60, 3, (1, 1)));
}

#[test]
fn the_short_place_at_the_end_of_a_stage_has_its_own_rate_and_its_own_notes() {
    // 260 windows are merged by twos, and 251 leave one over.
    let request = |second: u64, n: u64| fixture::Request {
        due_us: second * 1_000_000 + n * 250_000,
        endpoint: 0,
        outcome: Ok(2_000 + second % 7 * 100),
    };
    let requests: Vec<fixture::Request> = (0..260).flat_map(|second| (0..4).map(move |n| request(second, n))).collect();
    let mut run = fixture::run(&[251, 9], &["list"], &requests);
    run.plan.stages[1].began_us = 251_000_000;
    let note = |at_us: u64, value: f64| Note { at_us, name: "cpu".to_owned(), value: Some(value), text: String::new() };
    run.notes = vec![note(250_500_000, 10.0), note(251_500_000, 30.0)];
    let chronicle = diagnose(&broken(&run, &["p99 < 1ms"]), &[run]).unwrap().chronicle.unwrap();
    let values = |name: &str| chronicle.series.iter().find(|series| series.name == name).unwrap().values.clone();
    assert_eq!((chronicle.at_s.len(), chronicle.length_s[124], chronicle.length_s[125]), (131, 2.0, 1.0));
    assert!(values("requests").iter().all(|rate| *rate == Some(4.0)), "{:?}", values("requests"));
    assert_eq!(values("cpu")[124..128], [None, Some(10.0), Some(30.0), None]);
}

#[test]
fn how_late_requests_were_sent_has_lanes_and_the_worst_is_seen_though_the_mean_hides_it() {
    // 300 windows are merged by twos; nothing is known of the last two.
    let us = |_: usize, second: u64, n: u64| if second == 31 { 40_000 } else { 5_000 + second % 7 * 100 + n };
    let mut run = fixture::steady(300, &["list"], 4, us);
    let late = |second: u64| match second {
        31 => Late { sent: 4, sum_us: 40_000, max_us: 39_700, over_1ms: 1 },
        _ => Late { sent: 4, sum_us: 400, max_us: 130 + second % 2, over_1ms: 0 },
    };
    run.generator.late_by_window = vec![(0..298).map(late).collect()];
    let verdict = broken(&run, &["p99 < 1ms"]);
    let chronicle = diagnose(&verdict, &[run.clone()]).unwrap().chronicle.unwrap();
    let values = |name: &str| chronicle.series.iter().find(|series| series.name == name).unwrap().values.clone();
    let (mean, worst) = (values("sent late, mean"), values("sent late, worst"));
    assert_eq!((mean.len(), &mean[14..16], mean[149]), (150, [Some(100.0), Some(5_050.0)].as_slice(), None));
    assert_eq!((&worst[14..16], worst[149]), ([Some(131.0), Some(39_700.0)].as_slice(), None));
    assert_eq!(chronicle.slowest, [15], "the moment at which the generator was late");
    let page = super::text("report.html", &View::new(&verdict, &[run.clone()], &[]));
    assert!(page.contains("sent late, worst<title>") && page.contains("39.7 ms"), "{page}");
    run.generator.late_by_window.clear();
    let chronicle = diagnose(&verdict, &[run]).unwrap().chronicle.unwrap();
    assert!(!chronicle.series.iter().any(|series| series.name.contains("late")), "a missing number is never zero");
}

#[test]
fn a_long_log_pushes_out_neither_stages_nor_causes() {
    let mut run = run();
    let note = |at_us: u64, name: String, value| Note { at_us, name, value, text: "ok".to_owned() };
    run.notes.extend((0..600).map(|n| note(n * 100_000, "INFO".to_owned(), None)));
    let idle = |n: u64| (0..60).map(move |second| note(second * 1_000_000, format!("a{n}"), Some(1.0)));
    run.notes.extend((0..30).flat_map(idle));
    let verdict = broken(&run, &["p99 < 1ms"]);
    let text = super::text("report.html", &View::new(&verdict, &[run.clone()], &[]));
    assert!(text.contains("542 more events are not listed: stages and what loadgate changed come first"), "{text}");
    assert!(text.contains("20 more series are in the record; those that moved most clearly with the p99 are shown."), "{text}");
    let chronicle = diagnose(&verdict, &[run]).unwrap().chronicle.unwrap();
    assert!(chronicle.series.iter().any(|series| series.name == "cpu"), "first by name are those that never change");
    assert!(chronicle.events.iter().any(|event| event.kind == "stage"));
    for place in &chronicle.slowest {
        let middle = chronicle.at_s[*place] + chronicle.length_s[*place] / 2.0;
        let is_near = |event: &Event| event.kind == "INFO" && (event.at_s - middle).abs() < 0.2;
        assert!(chronicle.events.iter().any(is_near), "{middle}: {:?}", chronicle.events);
    }
    assert!(chronicle.events.is_sorted_by_key(|event| event.at_s), "in order of time");
}

#[test]
fn what_only_affected_endpoints_need_comes_first() {
    let mut run = run();
    for window in run.endpoints[1].stages.iter_mut().flatten() {
        window.errors = Errors::from([(ErrorClass::Status5xx, 5)]);
    }
    run.breaker = vec![BreakerEvent { at_us: 30_000_000, state: BreakerState::Open, reason: "25% failed".to_owned() }];
    let found = diagnose(&broken(&run, &["order.error_rate < 1%"]), &[run]).unwrap();
    let blast = found.blast;
    assert_eq!(blast.endpoints[0].endpoint, "order");
    assert!(blast.endpoints[0].is_affected && !blast.endpoints[1].is_affected);
    let names: Vec<&str> = blast.dependencies.iter().map(|of| of.name.as_str()).collect();
    assert_eq!((names, blast.dependencies[1].well.as_slice()), (vec!["orders-db", "redis"], ["list".to_owned()].as_slice()));
    assert_eq!((blast.errors[0].class, blast.errors[0].count), ("5xx", 300));
    assert_eq!(blast.breaker.map(|of| (of.opened, of.state)), Some((1, BreakerState::Open)));
    assert_eq!(found.tasks.len(), 1);
    assert_eq!(found.tasks[0].curl.as_deref(), Some("http://127.0.0.1:9/order"));
    assert!(found.tasks[0].found.iter().any(|words| words == "300 of 1200 requests failed"), "{:?}", found.tasks[0].found);
}

#[test]
fn where_only_the_service_as_a_whole_regressed_the_endpoint_that_changed_the_most_is_suspected() {
    let rows = vec![
        made::regressed(SERVICE, Quantile::P50, 12_400.0, 0.12),
        made::row("GET /search", Quantile::P50, 12_000.0, 0.09),
        made::row("POST /orders", Quantile::P50, 41_000.0, 0.14),
        made::row("GET /search", Quantile::P99, 20_000.0, 0.9),
    ];
    let reference = Reference::Compared(Box::new(made::comparison(rows)));
    let verdict = made::verdict(VerdictKind::Fail, Exit::Failed, "slower as a whole", reference);
    let run = made::run(&[made::Load("GET /search", 200, 12_000, 0), made::Load("POST /orders", 50, 41_000, 0)]);
    let tasks = diagnose(&verdict, &[run]).unwrap().tasks;
    assert_eq!((tasks.len(), tasks[0].endpoint.as_str()), (1, "POST /orders"));
    assert!(tasks[0].found[0].starts_with("p50 is 31% slower"), "{:?}", tasks[0].found);
    assert_eq!(tasks[0].found[1], "of all endpoints its p50 changed the most: +14%");
}

#[test]
fn a_script_skips_what_must_be_filled_in_by_hand_and_asks_for_what_is_secret() {
    let task = |endpoint: &str, curl: &str, variables: &[&str]| Task {
        endpoint: endpoint.to_owned(),
        found: Vec::new(),
        curl: Some(curl.to_owned()),
        variables: variables.iter().map(|name| (*name).to_owned()).collect(),
        has_gaps: curl.contains("{{"),
        status: vec![200, 201],
        contains: Some("it's".to_owned()),
        checks: Vec::new(),
        owner: None,
    };
    let tasks = [task("get it", "http://x/{{ id }}", &["UNUSED"]), task("a;b", "http://x/", &["PORT", "TOKEN"])];
    let script = script(&tasks).unwrap();
    assert!(script.contains("echo 'skipped  get it: fill in its request by hand'\n"), "{script}");
    assert!(script.contains(": \"${TOKEN:?set it to the value of this header}\"\n") && !script.contains("UNUSED"), "{script}");
    assert!(script.contains(": \"${PORT:?start the service and set it to the port it listens at}\"\n"), "{script}");
    assert!(script.contains("check 'a;b' '200 201' 'it'\\''s' http://x/\n"), "{script}");
}
