//! Records of simulated runs, as the engine would write them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use loadgate::record::{
    AbPart, Encoded, Ended, EndpointSeries, Environment, ErrorClass, Generator, Latencies, PlanFacts, Provenance, RunRecord,
    StageFacts, Window, file,
};
use rand::{Rng, RngExt as _};

use super::{
    lognormal,
    machine::Machine,
    queue,
    service::{Arrival, ENDPOINTS, Family},
};

/// Windows as long as a block. Finer ones are put together again, and only the rule for a warm-up looks at them before.
pub(super) const BLOCK_US: u64 = PlanFacts::BLOCK_US_DEFAULT;
/// Share of the requests that fail.
const ERROR_SHARE: f64 = 0.0005;

/// How a run is played.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub family: Family,
    /// Requests a second to one version.
    pub rate: f64,
    pub seconds: u64,
    /// How finely it is recorded.
    pub window_us: u64,
}

/// Plays the arrivals of one version on a machine by a process that is slower by so much.
pub(super) fn play(
    random: &mut impl Rng,
    load: Load,
    machine: &Machine,
    slower: &[f64],
    arrivals: &[Arrival],
    part: Option<AbPart>,
) -> RunRecord {
    let latencies = match load.family {
        Family::Lognormal => lognormal::latencies(random, machine, slower, arrivals),
        Family::Queue => queue::latencies(random, machine, slower, arrivals, load.rate),
    };
    let windows = (load.seconds * 1_000_000 / load.window_us).max(1) as usize;
    let mut counts = vec![vec![(Latencies::default(), 0_u64); windows]; ENDPOINTS.len()];
    for (arrival, us) in arrivals.iter().zip(latencies) {
        let window = ((arrival.at * 1e6) as u64 / load.window_us) as usize;
        let (succeeded, failed) = &mut counts[arrival.endpoint][window.min(windows - 1)];
        if random.random_bool(ERROR_SHARE) { *failed += 1 } else { succeeded.record(us as u64) }
    }
    let endpoints = ENDPOINTS.iter().zip(&counts).map(|(endpoint, counts)| series(endpoint.name, counts)).collect();
    record(load, arrivals.len() as u64, endpoints, part)
}

fn series(name: &str, counts: &[(Latencies, u64)]) -> EndpointSeries {
    let window = |(succeeded, failed): &(Latencies, u64)| Window {
        requests: succeeded.count() + failed,
        errors: if *failed > 0 { BTreeMap::from([(ErrorClass::Status5xx, *failed)]) } else { BTreeMap::new() },
        response: Encoded::from(succeeded),
        ..Window::default()
    };
    EndpointSeries {
        name: name.to_owned(),
        scenario: "calibrate".to_owned(),
        request: format!("GET {name}"),
        stages: vec![counts.iter().map(window).collect()],
        is_setup: false,
        is_occasional: false,
        is_beside: false,
        is_untimed: false,
    }
}

fn record(load: Load, requests: u64, endpoints: Vec<EndpointSeries>, part: Option<AbPart>) -> RunRecord {
    let mut late = Latencies::default();
    late.record(100);
    let stage = StageFacts {
        name: "steady".to_owned(),
        shape: format!("{}/s", load.rate),
        duration_us: load.seconds * 1_000_000,
        measured: true,
        played_us: load.seconds * 1_000_000,
        offered: requests,
        started: requests,
        ..StageFacts::default()
    };
    RunRecord {
        schema: file::SCHEMA.to_owned(),
        suite: "calibrate".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        ended: Ended::Complete,
        ended_because: None,
        last_words: Vec::new(),
        provenance: Provenance::default(),
        environment: Environment::default(),
        plan: PlanFacts { window_us: load.window_us, block_us: BLOCK_US, stages: vec![stage], ..PlanFacts::default() },
        ab: part,
        generator: Generator { late: Encoded::from(&late), ..Generator::default() },
        breaker: Vec::new(),
        endpoints,
        failures: Vec::new(),
        slowest: Vec::new(),
        unmeasured_failures: Vec::new(),
        notes: Vec::new(),
        newer: serde_json::Map::new(),
    }
}
