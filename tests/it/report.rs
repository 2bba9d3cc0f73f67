//! `loadgate report`, run as a user runs it.

use std::{fs, path::Path};

use loadgate::record::{
    AbPart, Encoded, Ended, EndpointSeries, Environment, Generator, Latencies, PlanFacts, Provenance, RunRecord, Side,
    StageFacts, Totals, Window, file,
};

use crate::program::{loadgate, transcript};

/// Writes a record of one endpoint with ten requests a second for three seconds.
pub(crate) fn record(path: &Path, suite: &str) {
    let windows = (0..3).map(|second| {
        let mut totals = Totals { requests: 10, ..Totals::default() };
        (0..10).for_each(|n| totals.response.record(5_000 + second * 100 + n));
        Window::from(&totals)
    });
    let stage = StageFacts {
        name: "steady".to_owned(),
        shape: "10/s".to_owned(),
        duration_us: 3_000_000,
        measured: true,
        played_us: 3_000_000,
        offered: 30,
        started: 30,
        ..StageFacts::default()
    };
    let record = RunRecord {
        schema: file::SCHEMA.to_owned(),
        suite: suite.to_owned(),
        tool_version: "0.1.0".to_owned(),
        started_at: "2026-11-20T12:03:04Z".parse().unwrap(),
        ended: Ended::Complete,
        ended_because: None,
        last_words: Vec::new(),
        provenance: Provenance::default(),
        environment: Environment { cores: 2, ..Environment::default() },
        plan: PlanFacts {
            window_us: 1_000_000,
            target: "127.0.0.1:8080".to_owned(),
            stages: vec![stage],
            ..PlanFacts::default()
        },
        ab: None,
        generator: Generator { late: Encoded::from(&Latencies::default()), ..Generator::default() },
        breaker: Vec::new(),
        endpoints: vec![EndpointSeries {
            is_setup: false,
            is_occasional: false,
            is_beside: false,
            is_untimed: false,
            name: "list-items".to_owned(),
            scenario: "browse".to_owned(),
            request: "GET /items".to_owned(),
            stages: vec![windows.collect()],
        }],
        failures: Vec::new(),
        slowest: Vec::new(),
        unmeasured_failures: Vec::new(),
        notes: Vec::new(),
        newer: serde_json::Map::new(),
    };
    file::write(&record, path).unwrap();
}

#[test]
fn report_renders_a_saved_record_again() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("record.json.gz"), "shop");
    let output = loadgate(folder.path(), &["report", "--out", "again", "record.json.gz"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @r"
    shop, 127.0.0.1:8080, 2026-11-20 12:03 UTC

    endpoint    requests  rate      p50      p95      p99  errors
    list-items        30  10/s  5.11 ms  5.21 ms  5.21 ms      0%
    ");
    let text = |name: &str| fs::read_to_string(folder.path().join("again").join(name)).unwrap();
    assert!(text("summary.json").contains("loadgate/summary/v1"));
    assert_eq!(text("windows.csv").lines().count(), 1 + 3);
    assert!(text("report.html").starts_with("<!doctype html>"));
}

#[test]
fn report_takes_a_folder_of_records() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("runs")).unwrap();
    record(&folder.path().join("runs/a.json.gz"), "shop");
    record(&folder.path().join("runs/b.json.gz"), "shop");
    let output = loadgate(folder.path(), &["report", "--out", "again", "runs"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("list-items        60"), "{}", transcript(&output));
    fs::create_dir(folder.path().join("empty")).unwrap();
    refused(folder.path(), &["report", "--out", "x", "empty"], &["empty: no records in this folder", "hint: "]);
}

/// Makes the record one of two versions that were played beside one another.
fn beside(path: &Path, side: Side) {
    let mut run = file::read(path).unwrap();
    run.ab = Some(AbPart { side, replicate: 1, replicates: 1, look: None });
    file::write(&run, path).unwrap();
}

#[test]
fn two_versions_are_reported_beside_one_another_and_never_added_up() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("records")).unwrap();
    for (name, side) in [("records/baseline-1.json.gz", Side::Baseline), ("records/candidate-1.json.gz", Side::Candidate)] {
        record(&folder.path().join(name), "shop");
        beside(&folder.path().join(name), side);
    }
    let files = ["records/baseline-1.json.gz", "records/candidate-1.json.gz"];
    for given in [&["records"][..], &files] {
        let output = loadgate(folder.path(), &[&["report", "--out", "again"], given].concat()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
        assert!(text.starts_with("candidate: shop") && text.contains("\nbaseline: shop"), "{text}");
        assert_eq!(text.matches("list-items        30").count(), 2, "{text}");
        let summary = fs::read_to_string(folder.path().join("again/summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        assert_eq!((&summary["total"]["requests"], &summary["baseline"]["total"]["requests"]), (&30.into(), &30.into()));
    }
    let alone = loadgate(folder.path(), &["report", "--out", "again", files[0]]).output().unwrap();
    assert!(String::from_utf8_lossy(&alone.stdout).starts_with("shop, "), "{}", transcript(&alone));
}

#[test]
fn runs_of_two_plans_are_not_added_up() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("a.json.gz"), "shop");
    record(&folder.path().join("b.json.gz"), "shop");
    let mut run = file::read(&folder.path().join("b.json.gz")).unwrap();
    run.plan.scenario_hash = "other".to_owned();
    file::write(&run, &folder.path().join("b.json.gz")).unwrap();
    let words = ["the records were made under different conditions: ", "hint: report those that are alike by themselves"];
    refused(folder.path(), &["report", "--out", "x", "a.json.gz", "b.json.gz"], &words);
}

#[test]
fn report_prints_the_summary_for_programs_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("r.json.gz"), "shop");
    let output = loadgate(folder.path(), &["report", "--json", "--format", "json", "--out", "x", "r.json.gz"]).output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["total"]["requests"], 30, "{}", transcript(&output));
    let left: Vec<_> = fs::read_dir(folder.path().join("x")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["summary.json"]);
}

/// A command line that must be refused: exit 2, these words on stderr, and no panic.
fn refused(folder: &Path, args: &[&str], words: &[&str]) {
    let output = loadgate(folder, args).output().unwrap();
    let shown = transcript(&output);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    for word in words {
        assert!(shown.contains(word), "'{word}' in {shown}");
    }
}

#[test]
fn report_refuses_what_it_cannot_render() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("r.json.gz"), "shop");
    record(&folder.path().join("other.json.gz"), "warehouse");
    fs::write(folder.path().join("file"), "x").unwrap();
    fs::write(folder.path().join("cut.json.gz"), &fs::read(folder.path().join("r.json.gz")).unwrap()[..200]).unwrap();
    let at = folder.path();
    refused(at, &["report", "--out", "file", "r.json.gz"], &["file: can't write the reports here: it is a file", "hint: "]);
    refused(at, &["report", "--out", "x", "none.json.gz"], &["none.json.gz", "hint: "]);
    refused(at, &["report", "--out", "x", "cut.json.gz"], &["cut.json.gz: the record is damaged", "hint: "]);
    refused(at, &["report", "--out", "x", "r.json.gz", "other.json.gz"], &["'warehouse'", "'shop'", "hint: "]);
    refused(at, &["report", "--out", "x", "--format", "pdf", "r.json.gz"], &["formats are json, html, md, junit, csv"]);
    refused(at, &["report", "--out", "x"], &["RECORD"]);
}
