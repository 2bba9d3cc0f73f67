//! The time series: one row per run, endpoint, stage and window.

use serde::Serialize;

use crate::record::RunRecord;

/// One window of one endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct WindowRow {
    /// Number of the run, from 1.
    pub run: usize,
    /// The endpoint's name as configured.
    pub endpoint: String,
    /// Name of the stage.
    pub stage: String,
    /// Begin of the window, counted from the start of the run.
    pub t_s: f64,
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Arrivals that were not sent.
    pub dropped: u64,
    /// p50, p95, p99 from due, in microseconds.
    pub response_us: [Option<u64>; 3],
    /// p50, p95, p99 from sent, in microseconds.
    pub service_us: [Option<u64>; 3],
    /// Messages that were sent and received, where connections are counted.
    pub messages: Option<u64>,
    /// Connections that were open in the mean, where they are counted.
    pub connections: Option<f64>,
}

/// The quantiles a time series shows.
pub(super) const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

/// All windows of all runs.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<WindowRow> {
    let mut rows = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        for series in &run.endpoints {
            let has_connections = series.windows().any(|window| window.connected_us > 0);
            for (stage, windows) in run.plan.stages.iter().zip(&series.stages) {
                let length_us = |number: u64| stage.window_length_us(number, windows.len(), run.plan.window_us);
                rows.extend(windows.iter().zip(0u64..).map(|(window, n)| {
                    let (response, service) = (window.response.decode(), window.service.decode());
                    WindowRow {
                        run: index + 1,
                        endpoint: series.name.clone(),
                        stage: stage.name.clone(),
                        t_s: (stage.began_us + n * run.plan.window_us) as f64 / 1e6,
                        requests: window.requests,
                        errors: window.error_count(),
                        dropped: window.dropped,
                        response_us: QUANTILES.map(|q| response.quantile(q)),
                        service_us: QUANTILES.map(|q| service.quantile(q)),
                        messages: has_connections.then_some(window.messages),
                        connections: has_connections.then(|| window.connected_us as f64 / length_us(n).max(1) as f64),
                    }
                }));
            }
        }
    }
    rows
}
