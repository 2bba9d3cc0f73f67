//! `loadgate import`, and what the other commands make of its records.

use std::{fs, path::Path};

use loadgate::{
    record::{RunRecord, file},
    stats::student_t,
};
use serde_json::Value;

use crate::program::{loadgate, transcript};

/// Runs a command in a folder: exit code and all it prints.
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = loadgate(folder, args).output().expect("the program starts");
    (output.status.code(), transcript(&output))
}

/// Imports a file as `NAME.json.gz`.
fn import(folder: &Path, csv: &str, name: &str) -> String {
    let (code, text) = run(folder, &["import", "--format", "csv", csv, "--out", &format!("{name}.json.gz")]);
    assert_eq!(code, Some(0), "{text}");
    text
}

/// A minute of two endpoints at 40 requests a second each, a row per request; `/b` is slower by `factor`.
fn results(factor: f64, shift: u64) -> String {
    let mut text = "timestamp_us,endpoint,latency_us,status\n".to_owned();
    for n in 0..2_400 {
        for endpoint in ["/a", "/b"] {
            let second = n / 40;
            let us = 8_000 + (n * 7_919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
            let us = if endpoint == "/b" { (us as f64 * factor) as u64 } else { us };
            text += &format!("{},{endpoint},{us},200\n", n * 25_000);
        }
    }
    text
}

/// A folder with six baselines and a candidate.
fn imported(factor: f64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for shift in 0..7 {
        let (name, factor) = if shift == 6 { ("candidate".to_owned(), factor) } else { (format!("baselines/{shift}"), 1.0) };
        fs::write(folder.path().join("results.csv"), results(factor, shift)).expect("results can be written");
        import(folder.path(), "results.csv", &name);
    }
    folder
}

#[test]
fn results_become_a_record_and_the_command_says_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("results.csv"), results(1.0, 0).replace(",200\n0,/b", ",503\n0,/b"))
        .expect("results can be written");
    insta::assert_snapshot!(import(folder.path(), "results.csv", "runs/1"), @r"
    exit Some(0)
    --- stdout
    runs/1.json.gz

    --- stderr
    4800 of 4800 requests are counted, 1 of them failed: 2 endpoints over 1m, in windows of 1s
    ");
    let (code, text) =
        run(folder.path(), &["import", "--format", "csv", "--name", "shop", "--warmup", "10s", "results.csv", "--out", "runs"]);
    assert_eq!(code, Some(0), "{text}");
    let record: RunRecord = file::read(&folder.path().join("runs/record.json.gz")).expect("a record in the folder");
    assert_eq!((record.suite.as_str(), record.total().requests, record.plan.stages.len()), ("shop", 4_000, 2));
    let (code, text) = run(folder.path(), &["report", "--out", "report", "runs/1.json.gz"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("imported, imported from results.csv, "), "{text}");
    let page = fs::read_to_string(folder.path().join("report/report.html")).expect("a page");
    assert!(page.contains("Response time of successful requests, from a moment the files do not tell"), "{page}");
}

#[test]
fn a_slower_endpoint_of_imported_results_fails_and_the_verdict_says_where_they_come_from() {
    let folder = imported(1.5);
    let (code, text) = run(folder.path(), &["compare", "--baseline", "baselines", "--candidate", "candidate.json.gz"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAIL: regression in 1 of 2 endpoints (/b p50 +51%)"), "{text}");
    let source =
        "another tool made the load: latencies (csv) count from a moment the files do not tell; if requests were sent late";
    assert!(text.contains(source), "{text}");
}

#[test]
fn nothing_changed_in_imported_results_passes() {
    let folder = imported(1.0);
    let (code, text) = run(folder.path(), &["compare", "--baseline", "baselines", "--candidate", "candidate.json.gz"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("PASS: no regression found (a change of "), "{text}");
    assert!(!text.contains("warning: "), "{text}");
}

#[test]
fn imported_results_are_not_held_against_runs_of_loadgate() {
    let folder = imported(1.0);
    let path = folder.path().join("baselines/3.json.gz");
    let mut record = file::read(&path).expect("a record");
    record.provenance.imported = None;
    record.plan.target = "127.0.0.1:8080".to_owned();
    file::write(&record, &path).expect("a record can be written");
    let (code, text) = run(folder.path(), &["compare", "--baseline", "baselines", "--candidate", "candidate.json.gz"]);
    assert_eq!(code, Some(2), "{text}");
    insta::assert_snapshot!(text, @r"
    exit Some(2)
    --- stdout

    --- stderr
    error: a record imported from results.csv can't be compared with one that loadgate measured (127.0.0.1:8080)
    hint: latencies of two tools count from different moments: import both sides, or measure both with loadgate
    ");
}

#[test]
fn another_load_is_said() {
    let folder = imported(1.0);
    let half: String =
        results(1.0, 9).lines().enumerate().filter(|(n, _)| n % 2 == 0).map(|(_, line)| format!("{line}\n")).collect();
    fs::write(folder.path().join("half.csv"), half).expect("results can be written");
    import(folder.path(), "half.csv", "candidate");
    let (_, text) = run(folder.path(), &["compare", "--baseline", "baselines", "--candidate", "candidate.json.gz"]);
    assert!(text.contains("warning: the candidate was under 40/s and the baseline under 80/s (-50%)"), "{text}");
}

#[test]
fn imported_runs_can_be_stored_as_baselines() {
    let folder = imported(1.0);
    let args = ["baseline", "promote", "--unjudged", "--no-warmup", "candidate.json.gz"];
    let (code, text) = run(folder.path(), &args);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(folder.path(), &["baseline", "show", "latest"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("target                   imported from results.csv"), "{text}");
}

#[test]
fn what_can_not_be_imported_is_refused_with_the_place_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("good.csv"), results(1.0, 0)).expect("results can be written");
    fs::write(folder.path().join("bad.csv"), "timestamp_us,endpoint,latency_us,status\n0,/a,NaN,200\n")
        .expect("results can be written");
    let refused = |args: &[&str]| {
        let (code, text) = run(folder.path(), &[&["import", "--format", "csv"], args].concat());
        assert_eq!(code, Some(2), "{text}");
        assert!(!folder.path().join("r.json.gz").exists(), "nothing is written: {text}");
        text
    };
    for (args, message, hint) in [
        (&["bad.csv"][..], "error: bad.csv:2: latency_us 'NaN' is not a number", "hint: latencies are microseconds"),
        (&["good.csv", "bad.csv"], "error: bad.csv:2: ", "hint: "),
        (&["none.csv"], "error: none.csv: No such file", "hint: give the path of a file of results"),
        (&["."], "error: .: Is a directory", "hint: name the files in it"),
        (
            &["good.csv", "--warmup", "2m"],
            "error: good.csv: all rows lie within the warm-up of 2m",
            "hint: give a shorter --warmup",
        ),
        (&["good.csv", "--warmup", "5"], "'5' has no unit", "write a number with a unit"),
        (&["good.csv", "--name", "a b"], "invalid value 'a b'", "such as 'a-b'"),
        (&["good.csv", "--errors-from", "5"], "invalid value '5'", "100..=999"),
        (&[], "required", "<FILE>..."),
    ] {
        let text = refused(&[args, &["--out", "r.json.gz"]].concat());
        assert!(text.contains(message) && text.contains(hint), "{args:?}: {text}");
    }
    let text = refused(&["good.csv", "--out", "good.csv"]);
    assert!(text.contains("good.csv: --out would overwrite the results\nhint: choose another file"), "{text}");
    assert_eq!(fs::read_to_string(folder.path().join("good.csv")).expect("still there"), results(1.0, 0));
    let (code, text) = run(folder.path(), &["import", "--format", "har", "good.csv", "--out", "r.json.gz"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("[possible values: csv, jtl, k6-csv, k6-json, vegeta-csv, vegeta-json]"), "{text}");
}

/// The rows of a verdict against those of the reference implementation: the same outcome, the same change to 0.0015, the same
/// standard error to 2 %.
fn agree(verdict: &Value, expected: &Value) {
    let (rows, expected) = (list(&verdict["comparisons"]), list(&expected["rows"]));
    assert_eq!(rows.len(), expected.len());
    for expected in expected {
        let number = |name: &str| expected[name].as_f64().expect("a number");
        let is_error = expected["metric"] == "err";
        let metric = if is_error { "error_rate" } else { expected["metric"].as_str().expect("a metric") };
        let row = rows.iter().find(|row| row["endpoint"] == expected["ep"] && row["metric"] == metric).expect("a row");
        let what = format!("{row:#}\n{expected:#}");
        let found = match (row["outcome"].as_str(), row["level"].as_str()) {
            (Some("regressed"), Some("warn")) => "warn",
            (Some("unchanged"), _) => "pass",
            (outcome, _) => outcome.expect("an outcome"),
        };
        assert_eq!(found, expected["verdict"], "{what}");
        let change = row["change"].as_f64().expect("a change");
        if is_error {
            assert!((change - number("d")).abs() < 1e-9, "{what}");
            continue;
        }
        assert!((change.ln_1p() - number("d")).abs() < 0.0015, "{what}");
        let end = |index: usize| row["ci"][index].as_f64().expect("an end of the interval").ln_1p();
        let half_width = (end(1) - end(0)) / 2.0;
        assert!((half_width / (student_t::quantile(0.975, number("df")) * number("se")) - 1.0).abs() < 0.02, "{what}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Imports every file of a case and compares them.
fn judged(case: &str, mode: &str) -> (Value, Value) {
    let (folder, data) =
        (tempfile::tempdir().expect("a temporary folder"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(case));
    let mut files: Vec<_> = fs::read_dir(&data).expect("the case").map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".csv.gz"));
    files.sort();
    let (mut baseline, mut candidate) = (Vec::new(), Vec::new());
    for path in &files {
        let name = path.file_name().expect("a name").to_string_lossy().replace(".csv.gz", "");
        import(folder.path(), &path.to_string_lossy(), &name);
        let side = if name.starts_with("head") || name.starts_with("candidate") { &mut candidate } else { &mut baseline };
        side.push(format!("{name}.json.gz"));
    }
    let (mut args, flag) = (vec!["compare", "--mode", mode, "--json", "verdict.json", "--baseline"], "--candidate");
    args.extend(baseline.iter().map(String::as_str).chain([flag]).chain(candidate.iter().map(String::as_str)));
    let (code, text) = run(folder.path(), &args);
    let verdict = fs::read(folder.path().join("verdict.json")).unwrap_or_else(|_| panic!("exit {code:?}: {text}"));
    let expected = fs::read(data.join("expected.json")).expect("what is expected");
    (serde_json::from_slice(&verdict).expect("JSON"), serde_json::from_slice(&expected).expect("JSON"))
}

#[test]
fn stored_runs_from_files_are_judged_as_the_reference_judges_them() {
    let (verdict, expected) = judged("stored_items_up", "baseline");
    agree(&verdict, &expected);
    assert_eq!(verdict["verdict"], "fail", "{}", verdict["reasons"]);
    assert_eq!(expected["overall"], "regressed");
}

#[test]
fn pairs_from_files_are_judged_as_the_reference_judges_them() {
    let (verdict, expected) = judged("duet_items_up", "ab");
    agree(&verdict, &expected);
    assert_eq!((&verdict["verdict"], &expected["overall"]), (&"fail".into(), &"regressed".into()), "{}", verdict["reasons"]);
    let (verdict, expected) = judged("duet_same", "ab");
    agree(&verdict, &expected);
    assert_eq!((&verdict["verdict"], &expected["overall"]), (&"inconclusive".into(), &"inconclusive".into()));
}

/// Both versions of a replicate from one file each, whose times are `offset_us` apart.
fn pair(folder: &Path, replicate: u64, offset_us: u64) {
    for (side, shift, offset_us) in [("baseline", replicate, 0), ("candidate", replicate + 5, offset_us)] {
        let moved = results(1.0, shift).lines().skip(1).fold(String::new(), |text, row| {
            let (time, rest) = row.split_once(',').expect("columns");
            let time_us = time.parse::<u64>().expect("a time") + offset_us;
            text + &format!("{time_us},{rest}\n")
        });
        fs::write(folder.join("results.csv"), format!("timestamp_us,endpoint,latency_us,status\n{moved}")).expect("results");
        import(folder, "results.csv", &format!("runs/{side}-{replicate}"));
    }
}

fn compare_pairs(folder: &Path) -> (Option<i32>, String) {
    run(folder, &["compare", "--mode", "ab", "--baseline", "runs", "--candidate", "runs"])
}

#[test]
fn runs_of_a_pair_may_begin_in_different_windows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    (1..=3).for_each(|replicate| pair(folder.path(), replicate, 337_000 * replicate));
    let (_, text) = compare_pairs(folder.path());
    assert!(!text.contains("left out") && text.contains("3 replicates"), "{text}");
    pair(folder.path(), 3, 4_000_000);
    let (_, text) = compare_pairs(folder.path());
    assert!(text.contains("warning: pair 3: 8s that only one of the versions was played in are left out"), "{text}");
    pair(folder.path(), 3, 60_000_000);
    let (code, text) = compare_pairs(folder.path());
    assert_eq!(code, Some(2), "{text}");
    let refused =
        "error: pair 3 (imported from results.csv, imported from results.csv): the two runs were not made at the same time";
    assert!(text.contains(refused) && text.contains("hint: give pairs of runs made side by side"), "{text}");
}

#[test]
fn the_example_of_the_docs_can_be_imported() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/import.md")).expect("the page");
    let example = page.split("```csv\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("example.csv"), example).expect("results can be written");
    let text = import(folder.path(), "example.csv", "example");
    assert!(text.contains("3 of 3 requests are counted, 2 of them failed: 3 endpoints over 1s"), "{text}");
}
