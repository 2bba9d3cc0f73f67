//! The figures of a run by endpoint, computed once for all formats.

use serde::Serialize;

use crate::{
    policy::Quantile,
    record::{EndpointSeries, Latencies, RunRecord, Totals},
};

/// Latencies of one kind, in microseconds; `None` where nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct LatencyFigures {
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p95: Option<u64>,
    pub p99: Option<u64>,
    /// Only where at least ten requests lie beyond it.
    pub p999: Option<u64>,
    pub max: Option<u64>,
    pub mean: Option<f64>,
}

impl LatencyFigures {
    pub(super) fn of(latencies: &Latencies) -> Self {
        let quantile = |quantile: Quantile| latencies.quantile(quantile.fraction());
        let enough = latencies.count() >= Quantile::P999.samples_min();
        Self {
            p50: quantile(Quantile::P50),
            p90: quantile(Quantile::P90),
            p95: quantile(Quantile::P95),
            p99: quantile(Quantile::P99),
            p999: if enough { quantile(Quantile::P999) } else { None },
            max: latencies.max(),
            mean: latencies.mean(),
        }
    }
}

/// One endpoint's figures over the measured stages of one or several runs.
#[derive(Clone, Debug)]
pub(super) struct EndpointFigures {
    /// Endpoint, or `*` for all together.
    pub name: String,
    /// What is sent.
    pub request: String,
    pub totals: Totals,
    /// Requests per second.
    pub rate: Option<f64>,
    pub response: LatencyFigures,
    pub service: LatencyFigures,
}

impl EndpointFigures {
    fn of(name: &str, request: &str, totals: Totals, seconds: f64) -> Self {
        Self {
            name: name.to_owned(),
            request: request.to_owned(),
            rate: (seconds > 0.0).then(|| totals.requests as f64 / seconds),
            response: LatencyFigures::of(&totals.response),
            service: LatencyFigures::of(&totals.service),
            totals,
        }
    }

    /// One entry per endpoint, in the order of the first run that has it.
    pub(super) fn by_endpoint(runs: &[RunRecord]) -> Vec<Self> {
        let mut names: Vec<&EndpointSeries> = Vec::new();
        for series in runs.iter().flat_map(|run| &run.endpoints) {
            if !names.iter().any(|known| known.name == series.name) {
                names.push(series);
            }
        }
        let windows = |name: &str| {
            let series: Vec<_> = runs.iter().filter_map(|run| run.endpoint(name)).collect();
            Totals::of(series.into_iter().flat_map(EndpointSeries::windows))
        };
        names.iter().map(|series| Self::of(&series.name, &series.request, windows(&series.name), seconds(runs))).collect()
    }

    /// All endpoints together.
    pub(super) fn of_all(runs: &[RunRecord]) -> Self {
        let mut totals = Totals::default();
        runs.iter().for_each(|run| totals.add(&run.total()));
        Self::of("*", "all endpoints", totals, seconds(runs))
    }
}

fn seconds(runs: &[RunRecord]) -> f64 {
    runs.iter().map(RunRecord::measured_seconds).sum()
}
