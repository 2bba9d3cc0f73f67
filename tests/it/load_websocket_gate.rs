//! A suite of nothing but WebSocket connections as a gate: stored by itself, compared with, judged.

use std::{fs, process::Output};

use crate::{bench::Bench, program::transcript};

const CONFIG: &str = "\
name: feed
target: TARGET
record: { window: 500ms }
regression: { block: 500ms }
baseline: { promote: { from: push_to_main, only_if: passed } }
scenarios:
  - name: feed
    websocket: /ws
    connections: { warmup: 2s, ramp: 20, hold: 2s }
    rate: 10/s
    steps: [ { send: x }, { expect: { name: echo } } ]
";

/// A gate in a build of main.
fn gate_of_main(bench: &Bench) -> Output {
    fs::write(bench.path().join("event.json"), "{}").unwrap();
    let mut command = bench.command(&["gate", "--quiet"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "push").env("GITHUB_REF", "refs/heads/main");
    command.env("GITHUB_SHA", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d");
    command.env("GITHUB_EVENT_PATH", bench.path().join("event.json")).output().unwrap()
}

#[test]
fn load_of_connections_is_stored_by_a_gate_of_main_and_compared_with_by_the_next() {
    let bench = Bench::new("routes: [ { path: /ws, websocket: {} } ]", CONFIG);
    let first = gate_of_main(&bench);
    assert_eq!(first.status.code(), Some(0), "{}", transcript(&first));
    assert!(transcript(&first).contains("note: stored as a baseline: "), "{}", transcript(&first));
    let (record, seen) = (bench.record("loadgate-report/record.json.gz"), bench.seen());
    assert_eq!(record.endpoint("feed.connect").unwrap().total().requests, 20, "those that are measured");
    assert_eq!(seen["websocket"]["opened"], 40, "each comes in the warm-up too: {seen:#}");
    assert_eq!(seen["websocket"]["closed"], serde_json::json!({ "1000": 40 }), "and goes again");
    let second = gate_of_main(&bench);
    let verdict = bench.verdict();
    assert_eq!(verdict["baseline"]["runs"], 1, "{}", transcript(&second));
    assert_ne!(verdict["verdict"], "invalid", "{verdict:#}");
}

#[test]
fn load_of_connections_without_a_warm_up_is_told_the_key_that_gives_it_one() {
    let bench = Bench::new("routes: [ { path: /ws, websocket: {} } ]", &CONFIG.replace("warmup: 2s, ", ""));
    let output = gate_of_main(&bench);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let told =
        "it has no warm-up stage before its first measured one. To mend it: add a warm-up to `connections`, such as warmup: 10s";
    assert!(transcript(&output).contains(told), "{}", transcript(&output));
    let refused = bench.ends_with(2, &["baseline", "record", "-c", "loadgate.yml"]);
    assert!(refused.contains("add a warm-up to `connections`, such as warmup: 10s, or record with --no-warmup"), "{refused}");
}

#[test]
fn load_of_connections_fails_by_a_promise_on_survival_where_some_are_silent_and_keeps_it_where_none_is() {
    let config = "name: feed\ntarget: TARGET\nrecord: { window: 500ms }\nscenarios:\n  - name: feed\n    websocket: /ws\n    \
                  connections: { ramp: 100, hold: 4s }\n    heartbeat: { ping_every: 200ms, pong_timeout: 1s }\n    \
                  reconnect: { max: 3, backoff: { initial: 100ms } }\nthresholds: [ feed.heartbeat_survival >= 99% ]\n";
    let bench = Bench::new("seed: 7\nroutes: [ { path: /ws, websocket: { silent: 20% } } ]", config);
    let told = bench.ends_with(1, &["gate", "--no-publish"]);
    let pings = bench.record("loadgate-report/record.json.gz").endpoint("feed.heartbeat").unwrap().total();
    let survived = 1.0 - pings.error_count() as f64 / pings.requests as f64;
    let actual = bench.verdict()["thresholds"][0]["actual"].as_f64().unwrap();
    assert!((actual - survived).abs() < 1e-6 || (actual - survived * 100.0).abs() < 1e-4, "{actual} is not {survived}: {told}");
    assert!(told.contains("feed.heartbeat_survival >= 99% is broken"), "{told}");
    bench.behave("seed: 7\nroutes: [ { path: /ws, websocket: {} } ]");
    bench.ends_with(0, &["gate", "--no-publish"]);
}
