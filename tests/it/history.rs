//! `loadgate history`, pins, and what is left of runs that were removed.

use std::{fs, path::Path};

use loadgate::{
    baseline::{Pruning, Store, StoreError},
    record::{Encoded, Latencies, RunRecord},
};
use serde_json::{Value, json};

use crate::program::{loadgate, transcript};

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = loadgate(folder, args).output().expect("the program starts");
    (output.status.code(), transcript(&output))
}

/// A run of a day of January 2026: a minute of 100 requests a second to `home`, of about so many microseconds.
fn record(day: usize, us: u64) -> RunRecord {
    let mut latencies = Latencies::default();
    (0..500).for_each(|n| latencies.record(us + (n * 37 + day as u64 * 11) % 60));
    let latencies = serde_json::to_value(Encoded::from(&latencies)).expect("JSON");
    let windows = vec![json!({"requests": 500, "response": latencies, "service": latencies}); 12];
    let stage = |name: &str, us: u64, measured: bool| json!({"name": name, "shape": "100/s", "duration_us": us, "measured": measured, "began_us": 0, "played_us": us, "offered": us / 10_000, "started": us / 10_000});
    serde_json::from_value(json!({
        "schema": "loadgate/record/v1", "suite": "shop", "tool_version": "0.1.0", "started_at": format!("2026-{:02}-{:02}T10:15:00Z", 1 + day / 28, 1 + day % 28),
        "ended": "complete", "provenance": {"commit": format!("{day:08x}aaaa"), "config_sha256": ""},
        "environment": {"os": "linux", "arch": "x86_64", "cpu_model": "A", "cores": 2, "memory_bytes": 1, "runner_class": "local"},
        "plan": {"scenario_hash": "s1", "seed": 1, "threads": 1, "window_us": 5_000_000, "target": "127.0.0.1:80",
                 "stages": [stage("warm-up", 5_000_000, false), stage("steady", 60_000_000, true)]},
        "generator": {"late": "", "late_over_1ms": 0},
        "endpoints": [{"name": "home", "scenario": "home", "request": "GET /", "stages": [[], windows]}],
    }))
    .expect("a record")
}

/// A store with 30 runs whose latency changes with the twentieth.
fn stored() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::at(folder.path().join("baselines"));
    for day in 0..30 {
        // A few percent up and down from run to run.
        let weather = (day as u64 * 7_919) % 300;
        store.promote(&record(day, if day < 20 { 10_000 } else { 11_500 } + weather)).expect("it is stored");
    }
    (folder, store)
}

#[test]
fn a_replay_of_thirty_runs_shows_the_change_at_the_right_commit() {
    let (folder, _) = stored();
    let (code, text) = run(folder.path(), &["history", "--last", "12"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains(
            "slower: home p50 +15% (10.2 ms -> 11.7 ms) with commits 00000013a..00000014a, first seen 2026-01-21: still open"
        ),
        "{text}"
    );
    assert!(text.contains("2026-01-21 10:15  00000014a  100/s      0%") && text.contains("<- p50 +15%, p95 +15%"), "{text}");
    let (_, text) = run(folder.path(), &["history", "--format", "json"]);
    let json = text.split("--- stdout\n").nth(1).and_then(|rest| rest.split("\n--- stderr").next()).expect("JSON");
    let json: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["histories"][0]["changes"][0]["first_after"]["commit"], "00000014aaaa");
    let (code, text) = run(folder.path(), &["history", "--format", "html", "--out", "history.html"]);
    assert_eq!(code, Some(0), "{text}");
    let page = fs::read_to_string(folder.path().join("history.html")).expect("a page");
    assert!(page.contains("<svg") && page.contains("slower: home p50 +15%") && !page.contains("http"), "{page}");
}

#[test]
fn figures_of_runs_that_were_removed_stay_in_the_history() {
    let (folder, store) = stored();
    let (code, text) = run(folder.path(), &["baseline", "pin", "00000000aaaa", "--label", "v1.0"]);
    assert_eq!(code, Some(0), "{text}");
    let now = "2027-01-01T00:00:00Z".parse().expect("a time");
    let removed = store.prune(None, 5, now, Pruning::Remove).expect("it is pruned");
    assert_eq!(removed.len(), 24, "all but the five newest and the pinned one");
    assert!(removed.iter().all(|path| !path.to_string_lossy().contains("-00000000.")), "{removed:?}");
    let (_, text) = run(folder.path(), &["history"]);
    assert!(text.contains("shop, 30 runs of fingerprint") && text.contains("commits 00000013a..00000014a"), "{text}");
    assert!(text.contains("pinned: v1.0"), "{text}");
    assert!(text.contains("note: the newest 5 runs against 1 pinned run: "), "{text}");
}

#[test]
fn only_what_is_pinned_can_be_unpinned_and_a_commit_must_be_of_one_run() {
    let (folder, store) = stored();
    let unpin = |run_: &str| run(folder.path(), &["baseline", "unpin", run_]);
    let (code, text) = unpin("20260101T101500Z-00000000");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("this run is not pinned"), "{text}");
    assert_eq!(run(folder.path(), &["baseline", "pin", "20260101T101500Z-00000000"]).0, Some(0));
    assert_eq!(unpin("20260101T101500Z-00000000.json.gz").0, Some(0));
    let mut again = record(0, 10_000);
    again.started_at = "2026-03-01T00:00:00Z".parse().expect("a time");
    store.promote(&again).expect("it is stored");
    let (code, text) = run(folder.path(), &["baseline", "pin", "00000000aaaa"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("2 stored files have this name"), "{text}");
}

#[test]
fn a_rollback_to_a_commit_withdraws_what_came_after_it_and_the_history_says_so() {
    let (folder, _) = stored();
    let (code, text) = run(folder.path(), &["baseline", "rollback", "--to", "00000013aaaa"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("10 runs withdrawn"), "{text}");
    let (_, text) = run(folder.path(), &["history"]);
    assert_eq!(text.matches("withdrawn").count(), 10, "{text}");
    assert!(text.contains("no change of level is seen"), "{text}");
}

#[test]
fn a_damaged_file_is_named_and_left_out_and_no_history_is_told() {
    let (folder, store) = stored();
    let kept = store.kept(None).expect("it is read");
    let place = store.dir().join("shop").join(&kept[0].fingerprint).join("history");
    fs::write(place.join("20260105T101500Z-00000004.json"), "{\"schema\":\"loadgate/po").expect("it is damaged");
    fs::write(place.join("notes.txt"), "mine").expect("a foreign file");
    let (code, text) = run(folder.path(), &["history"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("20260105T101500Z-00000004.json is left out: the record is damaged: it ends early"), "{text}");
    assert!(text.contains("notes.txt is left out: not the figures of a run"), "{text}");
    assert!(text.contains("shop, 30 runs"), "what is damaged in the figures is still in the run: {text}");
    let empty = tempfile::tempdir().expect("a temporary folder");
    let (code, text) = run(empty.path(), &["history"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: no run is stored under baselines\nhint: store runs of the main branch"), "{text}");
    let (code, text) = run(folder.path(), &["history", "--endpoint", "hom"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is no endpoint 'hom' in the history\nhint: there are: home"), "{text}");
}

#[test]
fn jobs_that_store_runs_at_the_same_time_lose_nothing_and_count_nothing_twice() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::at(folder.path().join("baselines"));
    let same = record(3, 10_000);
    let outcomes: Vec<Result<_, StoreError>> = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..8)
            .map(|n| {
                let (store, mut run) = (store.clone(), same.clone());
                // Half of the jobs have one and the same run, the others runs of their own of the same commit that began in the same second.
                if n % 2 == 1 {
                    run.started_at = run.started_at.checked_add(jiff::SignedDuration::from_millis(n)).expect("a time");
                }
                scope.spawn(move || store.promote(&run))
            })
            .collect();
        jobs.into_iter().map(|job| job.join().expect("it does not panic")).collect()
    });
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(stored, 5, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(StoreError::Duplicate { .. }))), "{outcomes:?}");
    assert_eq!(store.kept(None).expect("it is read")[0].runs.len(), 5);
}
