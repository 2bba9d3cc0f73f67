//! What a comparison costs: 20 stored runs of 5 endpoints in 24 windows of 5 s each, against one candidate. `cargo bench --bench compare`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so by panicking")]

use std::{collections::BTreeMap, path::PathBuf};

use divan::Bencher;
use loadgate::{
    compare::compare,
    policy::Regression,
    record::{
        Encoded, Ended, EndpointSeries, Environment, Generator, Latencies, PlanFacts, Provenance, RunRecord, StageFacts, Window,
        file,
    },
};

const ENDPOINTS: u64 = 5;
const WINDOWS: u64 = 24;
const WINDOW_US: u64 = 5_000_000;
const BASELINES: u64 = 20;

fn main() {
    divan::main();
}

/// A run with 200 requests in each window of each endpoint.
fn run(salt: u64) -> RunRecord {
    let window = |endpoint: u64, number: u64| {
        let mut response = Latencies::default();
        (0..200).for_each(|n| response.record(5_000 * (endpoint + 1) + (n * 7_919 + number * 104_729 + salt * 131) % 6_000));
        Window { requests: 200, response: Encoded::from(&response), errors: BTreeMap::new(), ..Window::default() }
    };
    let endpoints = (0..ENDPOINTS).map(|endpoint| EndpointSeries {
        name: format!("/{endpoint}"),
        scenario: "browse".to_owned(),
        request: format!("GET /{endpoint}"),
        stages: vec![(0..WINDOWS).map(|number| window(endpoint, number)).collect()],
        is_setup: false,
        is_occasional: false,
        is_beside: false,
        is_untimed: false,
    });
    let duration_us = WINDOWS * WINDOW_US;
    let stage =
        StageFacts { name: "steady".to_owned(), duration_us, played_us: duration_us, measured: true, ..StageFacts::default() };
    RunRecord {
        schema: file::SCHEMA.to_owned(),
        suite: "shop".to_owned(),
        tool_version: "0.1.0".to_owned(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        ended: Ended::Complete,
        ended_because: None,
        last_words: Vec::new(),
        provenance: Provenance::default(),
        environment: Environment::default(),
        plan: PlanFacts { window_us: WINDOW_US, stages: vec![stage], ..PlanFacts::default() },
        ab: None,
        generator: Generator::default(),
        breaker: Vec::new(),
        endpoints: endpoints.collect(),
        failures: Vec::new(),
        slowest: Vec::new(),
        unmeasured_failures: Vec::new(),
        notes: Vec::new(),
        newer: serde_json::Map::new(),
    }
}

/// The statistics alone.
#[divan::bench]
fn twenty_stored_runs(bencher: Bencher<'_, '_>) {
    let (baseline, candidate, rules): (Vec<_>, _, _) = ((0..BASELINES).map(run).collect(), [run(99)], Regression::default());
    bencher.bench_local(|| compare(&baseline, &candidate, &rules));
}

/// With reading the records from their files, as `loadgate compare` does.
#[divan::bench]
fn twenty_stored_runs_from_files(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..=BASELINES).map(|salt| folder.path().join(format!("{salt}.json.gz"))).collect();
    paths.iter().zip(0..).for_each(|(path, salt)| file::write(&run(salt), path).unwrap());
    let rules = Regression::default();
    bencher.bench_local(|| {
        let runs: Vec<RunRecord> = paths.iter().map(|path| file::read(path).unwrap()).collect();
        let (candidate, baseline) = runs.split_last().unwrap();
        compare(baseline, std::slice::from_ref(candidate), &rules)
    });
}
