//! Time series of an endpoint: p50, p95 and p99 of the response time by window, and where requests failed.

use std::fmt::Write as _;

use serde::Serialize;

use super::{
    forest::Mark,
    scale::{Scale, round},
};
use crate::{
    policy::Quantile,
    record::{EndpointSeries, RunRecord},
    report::escape::line,
    units,
};

const WIDTH: f64 = 740.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 150.0;
/// Points of a line; longer runs are thinned by taking the worst of neighbouring windows.
const POINTS_MAX: usize = 600;

/// One endpoint's chart.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Timeline {
    pub endpoint: String,
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub bottom: f64,
    pub lines: Vec<Line>,
    /// Windows with failed requests.
    pub errors: Vec<ErrorMark>,
    pub x_marks: Vec<Mark>,
    pub y_marks: Vec<Mark>,
    /// What the chart shows, for those who can't see it.
    pub summary: String,
}

/// One quantile over time.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Line {
    pub name: String,
    pub points: String,
}

/// A window with failed requests.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct ErrorMark {
    pub x: f64,
    pub title: String,
}

struct Point {
    second: f64,
    us: [Option<f64>; 3],
    errors: u64,
    requests: u64,
}

const QUANTILES: [Quantile; 3] = [Quantile::P50, Quantile::P95, Quantile::P99];

/// A chart for each endpoint that was asked at all.
pub(in crate::report) fn by_endpoint(run: &RunRecord) -> Vec<Timeline> {
    run.endpoints.iter().filter_map(|series| chart(run, series)).collect()
}

fn chart(run: &RunRecord, series: &EndpointSeries) -> Option<Timeline> {
    let points = thinned(points(run, series));
    let times = (points.first()?.second, points.last()?.second);
    let highest = points.iter().flat_map(|point| point.us).flatten().fold(0.0, f64::max);
    if highest <= 0.0 && points.iter().all(|point| point.errors == 0) {
        return None;
    }
    let x = Scale { values: times, places: (LEFT, WIDTH - 10.0) };
    let y = Scale { values: (0.0, highest.max(1.0)), places: (BOTTOM, TOP) };
    let lines = QUANTILES.iter().enumerate().map(|(n, quantile)| {
        let mut text = String::new();
        for point in &points {
            if let Some(us) = point.us[n] {
                let _ = write!(text, "{},{} ", x.place(point.second), y.place(us));
            }
        }
        Line { name: quantile.to_string(), points: text.trim_end().to_owned() }
    });
    let errors = points.iter().filter(|point| point.errors > 0).map(|point| ErrorMark {
        x: x.place(point.second),
        title: format!("{} of {} requests failed at {} s", point.errors, point.requests, units::significant(point.second, 4)),
    });
    let seconds = |value: f64| format!("{} s", units::significant(value, 4));
    Some(Timeline {
        endpoint: line(&series.name),
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        bottom: BOTTOM,
        lines: lines.collect(),
        errors: errors.collect(),
        x_marks: x.marks().into_iter().map(|value| Mark { at: x.place(value), label: seconds(value) }).collect(),
        y_marks: y.marks().into_iter().map(|value| Mark { at: round(y.place(value)), label: units::latency(value) }).collect(),
        summary: format!(
            "Response time of {} from {} to {} of the run; the highest p99 of a window is {}.",
            line(&series.name),
            seconds(times.0),
            seconds(times.1),
            units::latency(highest)
        ),
    })
}

/// A point for the middle of each window.
fn points(run: &RunRecord, series: &EndpointSeries) -> Vec<Point> {
    let window_s = run.plan.window_us as f64 / 1e6;
    let mut points = Vec::new();
    for (stage, windows) in run.plan.stages.iter().zip(&series.stages) {
        for (n, window) in windows.iter().enumerate() {
            let latencies = window.response.decode();
            points.push(Point {
                second: stage.began_us as f64 / 1e6 + (n as f64 + 0.5) * window_s,
                us: QUANTILES.map(|quantile| latencies.quantile(quantile.fraction()).map(|us| us as f64)),
                errors: window.error_count(),
                requests: window.requests,
            });
        }
    }
    points
}

fn thinned(points: Vec<Point>) -> Vec<Point> {
    let group = points.len().div_ceil(POINTS_MAX).max(1);
    let worst = |points: &[Point]| Point {
        second: points[points.len() / 2].second,
        us: [0, 1, 2].map(|n| points.iter().filter_map(|point| point.us[n]).reduce(f64::max)),
        errors: points.iter().map(|point| point.errors).sum(),
        requests: points.iter().map(|point| point.requests).sum(),
    };
    points.chunks(group).map(worst).collect()
}
