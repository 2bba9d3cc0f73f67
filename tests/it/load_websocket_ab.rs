//! WebSocket connections to two versions at the same time.

use loadgate::mock_target::Running;
use serde_json::Value;

use crate::bench::{Bench, seen, target};

/// A target that answers each message after a time.
fn answering(delay: &str) -> String {
    format!("seed: 7\nroutes: [ {{ path: /ws, websocket: {{ delay: {delay} }} }} ]")
}

/// A bench whose target is the candidate, and the baseline.
fn bench(candidate: &str, baseline: &str) -> (Bench, Running) {
    let baseline = target(&answering(baseline));
    let config = format!(
        "name: feed\ntarget: {{ base_url: TARGET, baseline_url: 'http://{}' }}\nrecord: {{ window: 500ms }}\nregression: {{ block: 500ms }}\n\
         scenarios:\n  - name: feed\n    websocket: /ws\n    connections: {{ warmup: 2s, ramp: 40, hold: 12s }}\n    rate: 20/s\n    \
         heartbeat: {{ ping_every: 1s }}\n    steps: [ {{ send: x }}, {{ expect: {{ name: echo }} }} ]\n\
         thresholds: [ echo.error_rate < 1%, feed.heartbeat_survival >= 99% ]\n",
        baseline.addr()
    );
    (Bench::new(&answering(candidate), &config), baseline)
}

fn p50_of_echo(verdict: &Value) -> Value {
    let rows = verdict["comparisons"].as_array().unwrap();
    rows.iter().find(|row| row["endpoint"] == "echo" && row["metric"] == "p50").unwrap()["outcome"].clone()
}

#[test]
fn load_of_connections_shows_that_a_candidate_answers_messages_later() {
    let (bench, baseline) = bench("40ms", "20ms");
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert_eq!(p50_of_echo(&bench.verdict()), "regressed", "{text}");
    let opened = |seen: &Value| seen["websocket"]["opened"].as_u64().unwrap();
    assert_eq!((opened(&bench.seen()), opened(&seen(&baseline))), (40, 40), "half of them each, in the warm-up and then");
}

#[test]
fn load_of_connections_shows_that_messages_take_a_fifth_longer() {
    let (bench, _baseline) = bench("24ms", "20ms");
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert_eq!(p50_of_echo(&bench.verdict()), "regressed", "{text}");
}

#[test]
fn load_of_connections_blames_no_candidate_that_answers_messages_as_before() {
    let (bench, _baseline) = bench("20ms", "20ms");
    let text = String::from_utf8_lossy(&bench.run(&["gate", "--quiet"]).stdout).into_owned();
    let verdict = bench.verdict();
    assert!(verdict["verdict"] != "fail" && verdict["verdict"] != "invalid", "{text}\n{verdict:#}");
    assert_ne!(p50_of_echo(&verdict), "regressed", "{text}");
}
