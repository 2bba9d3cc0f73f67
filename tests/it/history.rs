//! `loadgate history`, pins, and what is left of runs that were removed.

use std::{fs, path::Path};

use loadgate::{
    baseline::{Pruning, Store, StoreError},
    record::{DuetNoise, Encoded, Latencies, RunRecord},
};
use serde_json::{Value, json};

use loadgate::{baseline::Found, record::file};

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

/// The notes of a history below its changes.
fn notes(folder: &Path, args: &[&str]) -> Vec<String> {
    let (code, text) = run(folder, &[&["history"][..], args].concat());
    assert_eq!(code, Some(0), "{text}");
    text.lines().filter_map(|line| line.strip_prefix("note: ")).map(str::to_owned).collect()
}

#[test]
fn what_is_older_than_the_pinned_runs_is_not_held_against_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::at(folder.path().join("baselines"));
    // Much was gained with the sixth run, and the runs of that level are pinned.
    (0..12).for_each(|day| drop(store.promote(&record(day, if day < 6 { 20_000 } else { 10_000 })).expect("it is stored")));
    for day in 6..12 {
        assert_eq!(run(folder.path(), &["baseline", "pin", &format!("{day:08x}aaaa")]).0, Some(0));
    }
    assert_eq!(notes(folder.path(), &[]), ["no run is newer than what is pinned, so nothing is held against it yet"]);
    (12..18).for_each(|day| drop(store.promote(&record(day, 20_000)).expect("it is stored")));
    let notes = notes(folder.path(), &[]);
    assert!(notes[0].starts_with("the newest 5 runs against 6 pinned runs: home p50 is slower by "), "{notes:?}");
}

#[test]
fn pinned_runs_are_compared_in_their_own_blocks_or_it_is_said_why_they_are_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::at(folder.path().join("baselines"));
    for day in 0..12 {
        let mut run_ = record(day, if day < 6 { 10_000 } else { 20_000 });
        run_.plan.block_us = 10_000_000;
        store.promote(&run_).expect("it is stored");
    }
    for day in 0..6 {
        assert_eq!(run(folder.path(), &["baseline", "pin", &format!("{day:08x}aaaa")]).0, Some(0));
    }
    assert!(notes(folder.path(), &[])[0].contains(" is slower by "), "{:?}", notes(folder.path(), &[]));
    fs::write(folder.path().join("loadgate.yml"), RATCHET).expect("a configuration");
    let notes = notes(folder.path(), &["-c", "loadgate.yml", "--dir", "baselines"]);
    let expected = "the newest 5 runs against 6 pinned runs can't be compared: the baseline run of 2026-01-";
    assert!(notes[0].starts_with(expected) && notes[0].contains("can't be put together to blocks of 5s"), "{notes:?}");
}

#[test]
fn only_what_is_pinned_can_be_unpinned_and_a_commit_or_label_is_of_all_its_runs() {
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
    let pinned = || store.kept(None).expect("it is read")[0].runs.iter().filter(|run| run.pin.is_some()).count();
    let (code, text) = run(folder.path(), &["baseline", "pin", "00000000aaaa", "--label", "release 1.4"]);
    assert_eq!((code, text.matches("-00000000.json.gz").count(), pinned()), (Some(0), 2, 2), "{text}");
    assert_eq!((unpin("20260101T101500Z-00000000").0, pinned()), (Some(0), 1));
    assert_eq!((unpin("release 1.4").0, pinned()), (Some(0), 0));
    assert!(unpin("release 1.4").1.contains("no such run"), "no run has this label any more");
    assert!(unpin("00000000aaaa").1.contains("this run is not pinned"));
    let (code, text) = run(folder.path(), &["baseline", "show", "00000000aaaa"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("2 stored files have this name"), "{text}");
}

#[test]
fn a_rollback_to_a_label_keeps_all_runs_of_it_and_runs_in_two_places_are_not_guessed_at() {
    let (folder, store) = stored();
    for day in 30..35 {
        let mut labelled = record(day, 10_000);
        labelled.provenance.label = Some("release 1.4".to_owned());
        store.promote(&labelled).expect("it is stored");
    }
    (35..37).for_each(|day| drop(store.promote(&record(day, 10_000)).expect("it is stored")));
    let (code, text) = run(folder.path(), &["baseline", "rollback", "--to", "release 1.4"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("2 runs withdrawn"), "{text}");
    let mut elsewhere = record(34, 10_000);
    elsewhere.environment.cores = 64;
    elsewhere.provenance.label = Some("release 1.4".to_owned());
    store.promote(&elsewhere).expect("it is stored");
    let (code, text) = run(folder.path(), &["baseline", "pin", "release 1.4"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("release 1.4: runs of it are stored under shop/") && text.contains(" and shop/"), "{text}");
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
    assert_eq!(run(folder.path(), &["baseline", "pin", "00000002aaaa", "--label", "v2"]).0, Some(0));
    let pins = place.with_file_name("pins");
    fs::write(pins.join("20260102T101500Z-00000001.json"), "{").expect("a damaged pin");
    let (code, text) = run(folder.path(), &["history"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("20260105T101500Z-00000004.json is left out: the record is damaged: it ends early"), "{text}");
    assert!(text.contains("notes.txt is left out: not the figures of a run"), "{text}");
    assert!(text.contains("20260102T101500Z-00000001.json is left out: the record is damaged"), "{text}");
    assert!(text.contains("note: the newest runs can't be held against what is pinned: "), "{text}");
    assert!(text.contains("pinned: v2"), "the other pins are known: {text}");
    let now = "2027-01-01T00:00:00Z".parse().expect("a time");
    let refused = store.prune(None, 1, now, Pruning::Remove).expect_err("nobody knows what was pinned");
    assert!(refused.to_string().contains("20260102T101500Z-00000001.json"), "{refused}");
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

/// A number of a cell such as `12%`.
fn percent(cell: &str) -> f64 {
    cell.trim_end_matches('%').parse().unwrap_or_else(|error| panic!("'{cell}' is no share: {error}"))
}

#[test]
fn how_much_runs_differ_is_told_with_what_is_seen_for_that() {
    let (folder, store) = stored();
    let (code, text) = run(folder.path(), &["history", "--noise"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("noise of shop, fingerprint ") && text.contains("known from 20 stored runs of 1m"), "{text}");
    let cells: Vec<&str> = text.lines().find(|line| line.starts_with("home ")).expect("a row").split_whitespace().collect();
    assert_eq!((cells[1], cells[2]), ("p50", "-"), "nothing was compared side by side: {text}");
    assert!((0.2..2.0).contains(&percent(cells[3])), "runs differ by up to 3 %, and the change of level is none of it: {text}");
    let stored: Vec<f64> = cells[5..8].iter().map(|cell| percent(cell)).collect();
    assert!(stored[0] > stored[1] && stored[1] > stored[2] && stored[2] > 0.0, "{text}");
    let replicates: Vec<f64> = cells[8..11].iter().map(|cell| percent(cell)).collect();
    assert!(replicates[0] > replicates[1] && replicates[1] > replicates[2], "{text}");

    // What comparisons side by side taught is told, too; such a suite need not have stored any run.
    let spread = |metric: &str| json!({"endpoint": "home", "metric": metric, "sum_of_squares": 0.0125, "df": 5.0});
    let taught = |suite: &str| -> DuetNoise {
        serde_json::from_value(json!({
            "schema": "loadgate/noise/v1", "suite": suite, "fingerprint": "0123456789ab", "started_at": "2026-02-01T00:00:00Z",
            "replicates": 6, "seconds_per_replicate": 20.0, "spreads": [spread("p50"), spread("p95")],
        }))
        .expect("a lesson")
    };
    store.teach(&taught("shop")).expect("it is stored");
    store.teach(&taught("pairs-only")).expect("it is stored");
    let (_, text) = run(folder.path(), &["history", "--noise", "--suite", "shop"]);
    let row = text.lines().find(|line| line.starts_with("home ")).expect("a row");
    assert_eq!(row.split_whitespace().nth(2), Some("5%"), "{text}");
    let (code, text) = run(folder.path(), &["history", "--noise", "--suite", "pairs-only", "--format", "csv"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("pairs-only,0123456789ab,home,p50,0.050000,,,,,,,,"), "{text}");
    let (code, text) = run(folder.path(), &["history", "--noise", "--suite", "nothing"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: no run is stored under baselines"), "{text}");
}

/// A configuration with the ratchet, whose baselines are in `baselines`.
const RATCHET: &str = "version: 1\nname: shop\ntarget: http://127.0.0.1:1\nstages: [ { rate: 100/s, duration: 60s } ]\nscenarios: [ GET / ]\nregression: { compare: baseline, drift: {} }\n";

#[test]
fn ten_steps_of_two_percent_that_each_pass_are_failed_by_the_ratchet() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("loadgate.yml"), RATCHET).expect("a configuration");
    let store = Store::at(folder.path().join("baselines"));
    let mut first_failed = None;
    for day in 0..36_usize {
        let step = (day / 3).saturating_sub(1).min(10);
        let us = (10_000.0 * 1.02_f64.powi(i32::try_from(step).expect("small"))) as u64 + (day as u64 * 7_919) % 100;
        let run_ = record(day, us);
        if day >= 12 && day % 3 == 2 {
            file::write(&run_, &folder.path().join("candidate.json.gz")).expect("a record");
            let kept = store.kept(None).expect("it is read").remove(0);
            let baseline = format!("baselines/shop/{}", kept.fingerprint);
            let args = ["compare", "--baseline", &baseline, "--candidate", "candidate.json.gz"];
            let (code, text) = run(folder.path(), &args);
            assert_eq!(code, Some(0), "step {step} passes by itself: {text}");
            let (code, text) = run(folder.path(), &[&args[..], &["-c", "loadgate.yml"]].concat());
            if code == Some(1) && first_failed.is_none() {
                assert!(
                    text.contains("slow creep: home p50 is 1") && text.contains("above its best sustained level (10"),
                    "{text}"
                );
                assert!(text.contains("from 2026-01-01 to 2026-01-05, up to commit 00000004a; now 1"), "{text}");
                first_failed = Some(step);
                // The next change is not to blame for what crept before it.
                let mut change = run_.clone();
                change.provenance.pull_request = Some(7);
                file::write(&change, &folder.path().join("candidate.json.gz")).expect("a record");
                let (code, text) = run(folder.path(), &[&args[..], &["-c", "loadgate.yml"]].concat());
                assert_eq!(code, Some(0), "{text}");
                assert!(text.contains("slow creep: home p50 is 1") && text.contains("only warns of a change"), "{text}");
                assert!(text.contains("loadgate history"), "{text}");
            }
        }
        store.promote(&run_).expect("it is stored");
    }
    assert!(first_failed.is_some_and(|step| (5..=8).contains(&step)), "{first_failed:?}");
}

/// A gate's verdict of a slower run of the day, in files.
fn slower(folder: &Path, store: &Store, day: usize) {
    file::write(&record(day, 14_000), &folder.join("candidate.json.gz")).expect("a record");
    let baseline = format!("baselines/shop/{}", store.kept(None).expect("it is read")[0].fingerprint);
    let args = ["compare", "--baseline", &baseline, "--candidate", "candidate.json.gz", "--json", "verdict.json"];
    let (code, text) = run(folder, &args);
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn a_regression_that_is_meant_to_be_is_accepted_with_its_reason_and_becomes_the_level_to_compare_with() {
    let (folder, store) = stored();
    slower(folder.path(), &store, 30);
    let (code, text) = run(folder.path(), &["baseline", "promote", "candidate.json.gz"]);
    assert_eq!(code, Some(2), "a regression never becomes a baseline by itself: {text}");
    assert!(text.contains("a regression that is meant to be is stored by `loadgate baseline accept`"), "{text}");
    for args in [&["--reason", " "][..], &[]] {
        let (code, text) = run(folder.path(), &[&["baseline", "accept", "candidate.json.gz"], args].concat());
        assert_eq!(code, Some(2), "{text}");
    }
    let (code, text) = run(
        folder.path(),
        &["baseline", "accept", "candidate.json.gz", "--reason", "exact rounding costs two queries", "--by", "ann"],
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("accepted by ann: exact rounding costs two queries; runs made before are not compared with any more"),
        "{text}"
    );
    let Found::Runs(runs) = store.matching(&record(31, 14_000), 20, None).expect("it is read") else { panic!("no baseline") };
    let accepted: Vec<_> =
        runs.iter().map(|stored| stored.record.provenance.accepted.as_ref().map(|accepted| accepted.reason.as_str())).collect();
    assert_eq!(accepted, [Some("exact rounding costs two queries")]);
    for day in 31..35 {
        store.promote(&record(day, 14_000 + day as u64)).expect("it is stored");
    }
    let Found::Runs(runs) = store.matching(&record(40, 14_000), 20, None).expect("it is read") else { panic!("no baseline") };
    assert_eq!(runs.len(), 5, "what was made since is compared with, and nothing from before");
    let (_, text) = run(folder.path(), &["history", "--last", "6"]);
    assert!(text.contains("first seen 2026-02-03: accepted by ann: exact rounding costs two queries"), "{text}");
}

#[test]
fn what_did_not_fail_or_broke_a_threshold_can_not_be_accepted() {
    let (folder, store) = stored();
    slower(folder.path(), &store, 30);
    let path = folder.path().join("verdict.json");
    let verdict: Value = serde_json::from_slice(&fs::read(&path).expect("a verdict")).expect("JSON");
    let refused = |pointer: &str, value: Value| {
        let mut verdict = verdict.clone();
        *verdict.pointer_mut(pointer).expect("it is there") = value;
        fs::write(&path, verdict.to_string()).expect("a verdict");
        let (code, text) = run(folder.path(), &["baseline", "accept", "candidate.json.gz", "--reason", "so be it"]);
        assert_eq!(code, Some(2), "{text}");
        text
    };
    assert!(refused("/verdict", json!("pass")).contains("the verdict of the run is pass, there is nothing to accept"));
    assert!(refused("/verdict", json!("invalid")).contains("not accepted: the run is no measurement"));
    let broken = json!([{"expr": "p95 < 1ms", "actual": 14_000.0, "outcome": "fail"}]);
    assert!(refused("/thresholds", broken).contains("not accepted: the threshold 'p95 < 1ms' is broken"));
    fs::remove_file(&path).expect("it was there");
    let (code, text) = run(folder.path(), &["baseline", "accept", "candidate.json.gz", "--reason", "so be it"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("not accepted: there is no verdict.json beside it"), "{text}");
}
