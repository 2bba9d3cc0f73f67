//! The measured windows a threshold speaks of, as one span or as every span of a given length.

use std::time::Duration;

use crate::{
    record::{EndpointSeries, ErrorClass, Errors, Latencies, RunRecord, Totals, Window},
    units::Micros,
};

/// Windows that are judged together.
#[derive(Clone, Debug, Default)]
pub(super) struct Span<'a> {
    /// Of all endpoints in scope.
    pub(super) windows: Vec<&'a Window>,
    /// Sums of further windows, where somebody has added them up already.
    pub(super) sums: Vec<&'a Totals>,
    /// Played time.
    pub seconds: f64,
}

impl Span<'_> {
    /// Requests that came to an outcome.
    pub(super) fn requests(&self) -> u64 {
        self.windows.iter().map(|window| window.requests).sum::<u64>() + self.sums.iter().map(|sum| sum.requests).sum::<u64>()
    }

    /// Arrivals that were not sent.
    pub(super) fn dropped(&self) -> u64 {
        self.windows.iter().map(|window| window.dropped).sum::<u64>() + self.sums.iter().map(|sum| sum.dropped).sum::<u64>()
    }

    /// Whether there is any window in it.
    pub(super) fn is_of_anything(&self) -> bool {
        !self.windows.is_empty() || !self.sums.is_empty()
    }

    /// Messages that were sent on connections and received.
    pub(super) fn messages(&self) -> u64 {
        self.windows.iter().map(|window| window.messages).sum::<u64>() + self.sums.iter().map(|sum| sum.messages).sum::<u64>()
    }

    /// Time that connections were open, added up, in microseconds.
    pub(super) fn connected_us(&self) -> u64 {
        let of_windows: u64 = self.windows.iter().map(|window| window.connected_us).sum();
        of_windows + self.sums.iter().map(|sum| sum.connected_us).sum::<u64>()
    }

    /// Requests that were tried again because they had failed.
    pub(super) fn retried(&self) -> u64 {
        self.windows.iter().map(|window| window.retried).sum::<u64>() + self.sums.iter().map(|sum| sum.retried).sum::<u64>()
    }

    /// Requests that failed with one of the classes.
    pub(super) fn errors(&self, of_class: impl Fn(ErrorClass) -> bool) -> u64 {
        let errors = self.windows.iter().map(|window| &window.errors).chain(self.sums.iter().map(|sum| &sum.errors));
        errors.flat_map(Errors::iter).filter(|(class, _)| of_class(**class)).map(|(_, count)| count).sum()
    }

    /// Response times of the successful requests.
    pub(super) fn responses(&self) -> Latencies {
        let mut all = Latencies::default();
        self.windows.iter().for_each(|window| all.add(&window.response.decode()));
        self.sums.iter().for_each(|sum| all.add(&sum.response));
        all
    }
}

/// Endpoints of a run that a scope speaks of: the one of that name, else those of the scenario, all without a scope.
pub(super) fn in_scope<'a>(run: &'a RunRecord, scope: Option<&str>) -> Vec<&'a EndpointSeries> {
    let Some(scope) = scope else { return run.endpoints.iter().collect() };
    match run.endpoint(scope) {
        Some(endpoint) => vec![endpoint],
        None => run.endpoints.iter().filter(|endpoint| endpoint.scenario == scope).collect(),
    }
}

/// Whether a scope speaks of nothing but what need not happen, and it did not in any of the runs.
pub(super) fn never_happened(runs: &[RunRecord], scope: Option<&str>) -> bool {
    let idle = |series: &EndpointSeries| series.is_occasional && series.windows().all(|window| window.requests == 0);
    let is_idle = |run: &RunRecord| {
        let series = in_scope(run, scope);
        !series.is_empty() && series.into_iter().all(idle)
    };
    !runs.is_empty() && runs.iter().all(is_idle)
}

/// All measured time of all runs.
pub(super) fn whole<'a>(runs: &'a [RunRecord], scope: Option<&str>) -> Span<'a> {
    let windows = runs.iter().flat_map(|run| in_scope(run, scope)).flat_map(EndpointSeries::windows).collect();
    Span { windows, sums: Vec::new(), seconds: runs.iter().map(RunRecord::measured_seconds).sum() }
}

/// Every span of that length, sliding by a window within each stage; a stage that is shorter is one span.
pub(super) fn sliding<'a>(runs: &'a [RunRecord], scope: Option<&str>, length: Duration) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    for run in runs {
        let endpoints = in_scope(run, scope);
        let window_us = run.plan.window_us.max(1);
        let length_us = Micros::from_duration(length).0;
        let per_span = usize::try_from(length_us.div_ceil(window_us)).unwrap_or(usize::MAX).max(1);
        for (index, stage) in run.plan.stages.iter().enumerate().filter(|(_, stage)| stage.measured) {
            let of_stage = |endpoint: &&'a EndpointSeries| endpoint.stages.get(index).map_or(&[][..], Vec::as_slice);
            let count = endpoints.iter().map(|endpoint| of_stage(endpoint).len()).max().unwrap_or(0);
            let per_span = per_span.min(count);
            for begin in 0..(count + 1 - per_span).min(count) {
                let end = begin + per_span;
                let windows = endpoints.iter().flat_map(|endpoint| of_stage(endpoint).iter().take(end).skip(begin)).collect();
                // The last window of a stage may be a short one.
                let until_us = if end == count { stage.played_us } else { end as u64 * window_us };
                let seconds = until_us.saturating_sub(begin as u64 * window_us) as f64 / 1e6;
                spans.push(Span { windows, sums: Vec::new(), seconds });
            }
        }
    }
    spans
}
