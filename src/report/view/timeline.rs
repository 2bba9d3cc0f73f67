//! The windows of the runs put in a row and thinned out, ready to be drawn.

use super::{traffic, windows::QUANTILES};
use crate::{
    record::{Latencies, RunRecord, Window},
    report::{
        chart::{self, Slot},
        escape::plain,
    },
};

pub(super) use crate::report::chart::Timeline;

/// More points than a chart is wide are merged.
const POINTS_MAX: usize = 300;

/// What happened in a span of time.
#[derive(Default)]
struct Span {
    begin_us: u64,
    length_us: u64,
    stage: Option<String>,
    response: Latencies,
    requests: u64,
    errors: u64,
    dropped: u64,
}

impl Span {
    fn add(&mut self, window: &Window) {
        self.response.add(&window.response.decode());
        self.requests += window.requests;
        self.errors += window.error_count();
        self.dropped += window.dropped;
    }

    fn slot(&self) -> Slot {
        Slot {
            begin_s: self.begin_us as f64 / 1e6,
            length_s: self.length_us as f64 / 1e6,
            stage: self.stage.clone(),
            us: QUANTILES.map(|q| self.response.quantile(q)),
            requests: self.requests,
            errors: self.errors,
            dropped: self.dropped,
        }
    }
}

/// A chart for all endpoints together, when there are several, and one for each.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<Timeline> {
    let names: Vec<&str> = traffic::endpoints(runs).iter().map(|series| series.name.as_str()).collect();
    let all = (names.len() > 1).then(|| draw("all endpoints", runs, |_| true)).flatten();
    all.into_iter().chain(names.iter().filter_map(|name| draw(&plain(name), runs, |other| other == *name))).collect()
}

fn draw(name: &str, runs: &[RunRecord], wanted: impl Fn(&str) -> bool) -> Option<Timeline> {
    let slots: Vec<Slot> = spans(runs, wanted).iter().map(Span::slot).collect();
    chart::timeline(name, &slots)
}

/// The measured stages of all runs one after another; several runs stand side by side as if they were one.
fn spans(runs: &[RunRecord], wanted: impl Fn(&str) -> bool) -> Vec<Span> {
    let windows = |run: &RunRecord| run.endpoints.iter().map(|series| series.windows().count()).max().unwrap_or(0);
    let merged = runs.iter().map(windows).sum::<usize>().div_ceil(POINTS_MAX).max(1);
    let mut spans: Vec<Span> = Vec::new();
    let mut run_began_us = 0;
    for run in runs {
        let step_us = run.plan.window_us * merged as u64;
        for (index, stage) in run.plan.stages.iter().enumerate() {
            let series =
                || run.endpoints.iter().filter(|series| wanted(&series.name)).filter_map(|series| series.stages.get(index));
            let count = series().map(Vec::len).max().unwrap_or(0).div_ceil(merged);
            let first = spans.len();
            for (span, n) in (0..count).zip(0u64..) {
                let begin = span * merged;
                let part = || series().map(|windows| windows.iter().skip(begin).take(merged));
                let length_us = part().map(|windows| windows.count() as u64).max().unwrap_or(0) * run.plan.window_us;
                let mut sum = Span { begin_us: run_began_us + stage.began_us + n * step_us, length_us, ..Span::default() };
                part().flatten().for_each(|window| sum.add(window));
                spans.push(sum);
            }
            if let Some(span) = spans.get_mut(first) {
                span.stage = Some(plain(&stage.name));
            }
        }
        run_began_us += run.plan.stages.iter().map(|stage| stage.began_us + stage.played_us).max().unwrap_or(0);
    }
    spans
}
