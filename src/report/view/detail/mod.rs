//! Each endpoint in detail: how its response times are distributed, how it did over time, where the time went, what failed.

mod figures;
mod judged;
mod over_time;
mod spans;

pub use figures::{FailedClass, TimeFigure};
pub use over_time::TimeRow;
use serde::Serialize;

use self::spans::{Grid, Span};
use super::{
    slow::{self, SlowView},
    traffic::{self, PhaseMean, Traffic},
};
use crate::{
    record::{EndpointSeries, RunRecord, Totals},
    report::{
        chart::{self, Histogram, Percentiles, PhaseBars, Slot, Timeline},
        escape::plain,
    },
};

/// One endpoint in detail, or all together.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    /// Where links within the page lead to: `endpoint-2`.
    pub id: String,
    /// The endpoint as configured; `*` for all together.
    #[serde(skip)]
    pub endpoint: String,
    /// The scenario that it is a step of, on one line; empty for all together.
    #[serde(skip)]
    pub scenario: String,
    /// Its name on one line.
    pub name: String,
    /// What was sent, where it says more than the name.
    pub request: Option<String>,
    /// Colour class of the worst that was found: `fail`, `warn`, `open`, `improved`, `same`, or `none` without a verdict.
    pub class: &'static str,
    /// The same as a sign.
    pub sign: &'static str,
    /// What was found, worst first: `p99 +31%, regressed, limit +10%`.
    pub found: Vec<String>,
    /// Whether it is shown at once.
    pub open: bool,
    /// `12,000 requests at 200/s, p50 12 ms, p99 41 ms, 0.1% failed`
    pub in_short: String,
    /// Whether there is a baseline beside it.
    pub compared: bool,
    /// Response times on the scale of percentiles.
    pub percentiles: Option<Percentiles>,
    /// The figures by percentile: `p50`, `p99`, `max`.
    pub percentile_rows: Vec<TimeFigure>,
    /// Response times by frequency.
    pub histogram: Option<Histogram>,
    /// Charts over time, one above another: response time, rate, failures, open connections.
    pub over_time: Vec<Timeline>,
    /// The figures of these, some windows together in each row.
    pub time_rows: Vec<TimeRow>,
    /// Where the time went.
    pub phases: Option<PhaseBars>,
    /// The mean of each phase.
    pub phase_rows: Vec<TimeFigure>,
    /// What failed, by class.
    pub error_rows: Vec<FailedClass>,
    /// The slowest requests.
    pub slow: Vec<SlowView>,
    /// Whether it is all endpoints together.
    pub together: bool,
    /// Whether they were sent with ids.
    pub traced: bool,
    /// Whether it counts what has no response time, as the lives of connections.
    pub untimed: bool,
}

impl Detail {
    fn of(
        number: usize,
        traffic: &Traffic,
        candidate: &Totals,
        baseline: Option<&(Traffic, Totals)>,
        spans: &[Span],
        held_back: u64,
    ) -> Self {
        let base = baseline.map(|(_, totals)| &totals.response);
        let base_phases = baseline.map_or(&[][..], |(traffic, _)| &traffic.phases);
        let slots: Vec<Slot> = spans.iter().map(Span::slot).collect();
        let text = &traffic.text;
        let response = &traffic.response.text;
        Self {
            id: format!("endpoint-{number}"),
            endpoint: traffic.endpoint.clone(),
            scenario: String::new(),
            name: traffic.name.clone(),
            request: traffic.request.clone(),
            class: "none",
            sign: "",
            found: Vec::new(),
            open: false,
            in_short: format!(
                "{} requests at {}, p50 {}, p99 {}, {} failed",
                text.requests, text.rate, response[0], response[3], text.error_rate
            ),
            compared: baseline.is_some(),
            percentiles: chart::percentiles(&candidate.response, base),
            percentile_rows: figures::percentiles(&candidate.response, base),
            histogram: chart::histogram(&candidate.response, base),
            over_time: charts(&slots, held_back),
            time_rows: over_time::rows(spans),
            phases: bars(&traffic.phases, base_phases),
            phase_rows: figures::phases(&traffic.phases, base_phases),
            error_rows: figures::errors(candidate),
            slow: Vec::new(),
            together: false,
            traced: false,
            untimed: false,
        }
    }
}

/// Charts over time, as far as there is anything to draw.
fn charts(slots: &[Slot], held_back: u64) -> Vec<Timeline> {
    let all = [chart::timeline(slots), chart::rates(slots, held_back), chart::failed(slots), chart::connections(slots)];
    all.into_iter().flatten().collect()
}

fn bars(candidate: &[PhaseMean], baseline: &[PhaseMean]) -> Option<PhaseBars> {
    let means = |phases: &[PhaseMean]| phases.iter().map(|phase| (phase.name, phase.mean_us)).collect::<Vec<_>>();
    let (candidate, baseline) = (means(candidate), means(baseline));
    chart::phase_bars(&[("baseline", &baseline), ("candidate", &candidate)])
}

/// All endpoints together, where there are several, and each of them, in the order of the configuration.
pub(super) fn of_runs(candidate: &[RunRecord], baseline: &[RunRecord]) -> Vec<Detail> {
    let names: Vec<&EndpointSeries> = traffic::endpoints(candidate);
    let grid = Grid::of(candidate, names.len());
    let held_back: u64 = candidate.iter().flat_map(|run| run.plan.measured_stages()).map(|stage| stage.held_back).sum();
    let mut all_spans = Vec::new();
    let (mut all, mut base_all) = (Totals::default(), Totals::default());
    let mut details = Vec::new();
    for (number, series) in names.iter().enumerate() {
        let totals = traffic::totals(candidate, &series.name);
        let base = traffic::has(baseline, &series.name).then(|| traffic::totals(baseline, &series.name));
        let spans = grid.spans(&series.name);
        if names.len() > 1 {
            spans::add_all(&mut all_spans, &spans);
            all.add(&totals);
            base.iter().for_each(|base| base_all.add(base));
        }
        let traffic = traffic::of_totals(candidate, &series.name, Some(&series.request), &totals);
        let base = base.map(|base| (traffic::of_totals(baseline, &series.name, None, &base), base));
        let detail = Detail::of(number + 1, &traffic, &totals, base.as_ref(), &spans, held_back);
        details.push(Detail { scenario: plain(&series.scenario), untimed: series.is_untimed, ..detail });
    }
    if names.len() > 1 {
        let together = traffic::of_totals(candidate, traffic::ALL, None, &all);
        let base = (!baseline.is_empty()).then(|| (traffic::of_totals(baseline, traffic::ALL, None, &base_all), base_all));
        let detail = Detail::of(0, &together, &all, base.as_ref(), &all_spans, held_back);
        details.insert(0, Detail { endpoint: "*".to_owned(), id: "all-endpoints".to_owned(), together: true, ..detail });
    }
    let slowest = slow::of_runs(candidate);
    for detail in &mut details {
        detail.slow = slow::of_endpoint(&slowest, &detail.endpoint);
        detail.traced = detail.slow.iter().any(|slow| slow.trace_id.is_some());
    }
    judged::open_without_verdict(&mut details);
    details
}

pub(super) use judged::judge;
