//! The steps of `step:` stages beside one another: how the service does as the load grows.

use serde::{Serialize, Serializer};

use super::{knee, text};
use crate::{
    policy::Quantile,
    record::{EndpointSeries, RunRecord, Totals},
    report::escape::plain,
    units::PerSecond,
};

/// One `step:` stage.
#[derive(Clone, Debug, Serialize)]
pub struct StepTable {
    /// Name of the stage.
    pub name: String,
    /// Its steps in the order they were played.
    pub rows: Vec<StepRow>,
    /// Where the service stops keeping up, in a sentence.
    pub knee: Option<String>,
}

/// One step, all endpoints and runs together.
#[derive(Clone, Debug, Serialize)]
pub struct StepRow {
    /// Name of the stage that was made of it.
    pub stage: String,
    /// `200/s`, `50 users`.
    pub load: String,
    /// Requests per second that were due, or users.
    pub asked: f64,
    /// Whether users made the load.
    pub closed: bool,
    /// Whether it is the last one that the service keeps up with.
    pub is_knee: bool,
    /// Requests that came to an outcome.
    pub requests: u64,
    /// The same per second; `None` when no time was played.
    pub rate_per_s: Option<f64>,
    /// Median response time.
    pub p50_us: Option<u64>,
    /// 95 %.
    pub p95_us: Option<u64>,
    /// 99 %.
    pub p99_us: Option<u64>,
    /// Failed share.
    pub error_rate: Option<f64>,
    /// In words, in the order of [`StepRow::COLUMNS`]; templates know them by these names.
    #[serde(serialize_with = "by_name")]
    pub text: [String; 7],
}

fn by_name<S: Serializer>(text: &[String; 7], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(StepRow::COLUMNS.into_iter().zip(text))
}

impl StepRow {
    /// Heads of the columns of [`StepRow::text`].
    pub const COLUMNS: [&'static str; 7] = ["load", "requests", "throughput", "p50", "p95", "p99", "errors"];
}

/// A table for each `step:` stage.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<StepTable> {
    let Some(first) = runs.first() else { return Vec::new() };
    let mut tables: Vec<(&str, StepTable)> = Vec::new();
    for (number, stage) in first.plan.stages.iter().enumerate().filter(|(_, stage)| stage.measured) {
        let Some(step_of) = stage.step_of.as_deref() else { continue };
        if tables.last().is_none_or(|(name, _)| *name != step_of) {
            tables.push((step_of, StepTable { name: plain(step_of), rows: Vec::new(), knee: None }));
        }
        if let Some((_, table)) = tables.last_mut() {
            table.rows.push(row(runs, number));
        }
    }
    tables.iter_mut().for_each(|(_, table)| table.knee = knee::mark(&mut table.rows));
    tables.into_iter().map(|(_, table)| table).collect()
}

/// The load of a step as a number: users, as its shape says, or requests that fell due per second.
fn asked(runs: &[RunRecord], number: usize) -> f64 {
    let stages = || runs.iter().filter_map(|run| run.plan.stages.get(number));
    let users = |shape: &str| shape.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    match stages().next() {
        Some(stage) if stage.closed => users(&stage.shape).unwrap_or(0.0),
        _ => {
            let seconds: f64 = stages().map(|stage| stage.played_us as f64 / 1e6).sum();
            if seconds > 0.0 { stages().map(|stage| stage.offered as f64).sum::<f64>() / seconds } else { 0.0 }
        }
    }
}

fn row(runs: &[RunRecord], number: usize) -> StepRow {
    let stages = || runs.iter().filter_map(|run| run.plan.stages.get(number));
    let of_stage = |series: &'_ EndpointSeries| series.stages.get(number).cloned().unwrap_or_default();
    let windows: Vec<_> = runs.iter().flat_map(|run| &run.endpoints).flat_map(of_stage).collect();
    let total = Totals::of(&windows);
    let seconds = stages().map(|stage| stage.played_us as f64 / 1e6).sum::<f64>();
    let rate_per_s = (seconds > 0.0).then(|| total.requests as f64 / seconds);
    let at = |quantile: Quantile| total.response.quantile(quantile.fraction());
    let [p50_us, p95_us, p99_us] = [Quantile::P50, Quantile::P95, Quantile::P99].map(at);
    let latency = |us: Option<u64>| text::latency(us.map(|us| us as f64));
    let load = stages().next().map_or_else(String::new, |stage| plain(&stage.shape));
    StepRow {
        stage: stages().next().map_or_else(String::new, |stage| plain(&stage.name)),
        asked: asked(runs, number),
        closed: stages().any(|stage| stage.closed),
        is_knee: false,
        requests: total.requests,
        error_rate: total.error_rate(),
        text: [
            load.clone(),
            text::count(total.requests),
            rate_per_s.map_or_else(|| text::NONE.to_owned(), |rate| PerSecond(rate).to_string()),
            latency(p50_us),
            latency(p95_us),
            latency(p99_us),
            text::share(total.error_rate()),
        ],
        load,
        rate_per_s,
        p50_us,
        p95_us,
        p99_us,
    }
}
