//! Baselines in files: what is stored, found again, refused, pruned and rolled back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use loadgate::{
    baseline::{Found, Pruning, Store, StoreError},
    record::{Encoded, Latencies, RunRecord, file},
};
use serde_json::{Value, json};

use crate::program::{loadgate, transcript};

const BLOCK_US: u64 = 5_000_000;
const COMMIT: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

/// A run of 20 windows of a second with 100 requests of about 5 ms each, as its file has it.
pub(crate) fn run(suite: &str, started_at: &str) -> Value {
    let mut latencies = Latencies::default();
    (0..100).for_each(|n| latencies.record(5_000 + n));
    let latencies = serde_json::to_value(Encoded::from(&latencies)).unwrap();
    let windows = vec![json!({"requests": 100, "response": latencies, "service": latencies}); 20];
    let stage = |name: &str, us: u64, measured: bool| {
        json!({"name": name, "shape": "100/s", "duration_us": us, "measured": measured, "began_us": 0, "played_us": us,
               "offered": us / 10_000, "started": us / 10_000})
    };
    json!({
        "schema": "loadgate/record/v1",
        "suite": suite,
        "tool_version": "0.1.0",
        "started_at": started_at,
        "ended": "complete",
        "provenance": {"commit": COMMIT, "config_sha256": ""},
        "environment": {"os": "linux", "arch": "x86_64", "cpu_model": "A", "cores": 2, "memory_bytes": 1, "runner_class": "local"},
        "plan": {"scenario_hash": "s1", "seed": 1, "threads": 1, "window_us": 1_000_000, "target": "127.0.0.1:80",
                 "stages": [stage("warm-up", 5_000_000, false), stage("steady", 20_000_000, true)]},
        "generator": {"late": "", "late_over_1ms": 0, "cpu_share": 0.1, "max_rss_bytes": 1},
        "endpoints": [{"name": "home", "scenario": "home", "request": "GET /", "stages": [[], windows]}],
    })
}

pub(crate) fn record(value: Value) -> RunRecord {
    serde_json::from_value(value).unwrap()
}

/// The run with one value replaced, given as a JSON pointer.
pub(crate) fn with(mut run: Value, pointer: &str, value: impl Into<Value>) -> Value {
    *run.pointer_mut(pointer).unwrap() = value.into();
    run
}

pub(crate) fn day(n: u32) -> String {
    format!("2020-11-{n:02}T10:15:00.123456Z")
}

/// A folder with a store of runs of suite `shop` on the given days of November 2020.
fn stored(days: &[u32]) -> (tempfile::TempDir, Store, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().join("baselines"));
    let paths = days.iter().map(|n| store.promote(&record(run("shop", &day(*n)))).unwrap()).collect();
    (folder, store, paths)
}

fn names(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn matching(store: &Store, candidate: Value, newest: usize) -> Vec<String> {
    match store.matching(&record(candidate), newest, None).unwrap() {
        Found::Runs(runs) => names(&runs.into_iter().map(|stored| stored.path).collect::<Vec<_>>()),
        other => panic!("{other:?}"),
    }
}

fn refusal(store: &Store) -> String {
    store.matching(&record(run("shop", &day(20))), 20, None).unwrap_err().to_string()
}

#[test]
fn a_promoted_run_is_found_again_in_blocks_with_nothing_lost() {
    let (_folder, store, paths) = stored(&[1]);
    let original = record(run("shop", &day(1)));
    let inside = paths[0].strip_prefix(store.dir()).unwrap().to_str().unwrap().to_owned();
    assert_eq!(inside, format!("shop/{}/20201101T101500Z-1a2b3c4d.json.gz", original.fingerprint().id));
    let Found::Runs(runs) = store.matching(&record(run("shop", &day(2))), 20, None).unwrap() else { panic!("not found") };
    let kept = &runs[0].record;
    assert_eq!((kept.plan.window_us, kept.endpoints[0].stages[1].len()), (BLOCK_US, 4));
    assert_eq!((kept.total().requests, kept.total().response.quantile(0.5)), (2000, original.total().response.quantile(0.5)));
    assert_eq!((kept.started_at, &kept.provenance), (original.started_at, &original.provenance));
}

#[test]
fn the_newest_runs_come_first_and_no_more_than_asked_for() {
    let (_folder, store, _) = stored(&[3, 1, 2]);
    assert_eq!(
        matching(&store, run("shop", &day(9)), 2),
        ["20201103T101500Z-1a2b3c4d.json.gz", "20201102T101500Z-1a2b3c4d.json.gz"]
    );
}

#[test]
fn two_runs_of_one_second_never_overwrite_one_another() {
    let (_folder, store, _) = stored(&[1]);
    let other = with(run("shop", &day(1)), "/started_at", "2020-11-01T10:15:00.9Z");
    let path = store.promote(&record(other)).unwrap();
    assert_eq!(names(&[path]), ["20201101T101500Z-1a2b3c4d-2.json.gz"]);
    assert_eq!(matching(&store, run("shop", &day(9)), 20).len(), 2);
}

#[test]
fn a_run_is_stored_once_and_never_compared_with_itself() {
    let (_folder, store, paths) = stored(&[1, 2]);
    let again = store.promote(&record(run("shop", &day(1)))).unwrap_err();
    assert!(matches!(&again, StoreError::Duplicate { path } if *path == paths[0]), "{again}");
    assert_eq!(matching(&store, run("shop", &day(2)), 20), ["20201101T101500Z-1a2b3c4d.json.gz"]);
}

#[test]
fn a_run_without_commit_is_stored_as_such_and_an_odd_suite_in_a_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let path = store.promote(&record(with(run("../a shop", &day(1)), "/provenance/commit", Value::Null))).unwrap();
    assert!(path.starts_with(folder.path()) && path.ends_with("20201101T101500Z-nocommit.json.gz"), "{}", path.display());
    assert_eq!(path.strip_prefix(folder.path()).unwrap().components().count(), 3);
    assert_eq!(matching(&store, run("../a shop", &day(2)), 20).len(), 1);
}

#[test]
fn another_environment_is_a_mismatch_that_is_said_and_another_suite_is_nothing() {
    let (_folder, store, _) = stored(&[1]);
    let other = with(with(run("shop", &day(2)), "/environment/cpu_model", "B"), "/plan/scenario_hash", "s2");
    match store.matching(&record(other), 20, None).unwrap() {
        Found::Mismatch(differences) => {
            assert_eq!(differences, ["scenarios: here 's2', there 's1'", "processor: here 'B', there 'A'"]);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(store.matching(&record(run("cart", &day(2))), 20, None).unwrap(), Found::None));
}

#[test]
fn runs_that_were_cut_short_or_measured_nothing_are_never_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let good = run("shop", &day(1));
    for (bad, reason) in [
        (with(good.clone(), "/ended", "interrupted"), "interrupted"),
        (with(good.clone(), "/ended", "aborted"), "aborted"),
        (with(good.clone(), "/endpoints", json!([])), "no successful request"),
        (with(good, "/endpoints/0/stages/1", json!([{"requests": 3, "errors": {"5xx": 3}}])), "no successful request"),
    ] {
        let error = store.promote(&record(bad)).unwrap_err();
        assert!(matches!(error, StoreError::Unfit { .. }) && error.to_string().contains(reason), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn damaged_and_foreign_files_among_baselines_are_errors_that_name_them() {
    let (_folder, store, paths) = stored(&[1, 2]);
    let folder = paths[0].parent().unwrap();
    let whole = fs::read(&paths[0]).unwrap();
    fs::write(&paths[0], &whole[..whole.len() / 2]).unwrap();
    assert!(refusal(&store).starts_with(&format!("{}: the record is damaged", paths[0].display())), "{}", refusal(&store));
    fs::write(&paths[0], &whole).unwrap();
    let notes = folder.join("notes.txt");
    fs::write(&notes, "about these runs").unwrap();
    assert!(refusal(&store).starts_with(&format!("{}: not a stored run", notes.display())), "{}", refusal(&store));
    fs::remove_file(&notes).unwrap();
    fs::write(folder.join(".gitkeep"), "").unwrap();
    assert_eq!(matching(&store, run("shop", &day(9)), 20).len(), 2, "hidden files are nobody's business");
}

#[test]
fn a_run_of_another_suite_or_fingerprint_in_the_folder_is_an_error_that_names_it() {
    let (_folder, store, paths) = stored(&[1]);
    for (stranger, reason) in [
        (run("cart", &day(2)), "a run of suite 'cart' in the folder of suite 'shop'"),
        (with(run("shop", &day(2)), "/environment/cores", 64), "a run of fingerprint"),
    ] {
        let path = paths[0].with_file_name("20201102T101500Z-1a2b3c4d.json.gz");
        file::write(&record(stranger), &path).unwrap();
        assert!(refusal(&store).starts_with(&format!("{}: {reason}", path.display())), "{}", refusal(&store));
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn pruning_keeps_the_newest_and_all_of_the_last_seven_days() {
    let (_folder, store, paths) = stored(&[1, 2, 3, 10, 11, 12]);
    let now = day(15).parse().unwrap();
    let old = ["20201103T101500Z-1a2b3c4d.json.gz", "20201102T101500Z-1a2b3c4d.json.gz", "20201101T101500Z-1a2b3c4d.json.gz"];
    assert_eq!(names(&store.prune(None, 1, now, Pruning::DryRun).unwrap()), old, "10 to 12 November are too young");
    assert!(paths.iter().all(|path| path.exists()), "a dry run touches nothing");
    assert_eq!(names(&store.prune(None, 4, now, Pruning::Remove).unwrap()), old[1..]);
    assert_eq!(paths.iter().filter(|path| path.exists()).count(), 4);
    assert!(store.prune(Some("cart"), 0, now, Pruning::Remove).unwrap().is_empty());
}

#[test]
fn jobs_that_store_and_prune_at_the_same_time_find_nothing_wrong_and_leave_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().join("baselines"));
    let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    std::thread::scope(|scope| {
        for job in 1..=8 {
            let store = store.clone();
            scope.spawn(move || {
                for minute in 0..4 {
                    store.promote(&record(run("shop", &format!("2020-11-{job:02}T10:{minute:02}:00Z")))).unwrap();
                    store.prune(None, 1, now, Pruning::Remove).unwrap();
                    store.matching(&record(run("shop", &day(20))), 20, None).unwrap();
                }
            });
        }
    });
    assert_eq!(matching(&store, run("shop", &day(20)), 20), ["20201108T100300Z-1a2b3c4d.json.gz"]);
    assert_eq!(store.kept(None).unwrap()[0].runs.len(), 32, "the figures of all of them are kept");
}

#[test]
fn a_rollback_moves_newer_runs_aside_and_loses_none() {
    let (_folder, store, paths) = stored(&[1, 2, 3, 4]);
    let aside = store.withdraw_newest(None).unwrap();
    assert_eq!(aside, [paths[3].parent().unwrap().join("withdrawn/20201104T101500Z-1a2b3c4d.json.gz")]);
    assert_eq!(store.withdraw_after(&paths[0]).unwrap().len(), 2);
    assert_eq!(matching(&store, run("shop", &day(9)), 20), ["20201101T101500Z-1a2b3c4d.json.gz"]);
    let states: Vec<_> = store.list(None).unwrap().iter().map(|listed| listed.state.name()).collect();
    assert_eq!(states, ["active", "withdrawn", "withdrawn", "withdrawn"]);
    store.promote(&record(run("shop", &day(4)))).unwrap();
    assert_eq!(names(&store.withdraw_newest(None).unwrap()), ["20201104T101500Z-1a2b3c4d-2.json.gz"], "nothing is overwritten");
    assert!(matches!(store.withdraw_after(&aside[0]), Err(StoreError::Misplaced { .. })));
}

/// A folder with `out/record.json.gz` and, if one is given, its verdict.
fn workspace(run: Value, verdict: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    file::write(&record(run), &folder.path().join("out/record.json.gz")).unwrap();
    if let Some(verdict) = verdict {
        write_verdict(&folder.path().join("out/verdict.json"), verdict, "shop", COMMIT);
    }
    folder
}

fn write_verdict(path: &Path, verdict: &str, suite: &str, commit: &str) {
    let text = json!({
        "schema": "loadgate/verdict/v1", "verdict": verdict, "exit_code": 0, "suite": suite, "mode": "baseline", "replicates": 1,
        "candidate": {"commit": commit, "requests": 2000, "errors": 0},
        "comparisons": [], "thresholds": [], "validity": [], "reasons": [],
    });
    fs::write(path, text.to_string()).unwrap();
}

fn baseline(folder: &tempfile::TempDir, args: &[&str]) -> Output {
    loadgate(folder.path(), &[&["baseline"], args].concat()).output().unwrap()
}

fn assert_refused(output: &Output, message: &str, hint: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(output));
    assert!(stderr.contains(message) && stderr.contains(&format!("hint: {hint}")), "{}", transcript(output));
}

#[test]
fn promoting_prints_the_file_and_listing_shows_it() {
    let folder = workspace(run("shop", &day(1)), Some("pass"));
    let promoted = baseline(&folder, &["promote", "out/record.json.gz"]);
    assert_eq!(promoted.status.code(), Some(0), "{}", transcript(&promoted));
    let path = String::from_utf8(promoted.stdout).unwrap();
    assert!(folder.path().join(path.trim()).is_file(), "{path}");
    let listed = String::from_utf8(baseline(&folder, &["list"]).stdout).unwrap();
    insta::with_settings!({filters => [(r"\b[0-9a-f]{12}\b", "[fingerprint]")]}, { insta::assert_snapshot!(listed, @r"
        run                                                            requests      p50      p95     p99  errors  state
        baselines/shop/[fingerprint]/20201101T101500Z-1a2b3c4d.json.gz      2000  5.05 ms  5.09 ms  5.1 ms      0%  active
        "); });
    let shown = String::from_utf8(baseline(&folder, &["show", "latest"]).stdout).unwrap();
    insta::with_settings!({filters => [(r"\b[0-9a-f]{12}\b", "[fingerprint]")]}, { insta::assert_snapshot!(shown, @r"
        file                     baselines/shop/[fingerprint]/20201101T101500Z-1a2b3c4d.json.gz
        suite                    shop
        started                  2020-11-01T10:15:00.123456Z
        commit                   1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d
        target                   127.0.0.1:80
        blocks of                5s
        fingerprint              [fingerprint]
          scenarios              s1
          stages                 100/s for 5s (not measured), 100/s for 20s
          runner class           local
          processor              A
          cores                  2
          loadgate major version 0
          versions at a time     1

        endpoint   requests        p50        p95        p99     errors
        home           2000    5.05 ms    5.09 ms     5.1 ms         0%
        all            2000    5.05 ms    5.09 ms     5.1 ms         0%
        "); });
    assert_eq!(String::from_utf8(baseline(&folder, &["show", path.trim()]).stdout).unwrap(), shown);
}

#[test]
fn listing_as_json_has_a_schema_and_shows_damaged_files_as_such() {
    let folder = workspace(run("shop", &day(1)), Some("warn"));
    let path = String::from_utf8(baseline(&folder, &["promote", "out/record.json.gz"]).stdout).unwrap();
    fs::write(folder.path().join(path.trim()).with_file_name("20201102T101500Z-0000.json.gz"), "").unwrap();
    let listing: Value = serde_json::from_slice(&baseline(&folder, &["list", "--json", "--suite", "shop"]).stdout).unwrap();
    assert_eq!(listing["schema"], "loadgate/baselines/v1");
    let states: Vec<_> = listing["baselines"].as_array().unwrap().iter().map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["damaged", "active"]);
    assert_eq!((&listing["baselines"][1]["requests"], &listing["baselines"][0]["requests"]), (&2000.into(), &Value::Null));
    assert!(listing["baselines"][0]["reason"].as_str().unwrap().contains("it is empty"), "{listing}");
}

#[test]
fn the_list_tells_what_is_pinned_or_accepted_and_names_a_damaged_pin() {
    let (folder, store, paths) = stored(&[1, 2]);
    let accepted =
        json!({"commit": COMMIT, "config_sha256": "", "accepted": {"reason": "two queries", "by": "ann", "at": day(3)}});
    store.promote(&record(with(run("shop", &day(3)), "/provenance", accepted))).unwrap();
    let listed = || String::from_utf8(baseline(&folder, &["list"]).stdout).unwrap();
    let first = names(&paths)[0].clone();
    assert_eq!(baseline(&folder, &["pin", &first, "--label", "v1"]).status.code(), Some(0));
    let text = listed();
    let ends: Vec<&str> = text.lines().skip(1).map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(ends, ["active, accepted by ann: two queries", "active", "active, pinned: v1"], "{text}");
    let listing: Value = serde_json::from_slice(&baseline(&folder, &["list", "--json"]).stdout).unwrap();
    let line = |n: usize| &listing["baselines"][n];
    assert_eq!((&line(2)["pinned"], &line(2)["pinned_as"], line(1)["pinned"] == false), (&true.into(), &"v1".into(), true));
    assert_eq!((&line(0)["accepted"]["reason"], line(1).get("accepted")), (&"two queries".into(), None));
    // A pin without a label, and then none.
    assert_eq!(baseline(&folder, &["pin", &first]).status.code(), Some(0));
    assert!(listed().contains("active, pinned\n"), "{}", listed());
    fs::write(paths[0].with_file_name("pins").join("20201102T101500Z-1a2b3c4d.json"), "{").unwrap();
    assert!(
        listed().contains("active, pinned\n") && listed().contains("-1a2b3c4d.json  ") && listed().contains("damaged: "),
        "{}",
        listed()
    );
    fs::remove_file(paths[0].with_file_name("pins").join("20201102T101500Z-1a2b3c4d.json")).unwrap();
    assert_eq!(baseline(&folder, &["unpin", &first]).status.code(), Some(0));
    assert!(!listed().contains("pinned"), "{}", listed());
    assert_refused(&baseline(&folder, &["unpin", &first]), "this run is not pinned", "`loadgate baseline list` shows which are");
}

#[test]
fn runs_that_did_not_pass_are_not_promoted() {
    for verdict in ["fail", "invalid"] {
        let folder = workspace(run("shop", &day(1)), Some(verdict));
        for flags in [&[][..], &["--unjudged", "--no-warmup"]] {
            let output = baseline(&folder, &[&["promote", "out/record.json.gz"], flags].concat());
            assert_refused(&output, &format!("the verdict of the run is {verdict}"), "promote a run that passed");
        }
        assert!(!folder.path().join("baselines").exists());
    }
}

#[test]
fn runs_without_a_verdict_of_their_own_are_not_promoted_unless_asked_for() {
    let folder = workspace(run("shop", &day(1)), None);
    assert_refused(
        &baseline(&folder, &["promote", "out/record.json.gz"]),
        "no verdict.json beside it",
        "give --verdict FILE, or --unjudged",
    );
    let verdict = folder.path().join("other.json");
    for (suite, commit, message) in
        [("cart", COMMIT, "the verdict of suite 'cart'"), ("shop", "ffff", "the verdict of commit ffff")]
    {
        write_verdict(&verdict, "pass", suite, commit);
        let output = baseline(&folder, &["promote", "out/record.json.gz", "--verdict", "other.json"]);
        assert_refused(&output, message, "give the verdict.json of this run");
    }
    write_verdict(&verdict, "pass", "shop", COMMIT);
    let text = fs::read_to_string(&verdict).unwrap();
    fs::write(&verdict, text.replace("\"candidate\":{", &format!("\"candidate\":{{\"started_at\":\"{}\",", day(2)))).unwrap();
    let output = baseline(&folder, &["promote", "out/record.json.gz", "--verdict", "other.json"]);
    assert_refused(&output, "the verdict of a run that began at 2020-11-02", "give the verdict.json of this run");
    fs::write(&verdict, "{}").unwrap();
    let output = baseline(&folder, &["promote", "out/record.json.gz", "--verdict", "other.json"]);
    assert_refused(&output, "other.json: JSON without a schema", "give the verdict.json of this run");
    assert_eq!(baseline(&folder, &["promote", "out/record.json.gz", "--unjudged"]).status.code(), Some(0));
}

#[test]
fn runs_without_warm_up_are_not_promoted_unless_asked_for() {
    let cold = with(run("shop", &day(1)), "/plan/stages/0/measured", true);
    let folder = workspace(cold, Some("pass"));
    assert_refused(&baseline(&folder, &["promote", "out/record.json.gz"]), "no warm-up stage", "add a stage with warmup: true");
    assert_eq!(baseline(&folder, &["promote", "out/record.json.gz", "--no-warmup"]).status.code(), Some(0));
}

#[test]
fn a_bad_record_among_several_leaves_the_store_as_it_was() {
    let folder = workspace(run("shop", &day(1)), Some("pass"));
    file::write(&record(with(run("shop", &day(2)), "/ended", "interrupted")), &folder.path().join("out/second.json.gz")).unwrap();
    let output = baseline(&folder, &["promote", "out/record.json.gz", "out/second.json.gz"]);
    assert_refused(
        &output,
        "out/second.json.gz: not promoted: the run was interrupted",
        "promote a run that was played to its end",
    );
    assert!(!folder.path().join("baselines").exists());
    assert_refused(
        &baseline(&folder, &["promote", "out/absent.json.gz"]),
        "out/absent.json.gz: No such file",
        "give the path of a record",
    );
}

#[test]
fn pruning_and_rolling_back_from_the_command_line_say_what_they_did() {
    let (folder, _, paths) = stored(&[1, 2, 3]);
    let dry = baseline(&folder, &["prune", "--keep", "2", "--dry-run"]);
    assert!(String::from_utf8_lossy(&dry.stdout).trim().ends_with("20201101T101500Z-1a2b3c4d.json.gz"), "{}", transcript(&dry));
    assert!(
        String::from_utf8_lossy(&dry.stderr).starts_with("1 run would be removed") && paths[0].exists(),
        "{}",
        transcript(&dry)
    );
    let rolled = baseline(&folder, &["rollback", "--to", &names(&paths)[1]]);
    assert_eq!(rolled.status.code(), Some(0), "{}", transcript(&rolled));
    assert!(String::from_utf8_lossy(&rolled.stdout).trim().ends_with("withdrawn/20201103T101500Z-1a2b3c4d.json.gz"));
    assert_eq!((paths[1].exists(), paths[2].exists()), (true, false));
    assert_refused(
        &baseline(&folder, &["rollback", "--to", "nothing"]),
        "nothing: no such run under baselines",
        "`loadgate baseline list`",
    );
    Store::at(folder.path().join("baselines")).promote(&record(run("cart", &day(5)))).unwrap();
    assert_refused(&baseline(&folder, &["rollback"]), "baselines holds several suites: cart, shop", "choose one with --suite");
    assert_eq!(baseline(&folder, &["rollback", "--suite", "shop"]).status.code(), Some(0));
    assert!(!paths[1].exists() && paths[0].exists());
}

#[test]
fn an_empty_store_is_no_error_for_a_list_and_one_for_show() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(&folder, &["list", "--dir", "nowhere"]);
    assert_eq!((listed.status.code(), listed.stdout.len()), (Some(0), 0), "{}", transcript(&listed));
    assert_refused(&baseline(&folder, &["show", "latest"]), "latest: no such run under baselines", "`loadgate baseline list`");
}
