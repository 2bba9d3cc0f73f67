//! Rows of feeders, each taken once per pass by whichever user comes next: for one iteration, or to keep.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use minijinja::Value;

use crate::plan::{Feed, Feeder, FeederId, ScenarioId, Workload};

/// A row of each feeder that a scenario takes rows of, by the feeder's name.
pub(super) type Row = Vec<(Arc<str>, Value)>;

/// The rows that a user keeps.
pub(super) type Kept = BTreeMap<FeederId, Value>;

/// How far each feeder of a run has come. Taking a row is one atomic operation: no thread waits for another.
#[derive(Debug)]
pub(super) struct Feeds {
    /// The number of the next row, by feeder.
    next: Vec<AtomicU64>,
    /// The feeders each scenario takes rows of; first those that end.
    of_scenarios: Vec<Vec<Feed>>,
}

impl Feeds {
    pub(super) fn new(workload: &Workload) -> Self {
        let order = |feeds: &[Feed]| {
            let (ending, recycled): (Vec<_>, Vec<_>) = feeds.iter().partition(|feed| workload.feeders[feed.feeder].ends);
            [ending, recycled].concat()
        };
        Self {
            next: workload.feeders.iter().map(|_| AtomicU64::new(0)).collect(),
            of_scenarios: workload.scenarios.iter().map(|scenario| order(&scenario.feeds)).collect(),
        }
    }

    /// Whether there are rows for an iteration of a scenario by a user who keeps some already.
    pub(super) fn has_rows(&self, workload: &Workload, scenario: ScenarioId, kept: &Kept) -> bool {
        let is_kept = |feed: &Feed| feed.per_user && kept.contains_key(&feed.feeder);
        self.of_scenarios[scenario].iter().all(|feed| is_kept(feed) || !self.is_over(workload, feed.feeder))
    }

    /// Whether any scenario has rows for a user.
    pub(super) fn has_any(&self, workload: &Workload, kept: &Kept) -> bool {
        (0..self.of_scenarios.len()).any(|scenario| self.has_rows(workload, scenario, kept))
    }

    /// The rows of the next iteration of a scenario by a user; `None` when one of its feeders has no more.
    ///
    /// A row that is taken in vain is one that nobody gets. So all feeders are looked at before anything is taken, and those that
    /// can end come first: only threads that ask for the very last rows at the same time may still waste one.
    pub(super) fn take(&self, workload: &Workload, seed: u64, scenario: ScenarioId, kept: &mut Kept) -> Option<Row> {
        let feeds = &self.of_scenarios[scenario];
        if feeds.is_empty() {
            return Some(Row::new());
        }
        if !self.has_rows(workload, scenario, kept) {
            return None;
        }
        let row = |feed: &Feed| {
            let feeder = &workload.feeders[feed.feeder];
            let next = || feeder.row(self.next[feed.feeder].fetch_add(1, Relaxed), seed);
            let row = match kept.get(&feed.feeder) {
                Some(row) if feed.per_user => row.clone(),
                _ => next()?,
            };
            if feed.per_user {
                kept.insert(feed.feeder, row.clone());
            }
            Some((Arc::clone(&feeder.name), row))
        };
        feeds.iter().map(row).collect()
    }

    /// The feeder that has ended the run: every scenario takes rows of one that has no more. Users who keep theirs go on.
    pub(super) fn ended<'a>(&self, workload: &'a Workload) -> Option<&'a Feeder> {
        let mut last = None;
        for feeds in &self.of_scenarios {
            last = Some(feeds.iter().find(|feed| !feed.per_user && self.is_over(workload, feed.feeder))?);
        }
        last.map(|feed| &workload.feeders[feed.feeder])
    }

    fn is_over(&self, workload: &Workload, id: FeederId) -> bool {
        let feeder = &workload.feeders[id];
        feeder.ends && self.next[id].load(Relaxed) >= feeder.rows.len() as u64
    }

    /// Whether feeders can end the run.
    pub(super) fn may_end(workload: &Workload) -> bool {
        let ends = |feed: &Feed| !feed.per_user && workload.feeders[feed.feeder].ends;
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
        let feed = |feeder| Feed { feeder, per_user: false };
        let scenario =
            |feeders: Vec<FeederId>| Scenario { feeds: feeders.into_iter().map(feed).collect(), ..Scenario::default() };
        Workload {
            scenarios: vec![scenario((0..feeders.len()).collect()), scenario(vec![0])],
            feeders: feeders.iter().enumerate().map(feeder).collect(),
            ..Workload::default()
        }
    }

    /// The rows of the first feeder that a scenario is given until there are no more.
    fn taken(feeds: &Feeds, workload: &Workload, scenario: ScenarioId) -> Vec<u64> {
        let rows = std::iter::from_fn(|| feeds.take(workload, 1, scenario, &mut Kept::new()));
        let of_first = |row: Row| row.into_iter().find(|(name, _)| **name == *"f0").map(|(_, value)| value);
        rows.take(20).filter_map(of_first).map(|value| u64::try_from(value).unwrap()).collect()
    }

    #[test]
    fn a_feeder_that_ends_takes_no_row_of_the_others_with_it() {
        for first_ends in [true, false] {
            let workload = workload(&[(5, first_ends), (2, true)]);
            let feeds = Feeds::new(&workload);
            assert_eq!(taken(&feeds, &workload, 0), [0, 1]);
            (0..5).for_each(|_| assert!(feeds.take(&workload, 1, 0, &mut Kept::new()).is_none()));
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

    #[test]
    fn a_user_keeps_its_row_and_one_who_comes_when_all_are_kept_has_none() {
        let mut workload = workload(&[(2, true), (9, false)]);
        workload.scenarios.truncate(1);
        workload.scenarios[0].feeds[0].per_user = true;
        let (feeds, mut users) = (Feeds::new(&workload), [(); 3].map(|()| Kept::new()));
        let mut play = |user: usize| {
            let row = feeds.take(&workload, 1, 0, &mut users[user])?;
            Some(row.into_iter().map(|(_, value)| u64::try_from(value).unwrap()).collect::<Vec<_>>())
        };
        let played = [0, 1, 0, 1, 2, 0].map(&mut play);
        assert_eq!(played, [Some(vec![0, 0]), Some(vec![1, 1]), Some(vec![0, 2]), Some(vec![1, 3]), None, Some(vec![0, 4])]);
        assert!(feeds.ended(&workload).is_none() && !Feeds::may_end(&workload), "those who have rows go on");
        assert_eq!(users.map(|kept| feeds.has_any(&workload, &kept)), [true, true, false]);
    }
}
