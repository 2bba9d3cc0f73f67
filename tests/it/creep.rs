//! The ratchet before a mock target: a level that crept up passes beside its newest baselines, and is failed by its history.

use std::{fs, ops::RangeInclusive};

use jiff::SignedDuration;
use loadgate::{baseline::Store, record::RunRecord};

use crate::{bench::Bench, gate::CONFIG, program::transcript};

/// Stores a run as if it had been made so many days before.
fn store_again(store: &Store, run: &RunRecord, days: RangeInclusive<i64>) {
    for day in days {
        let mut earlier = run.clone();
        earlier.started_at = run.started_at.checked_sub(SignedDuration::from_hours(24 * day)).unwrap();
        store.promote(&earlier).unwrap();
    }
}

#[test]
fn load_that_crept_up_passes_beside_its_newest_baselines_and_is_failed_by_the_ratchet() {
    let bench = Bench::new("{ defaults: { latency: 20ms } }", CONFIG);
    let store = Store::at(bench.path().join("baselines"));
    let gate = ["gate", "--quiet", "--no-publish"];
    bench.ends_with(0, &gate);
    let fast = bench.record("loadgate-report/record.json.gz");
    bench.behave("{ defaults: { latency: 26ms } }");
    bench.ends_with(0, &gate);
    let slow = bench.record("loadgate-report/record.json.gz");
    store_again(&store, &fast, 21..=28);
    store_again(&store, &slow, 1..=20);
    bench.ends_with(0, &gate);
    assert_eq!(bench.verdict()["baseline"]["runs"], 20, "{:#}", bench.verdict());

    let config = CONFIG.replace("regression:\n", "regression:\n  drift: {}\n");
    bench.configure(&format!("{config}baseline: {{ promote: {{ from: push_to_main, only_if: passed }} }}\n"));
    fs::write(bench.path().join("event.json"), "{}").unwrap();
    let mut command = bench.command(&gate);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", "push").env("GITHUB_REF", "refs/heads/main");
    command.env("GITHUB_SHA", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d");
    let output = command.env("GITHUB_EVENT_PATH", bench.path().join("event.json")).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let verdict = bench.verdict();
    let reasons = verdict["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason.as_str().unwrap().starts_with("slow creep: ")), "{verdict:#}");
    assert!(text.contains("this run is not stored as a baseline: the gate did not pass"), "{text}");
    assert_eq!(store.kept(None).unwrap()[0].runs.len(), 28);
}
