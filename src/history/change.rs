//! Changes of level, and what became of those for the worse.

use super::{Metric, Series, series::SHORTEST};
use crate::stats::change_points;

/// Smaller changes are not told: nobody would look for their commit.
const CHANGE_MIN: f64 = 0.01;
/// A rise is over when a later level has no more than this share of it left.
const LEFT_MAX: f64 = 1.0 / 3.0;

/// A change of level of one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Endpoint, or `*`.
    pub endpoint: String,
    /// The figure.
    pub metric: Metric,
    /// The last run with the level before, and the first one with the level after: places in the list of runs.
    pub last: usize,
    /// See [`Self::last`].
    pub first: usize,
    /// Level before, in microseconds: the mean of the logarithms.
    pub before_us: f64,
    /// Level after.
    pub after_us: f64,
    /// Corrected for all places and all series.
    pub p_value: f64,
    /// What became of it.
    pub status: Status,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It got slower, and still is.
    Open,
    /// It got slower, and came back with this run.
    Closed {
        /// Place in the list of runs.
        with: usize,
    },
    /// It got slower, and somebody said with this run that it is meant to be.
    Accepted {
        /// Place in the list of runs.
        with: usize,
    },
    /// It got faster.
    Faster,
}

impl Status {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed { .. } => "closed",
            Self::Accepted { .. } => "accepted",
            Self::Faster => "faster",
        }
    }
}

impl Change {
    /// Relative change: 0.1 is 10 % slower.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.after_us / self.before_us - 1.0
    }
}

/// The changes of a series, in order of time. `accepted` tells of each run whether its level was accepted.
pub(super) fn of(series: &Series, alpha: f64, accepted: &[bool]) -> Vec<Change> {
    let known: Vec<(usize, f64)> = series.us.iter().enumerate().filter_map(|(run, us)| Some((run, us.as_ref()?.ln()))).collect();
    let values: Vec<f64> = known.iter().map(|(_, ln)| *ln).collect();
    let points = change_points::find(&values, SHORTEST, alpha);
    let edges: Vec<usize> = points.iter().map(|point| point.index).collect();
    let bounds: Vec<usize> = std::iter::once(0).chain(edges.iter().copied()).chain([values.len()]).collect();
    let levels: Vec<f64> =
        bounds.windows(2).map(|part| values[part[0]..part[1]].iter().sum::<f64>() / (part[1] - part[0]) as f64).collect();
    let status = |place: usize| {
        let (before, after) = (levels[place], levels[place + 1]);
        if after <= before {
            return Status::Faster;
        }
        let is_over = |level: &f64| *level <= before + LEFT_MAX * (after - before);
        let back = levels.iter().enumerate().skip(place + 2).find(|(_, level)| is_over(level));
        if let Some((segment, _)) = back {
            return Status::Closed { with: known[bounds[segment]].0 };
        }
        // Said of one of the first runs that have the level.
        let begin = known[bounds[place + 1]].0;
        let said = (begin..accepted.len().min(begin + SHORTEST)).find(|run| accepted[*run]);
        said.map_or(Status::Open, |with| Status::Accepted { with })
    };
    let changes = points.iter().enumerate().map(|(place, point)| Change {
        endpoint: series.endpoint.clone(),
        metric: series.metric,
        last: known[point.index - 1].0,
        first: known[point.index].0,
        before_us: levels[place].exp(),
        after_us: levels[place + 1].exp(),
        p_value: point.p_value,
        status: status(place),
    });
    changes.filter(|change| (levels_apart(change)) >= CHANGE_MIN).collect()
}

fn levels_apart(change: &Change) -> f64 {
    (change.after_us / change.before_us).ln().abs()
}
