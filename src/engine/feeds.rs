//! Rows of feeders, each taken once per pass by whichever user comes next.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use minijinja::Value;

use crate::plan::{Feeder, Plan, ScenarioId};

/// A row of each feeder that a scenario takes rows of, by the feeder's name.
pub(super) type Row = Vec<(Arc<str>, Value)>;

/// How far each feeder of a run has come. Taking a row is one atomic addition: no thread waits for another.
#[derive(Debug)]
pub(super) struct Feeds(Vec<AtomicU64>);

impl Feeds {
    pub(super) fn new(plan: &Plan) -> Self {
        Self(plan.workload.feeders.iter().map(|_| AtomicU64::new(0)).collect())
    }

    /// The rows of the next iteration of a scenario; `None` when one of its feeders has no more.
    pub(super) fn take(&self, plan: &Plan, scenario: ScenarioId) -> Option<Row> {
        let feeds = &plan.workload.scenarios[scenario].feeds;
        if feeds.is_empty() {
            return Some(Row::new());
        }
        let row = |id: &usize| {
            let feeder = &plan.workload.feeders[*id];
            Some((Arc::clone(&feeder.name), feeder.row(self.0[*id].fetch_add(1, Relaxed), plan.seed)?))
        };
        feeds.iter().map(row).collect()
    }

    /// The feeder that has ended the run: every scenario takes rows of one that has no more.
    pub(super) fn ended<'a>(&self, plan: &'a Plan) -> Option<&'a Feeder> {
        let is_over = |id: &&usize| {
            let feeder = &plan.workload.feeders[**id];
            feeder.ends && self.0[**id].load(Relaxed) >= feeder.rows.len() as u64
        };
        let mut last = None;
        for scenario in &plan.workload.scenarios {
            last = Some(scenario.feeds.iter().find(is_over)?);
        }
        last.map(|id| &plan.workload.feeders[*id])
    }

    /// Whether feeders can end the run.
    pub(super) fn may_end(plan: &Plan) -> bool {
        let ends = |id: &usize| plan.workload.feeders[*id].ends;
        plan.workload.scenarios.iter().all(|scenario| scenario.feeds.iter().any(ends))
    }
}
