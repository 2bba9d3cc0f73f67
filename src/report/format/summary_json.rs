//! `summary.json`: what a run measured, for other programs.
//!
//! The types of this file *are* the format `loadgate/summary/v1`: fields are only ever added.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::report::{
    DeliveryView, EventView, GeneratorView, LatencyFigures, ReportError, RunView, SocketView, StepRow, Traffic, UnmeasuredView,
};

const SCHEMA: &str = "loadgate/summary/v1";

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'static str,
    endpoints: Vec<Endpoint<'a>>,
    total: Endpoint<'a>,
    generator: Generator<'a>,
    /// Left out where no scenario has connections of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    websocket: Vec<WebSocket<'a>>,
    steps: Vec<Step<'a>>,
    events: Vec<Event<'a>>,
    unmeasured_failures: Vec<Unmeasured<'a>>,
    /// The same of the baseline, where it was played at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Box<Summary<'a>>>,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    endpoint: &'a str,
    requests: u64,
    errors: u64,
    error_rate: Option<f64>,
    achieved_rate_per_s: Option<f64>,
    dropped: u64,
    response_time_us: Latency,
    service_time_us: Latency,
    errors_by_class: Map<String, Value>,
    retries: u64,
    retried: u64,
    connections: u64,
    connection_reuse: Option<f64>,
    phases_mean_us: Option<Map<String, Value>>,
}

#[derive(Serialize)]
struct Latency {
    p50: Option<u64>,
    p90: Option<u64>,
    p95: Option<u64>,
    p99: Option<u64>,
    p999: Option<u64>,
    max: Option<u64>,
    mean: Option<f64>,
}

#[derive(Serialize)]
struct Step<'a> {
    step_of: &'a str,
    stage: &'a str,
    load: &'a str,
    requests: u64,
    achieved_rate_per_s: Option<f64>,
    error_rate: Option<f64>,
    p50_us: Option<u64>,
    p95_us: Option<u64>,
    p99_us: Option<u64>,
}

#[derive(Serialize)]
struct WebSocket<'a> {
    scenario: &'a str,
    connections_max: Option<f64>,
    connect_p95_us: Option<u64>,
    connect_failure_rate: Option<f64>,
    messages_per_s: Option<f64>,
    heartbeat_survival: Option<f64>,
    connections_lost: u64,
    connections_lost_rate: Option<f64>,
    recovery_p95_us: Option<u64>,
    connections_not_recovered: u64,
    close_codes: Map<String, Value>,
    delivery: Option<DeliveryView>,
}

#[derive(Serialize)]
struct Event<'a> {
    at_us: u64,
    what: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Unmeasured<'a> {
    scenario: &'a str,
    part: &'a str,
    endpoint: &'a str,
    class: &'a str,
    count: u64,
}

#[derive(Serialize)]
struct Generator<'a> {
    late_p99_us: Option<u64>,
    late_max_us: Option<u64>,
    late_over_1ms: u64,
    cpu_share: Option<f64>,
    max_rss_bytes: Option<u64>,
    busy_share_max: Option<f64>,
    memory_share_max: Option<f64>,
    sched_lag_p99_us: Option<u64>,
    sched_lag_max_us: Option<u64>,
    throttled_us: Option<u64>,
    steal_share_max: Option<f64>,
    saturated: Option<&'a str>,
}

/// The summary of a run, as `run --json` prints it.
#[must_use]
pub fn summary_json(view: &RunView) -> String {
    text(view).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}\n"))
}

/// The summary of one or more runs of one version.
pub(super) fn render(view: &RunView) -> Result<String, ReportError> {
    text(view).map_err(|error| ReportError::Render { file: "summary.json", reason: error.to_string() })
}

fn text(view: &RunView) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Summary::of(view)).map(|text| text + "\n")
}

impl<'a> Summary<'a> {
    fn of(view: &'a RunView) -> Self {
        Self {
            schema: SCHEMA,
            endpoints: view.endpoints.iter().map(|traffic| Endpoint::of(traffic, &traffic.endpoint)).collect(),
            total: Endpoint::of(&view.total, "*"),
            generator: Generator::of(&view.generator),
            websocket: view.sockets.iter().map(WebSocket::of).collect(),
            steps: view.steps.iter().flat_map(|table| table.rows.iter().map(|row| Step::of(&table.name, row))).collect(),
            events: view.events.iter().map(Event::of).collect(),
            unmeasured_failures: view.unmeasured.iter().map(Unmeasured::of).collect(),
            baseline: view.baseline.as_deref().map(|baseline| Box::new(Summary::of(baseline))),
        }
    }
}

impl<'a> Endpoint<'a> {
    fn of(traffic: &Traffic, endpoint: &'a str) -> Self {
        Self {
            endpoint,
            requests: traffic.requests,
            errors: traffic.errors,
            error_rate: traffic.error_rate,
            achieved_rate_per_s: traffic.rate_per_s,
            dropped: traffic.dropped,
            response_time_us: Latency::of(&traffic.response),
            service_time_us: Latency::of(&traffic.service),
            errors_by_class: traffic
                .errors_by_class
                .iter()
                .map(|found| (found.class.to_owned(), Value::from(found.count)))
                .collect(),
            retries: traffic.retries,
            retried: traffic.retried,
            connections: traffic.connections,
            connection_reuse: traffic.connection_reuse,
            phases_mean_us: phases(traffic),
        }
    }
}

/// `null` where it is not known where the time went.
fn phases(traffic: &Traffic) -> Option<Map<String, Value>> {
    let means = || traffic.phases.iter().map(|phase| (phase.name.to_owned(), Value::from(phase.mean_us)));
    (!traffic.phases.is_empty()).then(|| means().collect())
}

impl<'a> WebSocket<'a> {
    fn of(view: &'a SocketView) -> Self {
        Self {
            scenario: &view.scenario,
            connections_max: view.connections,
            connect_p95_us: view.connect_p95_us,
            connect_failure_rate: view.connect_failed,
            messages_per_s: view.messages_per_s,
            heartbeat_survival: view.heartbeat_survival,
            connections_lost: view.lost,
            connections_lost_rate: view.lost_share,
            recovery_p95_us: view.recovery_p95_us,
            connections_not_recovered: view.not_recovered,
            close_codes: view.close_codes.iter().map(|code| (code.class.to_owned(), Value::from(code.count))).collect(),
            delivery: view.delivery,
        }
    }
}

impl<'a> Event<'a> {
    fn of(event: &'a EventView) -> Self {
        Self { at_us: event.at_us, what: &event.what, reason: &event.reason }
    }
}

impl<'a> Unmeasured<'a> {
    fn of(view: &'a UnmeasuredView) -> Self {
        let UnmeasuredView { scenario, part, endpoint, class, count, .. } = view;
        Self { scenario, part, endpoint, class, count: *count }
    }
}

impl<'a> Step<'a> {
    fn of(step_of: &'a str, row: &'a StepRow) -> Self {
        let StepRow { stage, load, requests, rate_per_s, p50_us, p95_us, p99_us, error_rate, .. } = row;
        Self {
            step_of,
            stage,
            load,
            requests: *requests,
            achieved_rate_per_s: *rate_per_s,
            error_rate: *error_rate,
            p50_us: *p50_us,
            p95_us: *p95_us,
            p99_us: *p99_us,
        }
    }
}

impl Latency {
    fn of(figures: &LatencyFigures) -> Self {
        let LatencyFigures { p50, p90, p95, p99, p999, max, mean, .. } = *figures;
        Self { p50, p90, p95, p99, p999, max, mean }
    }
}

impl<'a> Generator<'a> {
    fn of(view: &'a GeneratorView) -> Self {
        Self {
            late_p99_us: view.late_p99_us,
            late_max_us: view.late_max_us,
            late_over_1ms: view.late_over_1ms,
            cpu_share: view.cpu_share,
            max_rss_bytes: view.max_rss_bytes,
            busy_share_max: view.busy_share_max,
            memory_share_max: view.memory_share_max,
            sched_lag_p99_us: view.sched_lag_p99_us,
            sched_lag_max_us: view.sched_lag_max_us,
            throttled_us: view.throttled_us,
            steal_share_max: view.steal_share_max,
            saturated: view.saturated.as_deref(),
        }
    }
}
