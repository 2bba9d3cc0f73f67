//! `summary.csv` and `windows.csv` (RFC 4180), units in the header names.

use csv::Writer;

use super::{escape, verdict_json::ComparisonRow, view::View};
use crate::{
    policy::Quantile,
    record::{RunRecord, Window},
};

/// Endpoint x metric. Without a comparison the baseline's columns are empty.
pub(super) fn summary(view: &View) -> Result<Vec<u8>, csv::Error> {
    let mut csv = Writer::from_writer(Vec::new());
    csv.write_record([
        "endpoint",
        "metric",
        "unit",
        "baseline",
        "candidate",
        "change_fraction",
        "ci_low_fraction",
        "ci_high_fraction",
        "p_value",
        "outcome",
    ])?;
    match &view.file {
        Some(file) if !file.comparisons.is_empty() => file.comparisons.iter().try_for_each(|row| compared(&mut csv, row))?,
        _ => measured(&mut csv, &view.runs)?,
    }
    csv.into_inner().map_err(|error| error.into_error().into())
}

fn compared(csv: &mut Writer<Vec<u8>>, row: &ComparisonRow) -> Result<(), csv::Error> {
    let ci = row.ci.map_or([None, None], |ci| ci.map(Some));
    csv.write_record([
        escape::csv(&row.endpoint),
        row.metric.clone(),
        row.unit.clone(),
        number(row.baseline),
        number(row.candidate),
        number(row.change),
        number(ci[0]),
        number(ci[1]),
        number(row.p_value),
        row.outcome.clone(),
    ])
}

fn measured(csv: &mut Writer<Vec<u8>>, runs: &[RunRecord]) -> Result<(), csv::Error> {
    let empty = String::new;
    for figures in super::figures::EndpointFigures::by_endpoint(runs) {
        let latency = |quantile: Quantile| figures.totals.response.quantile(quantile.fraction()).map(|us| us as f64);
        let latencies = [Quantile::P50, Quantile::P95, Quantile::P99].map(|q| (q.to_string(), "us", latency(q)));
        for (metric, unit, value) in
            latencies.into_iter().chain([("error_rate".to_owned(), "share", figures.totals.error_rate())])
        {
            let name = escape::csv(&figures.name);
            let row = [name, metric, unit.to_owned(), empty(), number(value), empty(), empty(), empty(), empty(), empty()];
            csv.write_record(row)?;
        }
    }
    Ok(())
}

/// The time series: run x endpoint x stage x window.
pub(super) fn windows(view: &View) -> Result<Vec<u8>, csv::Error> {
    let mut csv = Writer::from_writer(Vec::new());
    csv.write_record([
        "run",
        "endpoint",
        "stage",
        "start_s",
        "length_s",
        "requests",
        "errors",
        "dropped",
        "received_bytes",
        "response_p50_us",
        "response_p95_us",
        "response_p99_us",
        "response_max_us",
        "service_p50_us",
        "service_p95_us",
        "service_p99_us",
        "service_max_us",
    ])?;
    for (number, run) in view.runs.iter().enumerate() {
        let length_s = run.plan.window_us as f64 / 1e6;
        for series in &run.endpoints {
            for (stage, windows) in run.plan.stages.iter().zip(&series.stages) {
                for (n, window) in windows.iter().enumerate() {
                    let start_s = stage.began_us as f64 / 1e6 + n as f64 * length_s;
                    let place =
                        [(number + 1).to_string(), escape::csv(&series.name), escape::csv(&stage.name), start_s.to_string()];
                    csv.write_record(place.into_iter().chain([length_s.to_string()]).chain(window_cells(window)))?;
                }
            }
        }
    }
    csv.into_inner().map_err(|error| error.into_error().into())
}

fn window_cells(window: &Window) -> Vec<String> {
    let counts = [window.requests, window.error_count(), window.dropped, window.bytes].map(|count| count.to_string());
    let latencies = [&window.response, &window.service].into_iter().flat_map(|encoded| {
        let latencies = encoded.decode();
        let quantiles = [Quantile::P50, Quantile::P95, Quantile::P99].map(|q| latencies.quantile(q.fraction()));
        quantiles.into_iter().chain([latencies.max()]).map(|us| number(us.map(|us| us as f64))).collect::<Vec<_>>()
    });
    counts.into_iter().chain(latencies).collect()
}

/// A missing number is an empty cell, never a zero.
fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}
