//! The whole comparison against the reference implementation, on the same requests.

use std::{io::Read as _, path::Path};

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::{
    compare::{
        ComparedMetric, Comparison, Look, Outcome, Row, compare, compare_ab,
        fixture::{self, Request},
        looks,
    },
    policy::{Quantile, Regression, Severity},
    record::{DuetNoise, ErrorClass, LearnedNoise, RunRecord},
};

const ENDPOINTS: [&str; 5] = ["/checkout", "/health", "/items", "/report", "/search"];

fn data(case: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(case)
}

/// The requests of a file, all later by `after_us`.
fn requests(case: &str, name: &str, after_us: u64) -> Vec<Request> {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(data(case).join(name)).unwrap()).read_to_string(&mut text).unwrap();
    csv::Reader::from_reader(text.as_bytes())
        .deserialize::<(u64, String, u64, u16)>()
        .map(|row| {
            let (due_us, endpoint, latency_us, status) = row.unwrap();
            let endpoint = ENDPOINTS.iter().position(|name| *name == endpoint).unwrap();
            let outcome = if status >= 500 { Err(ErrorClass::Status5xx) } else { Ok(latency_us) };
            Request { due_us: due_us + after_us, endpoint, outcome }
        })
        .collect()
}

/// A run of so many seconds from a file of requests.
fn read(case: &str, name: &str, seconds: u64) -> RunRecord {
    fixture::run(&[seconds], &ENDPOINTS, &requests(case, name, 0))
}

fn json(case: &str, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data(case).join(name)).unwrap()).unwrap()
}

fn stored() -> (Vec<RunRecord>, Vec<RunRecord>) {
    let baseline = (0..6).map(|run| read("stored_items_up", &format!("baseline_0{run}.csv.gz"), 60)).collect();
    (baseline, vec![read("stored_items_up", "head_00.csv.gz", 60)])
}

/// The first replicates of a case.
fn replicates(case: &str, count: usize) -> (Vec<RunRecord>, Vec<RunRecord>) {
    let side = |side: &str| (0..count).map(|run| read(case, &format!("{side}_{run}.csv.gz"), 20)).collect();
    (side("baseline"), side("candidate"))
}

/// The first five replicates of a case put together to one long pair.
fn pair(case: &str) -> [RunRecord; 2] {
    ["baseline", "candidate"].map(|side| {
        let parts = (0..5).flat_map(|run| requests(case, &format!("{side}_{run}.csv.gz"), run * 20_000_000));
        fixture::run(&[100], &ENDPOINTS, &parts.collect::<Vec<_>>())
    })
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

/// `scale` is alpha by the level that the reference was given: our p-values are all read against alpha.
fn agrees(row: &Row, expected: &Value, scale: f64) {
    let number = |name: &str| expected[name].as_f64().unwrap();
    let what = format!("{row:#?}\n{expected:#}");
    assert_eq!(verdict(row), expected["verdict"], "{what}");
    let Some(change) = row.change else { return assert!(expected.get("d").is_none(), "{what}") };
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
        if let Some(contrast) = expected.get("con") {
            let (low, high) = row.siblings.unwrap().interval;
            let half = crate::stats::student_t::quantile(0.975, contrast[1].as_f64().unwrap()) * contrast[0].as_f64().unwrap();
            assert!(((high.ln_1p() - low.ln_1p()) / 2.0 / half - 1.0).abs() < 0.02, "{what}");
        }
        let both = (number("p_adj").min(number("pdn_adj")) * scale).min(1.0);
        assert!((p - both).abs() < 0.1 * both, "{what}");
    }
}

fn all_agree(comparison: &Comparison, expected: &Value, scale: f64) {
    let rows = expected["rows"].as_array().unwrap();
    assert_eq!(comparison.rows.len(), rows.len());
    for expected in rows {
        let of =
            |row: &&Row| expected["ep"] == row.endpoint.as_str() && row.metric == metric(expected["metric"].as_str().unwrap());
        agrees(comparison.rows.iter().find(of).unwrap(), expected, scale);
    }
    assert!((comparison.coverage - expected["covered"].as_f64().unwrap()).abs() < 0.001);
    assert_eq!(comparison.blocks as u64, expected["blocks"].as_u64().unwrap());
    // The reference counts the endpoints' family alone.
    assert_eq!(comparison.family as u64, expected["family"].as_u64().unwrap() + 2);
}

/// The reference's word for the verdict, as far as the comparison decides it.
fn overall(comparison: &Comparison) -> &'static str {
    let any = |is: fn(&Row) -> bool| comparison.rows.iter().any(is);
    if any(|row| row.level == Some(Severity::Fail)) {
        "regressed"
    } else if comparison.coverage < 0.8 || any(|row| row.outcome == Outcome::Inconclusive && (row.required || row.suspect)) {
        "inconclusive"
    } else {
        "pass"
    }
}

fn end(replicates: usize) -> Look {
    Look::only(replicates, 0.01)
}

#[test]
fn every_row_against_stored_runs_agrees_with_the_reference() {
    let (baseline, candidate) = stored();
    let comparison = compare(&baseline, &candidate, &Regression::default());
    all_agree(&comparison, &json("stored_items_up", "expected.json"), 1.0);
}

#[test]
fn every_row_of_replicates_agrees_with_the_reference() {
    for case in ["duet_items_up", "duet_same"] {
        let (baseline, candidate) = replicates(case, 6);
        let comparison = compare_ab(&baseline, &candidate, &Regression::default(), &LearnedNoise::default(), end(6));
        let expected = json(case, "expected.json");
        all_agree(&comparison, &expected, 1.0);
        assert_eq!(overall(&comparison), expected["overall"], "{case}");
    }
}

#[test]
fn every_row_of_one_pair_agrees_with_the_reference() {
    let [baseline, candidate] = pair("duet_items_up");
    let comparison = compare_ab(&[baseline], &[candidate], &Regression::default(), &LearnedNoise::default(), end(1));
    all_agree(&comparison, &json("duet_items_up", "expected_pair.json"), 1.0);
}

#[test]
fn a_look_before_the_end_agrees_with_the_reference_at_its_level() {
    let (baseline, candidate) = replicates("duet_items_up", 4);
    let look = looks(6, 0.01)[1];
    assert_eq!(look.used, 4);
    let comparison = compare_ab(&baseline, &candidate, &Regression::default(), &LearnedNoise::default(), look);
    all_agree(&comparison, &json("duet_items_up", "expected_look.json"), 10.0);
}

#[test]
fn noise_learned_from_an_earlier_comparison_agrees_with_the_reference() {
    let rules = Regression::default();
    let (baseline, candidate) = replicates("duet_same", 6);
    let earlier = compare_ab(&baseline, &candidate, &rules, &LearnedNoise::default(), end(6));
    let taught = DuetNoise::of(&baseline, &candidate, &earlier.spreads, false).unwrap();
    let learned = LearnedNoise::of([&taught]);

    let spreads = json("duet_same", "spreads.json");
    let spreads = spreads.as_object().unwrap();
    assert_eq!(learned.all().len(), spreads.len());
    for (endpoint, metric, learned) in learned.all() {
        let expected = &spreads[&format!("{endpoint} {metric}")];
        let sum = expected["SS"].as_f64().unwrap();
        // Histograms know a latency to 0.1 %; so do the differences.
        assert!((learned.sum_of_squares.sqrt() - sum.sqrt()).abs() < 0.0015, "{endpoint} {metric} {learned:?} {sum}");
        assert!((learned.df - expected["df"].as_f64().unwrap()).abs() < 1e-12);
    }
    let (baseline, candidate) = replicates("duet_items_up", 6);
    let comparison = compare_ab(&baseline, &candidate, &rules, &learned, end(6));
    all_agree(&comparison, &json("duet_items_up", "expected_learned.json"), 1.0);
}

#[test]
fn runs_coarsened_to_blocks_say_the_same() {
    let rules = Regression::default();
    let coarse = |runs: &[RunRecord]| runs.iter().map(|run| run.coarsened(5_000_000)).collect::<Vec<_>>();
    let (baseline, candidate) = stored();
    assert_eq!(compare(&baseline, &candidate, &rules), compare(&coarse(&baseline), &candidate, &rules));
    let (baseline, candidate) = replicates("duet_same", 3);
    let judge = |baseline: &[RunRecord]| compare_ab(baseline, &candidate, &rules, &LearnedNoise::default(), end(3));
    assert_eq!(judge(&baseline), judge(&coarse(&baseline)));
}
