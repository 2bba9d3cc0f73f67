//! A made-up run that own templates are tried on before any load: small, and with one of everything that a report can show.

use jiff::Timestamp;

use crate::{
    compare::compare,
    policy::{Policy, Threshold},
    record::{
        BreakerEvent, BreakerState, CiRun, Encoded, Ended, EndpointSeries, Environment, ErrorClass, ExchangeSample,
        FailureSample, Generator, LastWords, Latencies, Note, Part, Phases, PlanFacts, Provenance, RunRecord, Side, SlowSample,
        StageFacts, StepFacts, Totals, TraceId, UnmeasuredFailures, Window, file,
    },
    report::View,
    verdict::{Reference, decide},
};

/// Windows of a stage, a second each.
const SECONDS: u64 = 20;
/// Requests of an endpoint in a window.
const RATE: u64 = 10;
/// The endpoints; the last one fails now and then.
const ENDPOINTS: [&str; 2] = ["GET /items", "POST /orders"];
/// A promise that this run breaks, one that it keeps, and one about a scenario.
const THRESHOLDS: [&str; 3] = ["p99 < 1ms", "p50 < 10s", "browse.p95 < 1s"];

/// A verdict on a candidate that is slower than its baseline and breaks a promise.
pub(super) fn compared() -> View {
    let baseline = [played(10_000), played(10_100), played(9_900)];
    let candidate = [troubled(played(20_000))];
    let thresholds = THRESHOLDS.iter().filter_map(|text| Threshold::parse(text).ok());
    let owned = |threshold: Threshold| Threshold { owner: Some("team-shop".to_owned()), ..threshold };
    let policy = Policy { thresholds: thresholds.map(owned).collect(), ..Policy::default() };
    let reference = Reference::Compared(Box::new(compare(&baseline, &candidate, &policy.regression)));
    View::new(&decide(&candidate, reference, &policy), &candidate, &baseline)
}

/// A verdict on a candidate of which nothing else is known, without a baseline and without promises.
pub(super) fn without_baseline() -> View {
    let candidate = [played(10_000)];
    View::new(&decide(&candidate, Reference::NoBaseline, &Policy::default()), &candidate, &[])
}

/// Two steps on time, with nothing to remark.
fn played(us: u64) -> RunRecord {
    let mut late = Latencies::default();
    late.record(100);
    RunRecord {
        schema: file::SCHEMA.to_owned(),
        suite: "shop".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        ended: Ended::Complete,
        ended_because: None,
        last_words: Vec::new(),
        provenance: Provenance::default(),
        environment: Environment { cores: 2, ..Environment::default() },
        plan: PlanFacts {
            window_us: 1_000_000,
            block_us: 5_000_000,
            target: "127.0.0.1:8080".to_owned(),
            stages: (0..2).map(stage).collect(),
            steps: ENDPOINTS.iter().map(|endpoint| step(endpoint)).collect(),
            ..PlanFacts::default()
        },
        ab: None,
        generator: Generator { late: Encoded::from(&late), ..Generator::default() },
        breaker: Vec::new(),
        endpoints: ENDPOINTS.iter().enumerate().map(|(n, endpoint)| series(endpoint, us, n + 1 == ENDPOINTS.len())).collect(),
        failures: Vec::new(),
        slowest: Vec::new(),
        unmeasured_failures: Vec::new(),
        notes: Vec::new(),
        newer: serde_json::Map::new(),
    }
}

fn stage(number: u64) -> StageFacts {
    let arrivals = RATE * SECONDS * ENDPOINTS.len() as u64;
    StageFacts {
        name: format!("step-{}", number + 1),
        shape: "20/s".to_owned(),
        step_of: Some("steps".to_owned()),
        duration_us: SECONDS * 1_000_000,
        measured: true,
        began_us: number * SECONDS * 1_000_000,
        played_us: SECONDS * 1_000_000,
        offered: arrivals,
        started: arrivals,
        ..StageFacts::default()
    }
}

fn step(endpoint: &str) -> StepFacts {
    StepFacts {
        endpoint: endpoint.to_owned(),
        method: "GET".to_owned(),
        url: "http://127.0.0.1:8080/items".to_owned(),
        depends_on: vec!["database".to_owned()],
        ..StepFacts::default()
    }
}

fn series(endpoint: &str, us: u64, is_failing: bool) -> EndpointSeries {
    let windows = || (0..SECONDS).map(|second| window(us + second % 7 * 50, is_failing)).collect();
    EndpointSeries {
        name: endpoint.to_owned(),
        scenario: "browse".to_owned(),
        request: format!("{endpoint}?page=1"),
        is_setup: false,
        is_occasional: false,
        is_beside: false,
        is_untimed: false,
        stages: vec![windows(), windows()],
    }
}

fn window(us: u64, is_failing: bool) -> Window {
    let mut totals = Totals { requests: RATE, connections: 1, ..Totals::default() };
    let failed = u64::from(is_failing);
    for n in failed..RATE {
        totals.response.record(us + n * 100);
        totals.service.record(us);
    }
    if is_failing {
        totals.errors.insert(ErrorClass::Status5xx, failed);
        totals.failed.record(us);
    }
    totals.phases = Phases { connect: 1_000_000, wait: us * 1_000 * (RATE - failed), ..Phases::default() };
    Window::from(&totals)
}

/// The same with everything beside it that can be told of a run.
fn troubled(run: RunRecord) -> RunRecord {
    let endpoint = ENDPOINTS[1].to_owned();
    let class = ErrorClass::Status5xx;
    let answer = ExchangeSample { request: endpoint.clone(), status: 503, body: "busy".to_owned(), ..ExchangeSample::default() };
    RunRecord {
        provenance: Provenance {
            commit: Some("a1b2c3d4e5f60718293a4b5c6d7e8f9001122334".to_owned()),
            reference: Some("refs/heads/main".to_owned()),
            ci: Some(CiRun { provider: "github".to_owned(), run_id: "1".to_owned(), attempt: 1, url: None }),
            ..Provenance::default()
        },
        breaker: vec![BreakerEvent { at_us: 1_000_000, state: BreakerState::Closed, reason: "it is well again".to_owned() }],
        failures: vec![FailureSample {
            endpoint: endpoint.clone(),
            class,
            message: "status 503".to_owned(),
            exchange: Some(Box::new(answer)),
            trace_id: Some(TraceId::new(1, 2)),
        }],
        slowest: vec![SlowSample {
            endpoint: endpoint.clone(),
            due_us: 2_000_000,
            response_us: 90_000,
            service_us: 80_000,
            connections: 1,
            retries: 1,
            failed: Some(class),
            trace_id: Some(TraceId::new(1, 3)),
        }],
        unmeasured_failures: vec![UnmeasuredFailures {
            scenario: "browse".to_owned(),
            part: Part::Setup,
            endpoint,
            class,
            count: 1,
        }],
        notes: vec![Note { at_us: 3_000_000, name: "deploy".to_owned(), value: None, text: "v2".to_owned() }],
        last_words: vec![LastWords { side: Side::Candidate, log: "candidate-1.log".to_owned(), lines: vec!["ready".to_owned()] }],
        ..run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_of_everything_that_a_template_may_go_through() {
        let View { run, judged, .. } = compared();
        let parts = [
            (run.endpoints.len(), "endpoints"),
            (run.details.len(), "details"),
            (run.details[0].time_rows.len(), "rows over time"),
            (run.details[0].phase_rows.len(), "phases"),
            (run.steps.len(), "steps"),
            (run.stages.len(), "stages"),
            (run.failures.len(), "failures"),
            (run.unmeasured.len(), "failures that are not measured"),
            (run.events.len(), "events"),
            (run.last_words.len(), "last words"),
            (run.environment.len(), "facts"),
            (judged.thresholds.len(), "thresholds"),
            (judged.validity.len(), "checks"),
            (judged.compared.map_or(0, |compared| compared.rows.len()), "rows of the comparison"),
            (judged.diagnosis.map_or(0, |found| found.tasks.len()), "tasks"),
        ];
        for (count, what) in parts {
            assert!(count > 0, "{what}");
        }
        assert!(without_baseline().judged.compared.is_none());
    }
}
