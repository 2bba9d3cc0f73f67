//! The whole comparison against the reference implementation, on the same requests.

use std::{io::Read as _, path::Path};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::{
    compare::{
        ComparedMetric, Outcome, Row, compare,
        fixture::{self, Request},
    },
    policy::{Quantile, Regression, Severity},
    record::{ErrorClass, RunRecord},
};

const ENDPOINTS: [&str; 5] = ["/checkout", "/health", "/items", "/report", "/search"];

fn data() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/stored_items_up")
}

fn read(name: &str) -> RunRecord {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(data().join(name)).unwrap()).read_to_string(&mut text).unwrap();
    let requests: Vec<Request> = csv::Reader::from_reader(text.as_bytes())
        .deserialize::<(u64, String, u64, u16)>()
        .map(|row| {
            let (due_us, endpoint, latency_us, status) = row.unwrap();
            let endpoint = ENDPOINTS.iter().position(|name| *name == endpoint).unwrap();
            Request { due_us, endpoint, outcome: if status >= 500 { Err(ErrorClass::Status5xx) } else { Ok(latency_us) } }
        })
        .collect();
    fixture::run(&[60], &ENDPOINTS, &requests)
}

fn metric(name: &str) -> ComparedMetric {
    match name {
        "p50" => ComparedMetric::Latency(Quantile::P50),
        "p95" => ComparedMetric::Latency(Quantile::P95),
        "p99" => ComparedMetric::Latency(Quantile::P99),
        "err" => ComparedMetric::ErrorRate,
        _ => panic!("unknown metric {name}"),
    }
}

fn verdict(row: &Row) -> &'static str {
    match (row.outcome, row.level) {
        (Outcome::Regressed, Some(Severity::Warn)) => "warn",
        (Outcome::Unchanged, _) => "pass",
        (outcome, _) => outcome.name(),
    }
}

/// Half the width of the two-sided interval in logarithms: the standard error times a t quantile that both share.
fn half_width(row: &Row) -> f64 {
    let (low, high) = row.change.unwrap().interval.unwrap();
    (high.ln_1p() - low.ln_1p()) / 2.0
}

fn agrees(row: &Row, expected: &Value) {
    let number = |name: &str| expected[name].as_f64().unwrap();
    let what = format!("{row:#?}\n{expected:#}");
    assert_eq!(verdict(row), expected["verdict"], "{what}");
    let change = row.change.unwrap();
    if row.metric == ComparedMetric::ErrorRate {
        assert!((change.estimate - number("d")).abs() < 1e-12, "{what}");
        return;
    }
    assert!((change.estimate.ln_1p() - number("d")).abs() < 0.0015, "{what}");
    let expected_half = crate::stats::student_t::quantile(0.975, number("df")) * number("se");
    assert!((half_width(row) / expected_half - 1.0).abs() < 0.02, "{what}");
    assert_eq!(row.mde.is_some(), expected["elig"].as_bool().unwrap(), "{what}");
    if let Some(mde) = row.mde {
        assert!((mde / number("mde") - 1.0).abs() < 0.03, "{what}");
    }
    if let Some(p) = change.p_value {
        let both = number("p_adj").min(number("pdn_adj"));
        assert!((p - both).abs() < 0.1 * both, "{what}");
    }
}

#[test]
fn every_row_agrees_with_the_reference() {
    let baseline: Vec<RunRecord> = (0..6).map(|run| read(&format!("baseline_0{run}.csv.gz"))).collect();
    let comparison = compare(&baseline, &[read("head_00.csv.gz")], &Regression::default());
    let expected: Value = serde_json::from_slice(&std::fs::read(data().join("expected.json")).unwrap()).unwrap();
    let rows = expected["rows"].as_array().unwrap();
    assert_eq!(comparison.rows.len(), rows.len());
    for expected in rows {
        let of =
            |row: &&Row| expected["ep"] == row.endpoint.as_str() && row.metric == metric(expected["metric"].as_str().unwrap());
        agrees(comparison.rows.iter().find(of).unwrap(), expected);
    }
    assert!((comparison.coverage - expected["covered"].as_f64().unwrap()).abs() < 0.001);
    assert_eq!(comparison.blocks as u64, expected["blocks"].as_u64().unwrap());
    // The reference counts the endpoints' family alone.
    assert_eq!(comparison.family as u64, expected["family"].as_u64().unwrap() + 2);
}

#[test]
fn a_baseline_coarsened_to_blocks_says_the_same() {
    let baseline: Vec<RunRecord> = (0..6).map(|run| read(&format!("baseline_0{run}.csv.gz"))).collect();
    let coarse: Vec<RunRecord> = baseline.iter().map(|run| run.coarsened(5_000_000)).collect();
    let candidate = [read("head_00.csv.gz")];
    let rules = Regression::default();
    assert_eq!(compare(&baseline, &candidate, &rules), compare(&coarse, &candidate, &rules));
}
