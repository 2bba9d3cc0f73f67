//! Rows of feeders, each taken once per pass by whichever user comes next.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use minijinja::Value;

use crate::plan::{Feeder, FeederId, ScenarioId, Workload};

/// A row of each feeder that a scenario takes rows of, by the feeder's name.
pub(super) type Row = Vec<(Arc<str>, Value)>;

/// How far each feeder of a run has come. Taking a row is one atomic operation: no thread waits for another.
#[derive(Debug)]
pub(super) struct Feeds {
    /// The number of the next row, by feeder.
    next: Vec<AtomicU64>,
    /// The feeders each scenario takes rows of; first those that end.
    of_scenarios: Vec<Vec<FeederId>>,
}

impl Feeds {
    pub(super) fn new(workload: &Workload) -> Self {
        let order = |feeds: &[FeederId]| {
            let (ending, recycled): (Vec<_>, Vec<_>) = feeds.iter().partition(|id| workload.feeders[**id].ends);
            [ending, recycled].concat()
        };
        Self {
            next: workload.feeders.iter().map(|_| AtomicU64::new(0)).collect(),
            of_scenarios: workload.scenarios.iter().map(|scenario| order(&scenario.feeds)).collect(),
        }
    }

    /// The rows of the next iteration of a scenario; `None` when one of its feeders has no more.
    ///
    /// A row that is taken in vain is one that nobody gets. So all feeders are looked at before anything is taken, and those that
    /// can end come first: only threads that ask for the very last rows at the same time may still waste one.
    pub(super) fn take(&self, workload: &Workload, seed: u64, scenario: ScenarioId) -> Option<Row> {
        let feeds = &self.of_scenarios[scenario];
        if feeds.is_empty() {
            return Some(Row::new());
        }
        if feeds.iter().any(|id| self.is_over(workload, *id)) {
            return None;
        }
        let row = |id: &FeederId| {
            let feeder = &workload.feeders[*id];
            Some((Arc::clone(&feeder.name), feeder.row(self.next[*id].fetch_add(1, Relaxed), seed)?))
        };
        feeds.iter().map(row).collect()
    }

    /// The feeder that has ended the run: every scenario takes rows of one that has no more.
    pub(super) fn ended<'a>(&self, workload: &'a Workload) -> Option<&'a Feeder> {
        let mut last = None;
        for feeds in &self.of_scenarios {
            last = Some(feeds.iter().find(|id| self.is_over(workload, **id))?);
        }
        last.map(|id| &workload.feeders[*id])
    }

    fn is_over(&self, workload: &Workload, id: FeederId) -> bool {
        let feeder = &workload.feeders[id];
        feeder.ends && self.next[id].load(Relaxed) >= feeder.rows.len() as u64
    }

    /// Whether feeders can end the run.
    pub(super) fn may_end(workload: &Workload) -> bool {
        let ends = |id: &FeederId| workload.feeders[*id].ends;
        workload.scenarios.iter().all(|scenario| scenario.feeds.iter().any(ends))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Order, Rows, Scenario};

    /// Feeders of so many rows, each of which ends or begins anew, and a scenario that takes rows of all and one of the first.
    fn workload(feeders: &[(u64, bool)]) -> Workload {
        let feeder = |(n, (rows, ends)): (usize, &(u64, bool))| Feeder {
            name: format!("f{n}").into(),
            rows: Rows::Values(Arc::new((0..*rows).map(Value::from).collect())),
            order: Order::Sequential,
            ends: *ends,
            shuffled: None,
            sha256: String::new(),
        };
        let scenario = |feeds: Vec<FeederId>| Scenario { feeds, ..Scenario::default() };
        Workload {
            scenarios: vec![scenario((0..feeders.len()).collect()), scenario(vec![0])],
            feeders: feeders.iter().enumerate().map(feeder).collect(),
            ..Workload::default()
        }
    }

    /// The rows of the first feeder that a scenario is given until there are no more.
    fn taken(feeds: &Feeds, workload: &Workload, scenario: ScenarioId) -> Vec<u64> {
        let rows = std::iter::from_fn(|| feeds.take(workload, 1, scenario));
        let of_first = |row: Row| row.into_iter().find(|(name, _)| **name == *"f0").map(|(_, value)| value);
        rows.take(20).filter_map(of_first).map(|value| u64::try_from(value).unwrap()).collect()
    }

    #[test]
    fn a_feeder_that_ends_takes_no_row_of_the_others_with_it() {
        for first_ends in [true, false] {
            let workload = workload(&[(5, first_ends), (2, true)]);
            let feeds = Feeds::new(&workload);
            assert_eq!(taken(&feeds, &workload, 0), [0, 1]);
            (0..5).for_each(|_| assert!(feeds.take(&workload, 1, 0).is_none()));
            assert_eq!(taken(&feeds, &workload, 1)[..3], [2, 3, 4], "every row is used");
        }
    }

    #[test]
    fn a_run_is_over_when_every_scenario_takes_rows_of_a_feeder_that_has_ended() {
        let workload = workload(&[(3, true), (1, true)]);
        let feeds = Feeds::new(&workload);
        assert!(Feeds::may_end(&workload) && feeds.ended(&workload).is_none());
        assert_eq!(taken(&feeds, &workload, 0), [0]);
        assert!(feeds.ended(&workload).is_none(), "the other scenario has rows");
        assert_eq!(taken(&feeds, &workload, 1), [1, 2]);
        assert_eq!(feeds.ended(&workload).map(|feeder| &*feeder.name), Some("f0"));
    }
}
