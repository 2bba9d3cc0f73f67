//! Records for tests, made from requests instead of a run.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::record::{
    Encoded, Ended, EndpointSeries, Environment, ErrorClass, Generator, Latencies, PlanFacts, Provenance, RunRecord, StageFacts,
    Totals, Window, file::SCHEMA,
};

/// Default length of a window.
pub(crate) const SECOND_US: u64 = 1_000_000;

/// One request of a made-up run.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// When it was due, from the start of the run.
    pub due_us: u64,
    /// Index of its endpoint.
    pub endpoint: usize,
    /// Response time, or how it failed.
    pub outcome: Result<u64, ErrorClass>,
}

/// A run of measured stages of the given lengths in seconds.
pub(crate) fn run(seconds: &[u64], endpoints: &[&str], requests: &[Request]) -> RunRecord {
    let stages: Vec<StageFacts> = seconds.iter().enumerate().map(|(index, &seconds)| stage(index, seconds)).collect();
    let total: u64 = seconds.iter().sum();
    let mut windows: Vec<Vec<Totals>> = vec![vec![Totals::default(); total as usize]; endpoints.len()];
    for request in requests {
        let Some(window) = windows[request.endpoint].get_mut((request.due_us / SECOND_US) as usize) else { continue };
        window.requests += 1;
        match request.outcome {
            Ok(us) => window.response.record(us),
            Err(class) => *window.errors.entry(class).or_default() += 1,
        }
    }
    let series = endpoints.iter().zip(&windows).map(|(name, windows)| {
        let mut windows = windows.iter().map(Window::from);
        EndpointSeries {
            is_setup: false,
            is_occasional: false,
            is_beside: false,
            is_untimed: false,
            name: (*name).to_owned(),
            scenario: "browse".to_owned(),
            request: format!("GET {name}"),
            stages: seconds.iter().map(|&count| windows.by_ref().take(count as usize).collect()).collect(),
        }
    });
    let endpoints = series.collect();
    let mut run = empty(stages, endpoints);
    // Arrivals are counted per stage; as all of them are sent, a stage's share of the time will do.
    for stage in &mut run.plan.stages {
        stage.offered = requests.len() as u64 * stage.duration_us / (total.max(1) * SECOND_US);
        stage.started = stage.offered;
    }
    run
}

fn stage(index: usize, seconds: u64) -> StageFacts {
    StageFacts {
        name: format!("stage-{}", index + 1),
        shape: "60/s".to_owned(),
        duration_us: seconds * SECOND_US,
        measured: true,
        played_us: seconds * SECOND_US,
        ..StageFacts::default()
    }
}

/// A complete run of those stages and endpoints, on time.
pub(crate) fn empty(stages: Vec<StageFacts>, endpoints: Vec<EndpointSeries>) -> RunRecord {
    let mut late = Latencies::default();
    late.record(100);
    RunRecord {
        schema: SCHEMA.to_owned(),
        suite: "shop".to_owned(),
        tool_version: "0.1.0".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        ended: Ended::Complete,
        ended_because: None,
        last_words: Vec::new(),
        provenance: Provenance::default(),
        environment: Environment::default(),
        plan: PlanFacts { window_us: SECOND_US, stages, ..PlanFacts::default() },
        ab: None,
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

/// `rate` requests a second for each endpoint, their latencies in microseconds by endpoint, second and number.
pub(crate) fn steady(seconds: u64, endpoints: &[&str], rate: u64, latency: impl Fn(usize, u64, u64) -> u64) -> RunRecord {
    let mut requests = Vec::new();
    for endpoint in 0..endpoints.len() {
        for second in 0..seconds {
            for n in 0..rate {
                let due_us = second * SECOND_US + n * SECOND_US / rate;
                requests.push(Request { due_us, endpoint, outcome: Ok(latency(endpoint, second, n)) });
            }
        }
    }
    run(&[seconds], endpoints, &requests)
}

/// Makes `count` requests of each window of an endpoint fail with that class, as far as there are successes.
pub(crate) fn with_errors(mut run: RunRecord, endpoint: &str, class: ErrorClass, count: u64) -> RunRecord {
    for series in run.endpoints.iter_mut().filter(|series| series.name == endpoint) {
        for window in series.stages.iter_mut().flatten() {
            let failing = count.min(window.requests);
            let mut kept = Latencies::default();
            let mut left = window.requests - failing;
            for (us, bucket) in window.response.decode().buckets() {
                (0..bucket.min(left)).for_each(|_| kept.record(us));
                left -= bucket.min(left);
            }
            window.response = Encoded::from(&kept);
            window.errors = BTreeMap::from([(class, failing)]);
        }
    }
    run
}
