//! What other load tools wrote, imported and compared.

use std::{fs, path::Path};

use loadgate::record::{ErrorClass, RunRecord, file};
use serde_json::Value;

use crate::program::{loadgate, transcript};

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = loadgate(folder, args).output().expect("the program starts");
    (output.status.code(), transcript(&output))
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/k6").join(name).display().to_string()
}

/// Both outputs that k6 wrote of one run.
const K6: [(&str, &str); 2] = [("k6-csv", "results.csv.gz"), ("k6-json", "results.json.gz")];

fn imported(folder: &Path, format: &str, path: &str) -> RunRecord {
    let out = format!("{format}.json.gz");
    let (code, text) = run(folder, &["import", "--format", format, path, "--out", &out]);
    assert_eq!(code, Some(0), "{text}");
    file::read(&folder.join(out)).expect("a record")
}

#[test]
fn percentiles_of_a_run_of_k6_are_those_k6_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let summary: Value =
        serde_json::from_slice(&fs::read(data("summary.json")).expect("the summary")).expect("JSON of k6's summary");
    for (format, path) in K6 {
        let record = imported(folder.path(), format, &data(path));
        let names: Vec<&str> = record.endpoints.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["GET /broken", "GET /gone", "GET /refused", "GET /search", "POST /orders", "list-items"]);
        let failed = &summary["metrics"]["http_req_failed"];
        let total = record.total();
        assert_eq!((total.requests, total.error_count()), (1122, failed["passes"].as_u64().expect("a count")), "{format}");
        assert_eq!(total.errors.get(&ErrorClass::ConnectRefused), Some(&40), "{format}");
        let all = ("expected_response:true", total);
        let of = |name: &str| record.endpoints.iter().find(|series| series.name == name).expect("the endpoint").total();
        for (metric, found) in
            [all, ("name:list-items", of("list-items")), ("name:http://127.0.0.1:18711/search", of("GET /search"))]
        {
            let printed = &summary["metrics"][format!("http_req_duration{{{metric}}}")];
            for (q, name) in [(0.5, "med"), (0.95, "p(95)")] {
                let us = printed[name].as_f64().expect("a latency") * 1e3;
                let ours = found.response.quantile(q).expect("a latency") as f64;
                // A microsecond and a thousandth: the grain of the histogram. k6 interpolates between neighbours.
                assert!((ours - us).abs() <= 1.0 + us * 0.002, "{format} {metric} {name}: {ours} here, {us} there");
            }
        }
    }
}

#[test]
fn both_outputs_of_k6_are_comparable_and_the_verdict_says_what_is_not_in_the_figures() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [csv, json] = K6.map(|(format, path)| imported(folder.path(), format, &data(path)));
    assert_eq!(csv.fingerprint(), json.fingerprint());
    let args = ["compare", "--baseline", "k6-csv.json.gz", "--candidate", "k6-json.json.gz"];
    let (_, text) = run(folder.path(), &args);
    let limit =
        "another tool made the load: latencies (k6-json) count from the moment a request was sent; if requests were sent late";
    assert!(text.contains(limit), "{text}");
}

#[test]
fn results_of_two_tools_are_not_held_against_one_another() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    imported(folder.path(), "k6-csv", &data("results.csv.gz"));
    let vegeta = "1795294570348483650,200,1253583,0,2702,,aGk=,shop,0,GET,http://127.0.0.1:8080/items?page=1,\n";
    fs::write(folder.path().join("results.csv"), vegeta).expect("results");
    imported(folder.path(), "vegeta-csv", "results.csv");
    for args in [
        &["compare", "--baseline", "k6-csv.json.gz", "--candidate", "vegeta-csv.json.gz"][..],
        &["compare", "vegeta-csv.json.gz", "k6-csv.json.gz"],
    ] {
        let (code, text) = run(folder.path(), args);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("error: a record imported from results.csv")
                && text.contains("can't be compared with one imported from"),
            "{text}"
        );
        assert!(
            text.contains("hint: tools measure different things as the latency of a request: compare results of one tool"),
            "{text}"
        );
    }
}
