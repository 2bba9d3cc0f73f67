//! The windows of the runs put in a row and thinned out, ready to be drawn.

use crate::{
    record::{EndpointSeries, Errors, Latencies, RunRecord, Window},
    report::{chart::Slot, escape::plain, view::windows::QUANTILES},
};

/// More points than a chart is wide are merged.
const POINTS_MAX: usize = 300;
/// Points of all charts together: with more endpoints each has fewer, so that the page stays small.
const POINTS_OF_PAGE: usize = 8_000;
/// Least points of a chart.
const POINTS_MIN: usize = 40;

/// What happened in a span of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Span {
    pub begin_us: u64,
    pub length_us: u64,
    /// Name of the stage that begins here.
    pub stage: Option<String>,
    pub response: Latencies,
    pub requests: u64,
    pub errors: Errors,
    pub dropped: u64,
    /// Time that connections were open, added up.
    pub connected_us: u64,
    /// Time that was really played: a stage may end within a window.
    pub played_us: u64,
}

impl Span {
    fn add_window(&mut self, window: &Window) {
        self.response.add(&window.response.decode());
        self.requests += window.requests;
        self.dropped += window.dropped;
        self.connected_us += window.connected_us;
        self.add_errors(&window.errors);
    }

    /// Adds another endpoint's, or what comes next.
    pub(super) fn add(&mut self, other: &Self) {
        self.response.add(&other.response);
        self.requests += other.requests;
        self.dropped += other.dropped;
        self.connected_us += other.connected_us;
        self.add_errors(&other.errors);
    }

    fn add_errors(&mut self, errors: &Errors) {
        errors.iter().for_each(|(class, count)| *self.errors.entry(*class).or_default() += count);
    }

    pub(super) fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Open connections in the mean.
    pub(super) fn connections(&self) -> Option<f64> {
        (self.played_us > 0).then(|| self.connected_us as f64 / self.played_us as f64)
    }

    pub(super) fn slot(&self) -> Slot {
        Slot {
            begin_s: self.begin_us as f64 / 1e6,
            length_s: self.length_us as f64 / 1e6,
            stage: self.stage.clone(),
            us: QUANTILES.map(|q| self.response.quantile(q)),
            requests: self.requests,
            errors: self.failed(),
            dropped: self.dropped,
            connections: self.connections(),
            classes: self.errors.iter().map(|(class, count)| (class.name(), *count)).collect(),
        }
    }
}

/// The measured time of all runs, one after another, cut into spans that all endpoints share. Several runs stand side by side as if
/// they were one.
pub(super) struct Grid<'a> {
    runs: &'a [RunRecord],
    /// Windows per span.
    merged: usize,
}

impl<'a> Grid<'a> {
    pub(super) fn of(runs: &'a [RunRecord], endpoints: usize) -> Self {
        let windows = |run: &RunRecord| run.endpoints.iter().map(|series| series.windows().count()).max().unwrap_or(0);
        let points = (POINTS_OF_PAGE / endpoints.max(1)).clamp(POINTS_MIN, POINTS_MAX);
        Self { runs, merged: runs.iter().map(windows).sum::<usize>().div_ceil(points).max(1) }
    }

    /// The spans of an endpoint.
    pub(super) fn spans(&self, endpoint: &str) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let mut run_began_us = 0;
        for run in self.runs {
            let series = run.endpoint(endpoint);
            for index in 0..run.plan.stages.len() {
                self.add_stage(run, run_began_us, index, series, &mut spans);
            }
            run_began_us += run.plan.stages.iter().map(|stage| stage.began_us + stage.played_us).max().unwrap_or(0);
        }
        spans
    }

    fn add_stage(&self, run: &RunRecord, began_us: u64, index: usize, series: Option<&EndpointSeries>, spans: &mut Vec<Span>) {
        let stage = &run.plan.stages[index];
        let most = run.endpoints.iter().filter_map(|series| series.stages.get(index)).map(Vec::len).max().unwrap_or(0);
        let windows = series.and_then(|series| series.stages.get(index)).map_or(&[][..], Vec::as_slice);
        let step_us = run.plan.window_us * self.merged as u64;
        let length_us = |number: u64| stage.window_length_us(number, most, run.plan.window_us);
        for (n, number) in (0..most.div_ceil(self.merged)).zip(0u64..) {
            let first = n * self.merged;
            let mut span = Span {
                begin_us: began_us + stage.began_us + number * step_us,
                length_us: self.merged.min(most - first) as u64 * run.plan.window_us,
                played_us: (first as u64..most.min(first + self.merged) as u64).map(length_us).sum(),
                stage: (n == 0).then(|| plain(&stage.name)),
                ..Span::default()
            };
            windows.iter().skip(first).take(self.merged).for_each(|window| span.add_window(window));
            spans.push(span);
        }
    }
}

/// Adds an endpoint's spans to those of all endpoints.
pub(super) fn add_all(sum: &mut Vec<Span>, spans: &[Span]) {
    if sum.is_empty() {
        sum.extend_from_slice(spans);
    } else {
        sum.iter_mut().zip(spans).for_each(|(sum, span)| sum.add(span));
    }
}
