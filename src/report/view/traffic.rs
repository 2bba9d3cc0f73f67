//! What an endpoint (or the whole run) did: counts, latencies, failures.

use serde::{Serialize, Serializer};

use super::text;
use crate::{
    policy::Quantile,
    record::{EndpointSeries, Latencies, RunRecord, Totals},
    report::escape::plain,
    units,
};

/// One endpoint's traffic in the measured stages of all runs, or the sum of all endpoints.
#[derive(Clone, Debug, Serialize)]
pub struct Traffic {
    /// The endpoint's name as configured; machine formats write it as it is.
    pub endpoint: String,
    /// The name on one line, for people.
    pub name: String,
    /// What was sent, `GET /api/items`, where it says more than the name.
    pub request: Option<String>,
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Failed share; `None` without requests.
    pub error_rate: Option<f64>,
    /// Requests per second that came to an outcome; `None` when no time was measured.
    pub rate_per_s: Option<f64>,
    /// Arrivals that were not sent.
    pub dropped: u64,
    /// From due.
    pub response: LatencyFigures,
    /// From sent.
    pub service: LatencyFigures,
    /// Failures by class, in the order of the classes.
    pub errors_by_class: Vec<ClassCount>,
    /// Attempts beyond the first of each request.
    pub retries: u64,
    /// Requests that were tried again because they had failed.
    pub retried: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Share of the attempts that used a connection again; `None` without requests, and where nothing is known of connections.
    pub connection_reuse: Option<f64>,
    /// Where the time of the successful requests went, on average; empty where it is not known.
    pub phases: Vec<PhaseMean>,
    /// The counts in words.
    pub text: TrafficText,
}

/// Failures of one class.
#[derive(Clone, Debug, Serialize)]
pub struct ClassCount {
    /// Name of the class, `timeout.request`.
    pub class: &'static str,
    /// How many.
    pub count: u64,
    /// How many, for people.
    pub text: String,
}

/// Mean time of a phase of the successful requests.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseMean {
    /// `connect`
    pub name: &'static str,
    /// Mean over all successful requests, also those that had no such phase.
    pub mean_us: f64,
    /// The same for people.
    pub text: String,
}

/// Counts and rates in words.
#[derive(Clone, Debug, Serialize)]
pub struct TrafficText {
    /// `12,000`
    pub requests: String,
    /// `200/s`
    pub rate: String,
    /// `0.42%`
    pub error_rate: String,
    /// `3`
    pub dropped: String,
    /// `5xx 12, reset 3`, or a dash.
    pub errors_by_class: String,
    /// `99.6%`, or a dash.
    pub connection_reuse: String,
    /// `3`
    pub retries: String,
    /// `20 requests of detail needed a retry`; nothing where none did.
    pub retried: Option<String>,
}

/// Latency figures in microseconds and in words.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LatencyFigures {
    /// Latencies counted.
    pub count: u64,
    /// Median.
    pub p50: Option<u64>,
    /// 90 %.
    pub p90: Option<u64>,
    /// 95 %.
    pub p95: Option<u64>,
    /// 99 %.
    pub p99: Option<u64>,
    /// 99.9 %; `None` also where there are too few latencies for it.
    pub p999: Option<u64>,
    /// Longest.
    pub max: Option<u64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// In words: p50, p90, p95, p99, p99.9, max; templates know them by the names of the figures above.
    #[serde(serialize_with = "by_name")]
    pub text: [String; 6],
}

fn by_name<S: Serializer>(text: &[String; 6], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(["p50", "p90", "p95", "p99", "p999", "max"].into_iter().zip(text))
}

impl LatencyFigures {
    /// Heads of the columns of [`LatencyFigures::text`].
    pub const COLUMNS: [&'static str; 6] = ["p50", "p90", "p95", "p99", "p99.9", "max"];

    fn of(latencies: &Latencies) -> Self {
        let count = latencies.count();
        let at = |quantile: Quantile| latencies.quantile(quantile.fraction());
        // Beyond 99.9 % of a few hundred latencies there is not one: the figure would be the maximum by another name.
        let enough = count >= Quantile::P999.samples_min();
        let [p50, p90, p95, p99] = [Quantile::P50, Quantile::P90, Quantile::P95, Quantile::P99].map(at);
        let (p999, max) = (at(Quantile::P999).filter(|_| enough), latencies.max());
        let words = |us: Option<u64>| text::latency(us.map(|us| us as f64));
        let mut figures = [p50, p90, p95, p99, p999, max].map(words);
        if !enough && count > 0 {
            figures[4] = format!("{} (n < {})", text::NONE, text::count(Quantile::P999.samples_min()));
        }
        Self { count, p50, p90, p95, p99, p999, max, mean: latencies.mean(), text: figures }
    }
}

impl Traffic {
    fn of(endpoint: &str, request: Option<&str>, totals: &Totals, seconds: f64) -> Self {
        let errors = totals.error_count();
        let rate_per_s = (seconds > 0.0).then(|| totals.requests as f64 / seconds);
        let connection_reuse = reuse(totals);
        let errors_by_class: Vec<ClassCount> = totals
            .errors
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(class, &count)| ClassCount { class: class.name(), count, text: text::count(count) })
            .collect();
        Self {
            endpoint: endpoint.to_owned(),
            name: plain(endpoint),
            request: request.filter(|request| *request != endpoint).map(plain),
            requests: totals.requests,
            errors,
            error_rate: totals.error_rate(),
            rate_per_s,
            dropped: totals.dropped,
            response: LatencyFigures::of(&totals.response),
            service: LatencyFigures::of(&totals.service),
            text: TrafficText {
                requests: text::count(totals.requests),
                rate: rate_per_s.map_or_else(|| text::NONE.to_owned(), |rate| units::PerSecond(rate).to_string()),
                error_rate: text::share(totals.error_rate()),
                dropped: text::count(totals.dropped),
                errors_by_class: classes(&errors_by_class),
                connection_reuse: connection_reuse.map_or_else(|| text::NONE.to_owned(), units::percent_floor),
                retries: text::count(totals.retries),
                retried: retried(endpoint, totals),
            },
            errors_by_class,
            retries: totals.retries,
            retried: totals.retried,
            connections: totals.connections,
            connection_reuse,
            phases: phases(totals),
        }
    }
}

fn retried(endpoint: &str, totals: &Totals) -> Option<String> {
    let requests = match totals.retried {
        0 => return None,
        1 => "1 request".to_owned(),
        count => format!("{} requests", text::count(count)),
    };
    let share = units::percent(totals.retried as f64 / totals.requests.max(1) as f64);
    Some(format!("{requests} of {} ({share}) needed a retry", plain(endpoint)))
}

/// A record that knows phases knows connections too; of another one nothing can be said.
fn reuse(totals: &Totals) -> Option<f64> {
    let attempts = totals.requests + totals.retries;
    let known = totals.connections > 0 || !totals.phases.is_empty();
    (attempts > 0 && known).then(|| attempts.saturating_sub(totals.connections) as f64 / attempts as f64)
}

fn phases(totals: &Totals) -> Vec<PhaseMean> {
    let successes = totals.response.count();
    if totals.phases.is_empty() || successes == 0 {
        return Vec::new();
    }
    let mean = |(name, ns): (&'static str, u64)| {
        let mean_us = ns as f64 / successes as f64 / 1e3;
        PhaseMean { name, mean_us, text: units::latency(mean_us) }
    };
    totals.phases.named().map(mean).to_vec()
}

fn classes(counts: &[ClassCount]) -> String {
    let parts: Vec<String> = counts.iter().map(|count| format!("{} {}", count.class, count.text)).collect();
    if parts.is_empty() { text::NONE.to_owned() } else { parts.join(", ") }
}

/// Name of all endpoints together.
pub(super) const ALL: &str = "all endpoints";

/// Every endpoint of any of the runs, in the order they first appear, and the sum of them.
pub(super) fn of_runs(runs: &[RunRecord]) -> (Vec<Traffic>, Traffic) {
    let mut sum = Totals::default();
    let endpoints = endpoints(runs)
        .into_iter()
        .map(|series| {
            let totals = totals(runs, &series.name);
            sum.add(&totals);
            of_totals(runs, &series.name, Some(&series.request), &totals)
        })
        .collect();
    (endpoints, of_totals(runs, ALL, None, &sum))
}

/// What the measured windows of an endpoint in all runs add up to.
pub(super) fn totals(runs: &[RunRecord], endpoint: &str) -> Totals {
    Totals::of(runs.iter().filter_map(|run| run.endpoint(endpoint)).flat_map(EndpointSeries::windows))
}

/// Whether any of the runs has the endpoint.
pub(super) fn has(runs: &[RunRecord], endpoint: &str) -> bool {
    runs.iter().any(|run| run.endpoint(endpoint).is_some())
}

/// Totals of these runs in words.
pub(super) fn of_totals(runs: &[RunRecord], endpoint: &str, request: Option<&str>, totals: &Totals) -> Traffic {
    Traffic::of(endpoint, request, totals, runs.iter().map(RunRecord::measured_seconds).sum())
}

/// The first series of each endpoint name.
pub(super) fn endpoints(runs: &[RunRecord]) -> Vec<&EndpointSeries> {
    let mut found: Vec<&EndpointSeries> = Vec::new();
    for series in runs.iter().flat_map(|run| &run.endpoints) {
        if found.iter().all(|known| known.name != series.name) {
            found.push(series);
        }
    }
    found
}
