//! When arrivals are due: pure arithmetic, one file per shape.

mod constant;
mod pacer;
mod ramp;

use std::{fmt, time::Duration};

use constant::Constant;
pub use pacer::Pacer;
use ramp::Ramp;

use crate::units::PerSecond;

/// Maps a position in the sequence of arrivals to the time it is due, counted from the start of its stage.
///
/// Even arrivals stand at the positions 0, 1, 2, ..; random ones somewhere between them (see [`super::Pacer`]). So every shape
/// of load goes with every kind of arrivals.
pub trait Schedule {
    /// When the arrival at `position` (from 0) is due; `None` when the stage has no such arrival.
    fn due(&self, position: f64) -> Option<Duration>;
}

/// The shape of a stage's load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// The same rate throughout.
    Constant(PerSecond),
    /// From one rate to another in a straight line.
    Ramp {
        /// At the beginning.
        from: PerSecond,
        /// At the end.
        to: PerSecond,
    },
}

/// A shape laid over a stage's length.
#[derive(Clone, Copy, Debug)]
pub enum StageSchedule {
    /// See [`Shape::Constant`].
    Constant(Constant),
    /// See [`Shape::Ramp`].
    Ramp(Ramp),
}

impl Shape {
    /// The schedule of a stage of this shape and length.
    #[must_use]
    pub fn schedule(&self, length: Duration) -> StageSchedule {
        match *self {
            Self::Constant(rate) => StageSchedule::Constant(Constant { rate: rate.0, length }),
            Self::Ramp { from, to } => StageSchedule::Ramp(Ramp { from: from.0, to: to.0, length }),
        }
    }

    /// The same shape with another rate at every moment.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let times = |rate: PerSecond| PerSecond(rate.0 * factor);
        match self {
            Self::Constant(rate) => Self::Constant(times(rate)),
            Self::Ramp { from, to } => Self::Ramp { from: times(from), to: times(to) },
        }
    }

    /// Highest rate of any moment, in arrivals per second.
    #[must_use]
    pub fn peak(&self) -> f64 {
        match *self {
            Self::Constant(rate) => rate.0,
            Self::Ramp { from, to } => from.0.max(to.0),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(rate) => rate.fmt(f),
            Self::Ramp { from, to } => write!(f, "{from}..{to}"),
        }
    }
}

impl Schedule for StageSchedule {
    fn due(&self, position: f64) -> Option<Duration> {
        match self {
            Self::Constant(schedule) => schedule.due(position),
            Self::Ramp(schedule) => schedule.due(position),
        }
    }
}

impl StageSchedule {
    /// Number of arrivals of the stage, even ones; of random ones the mean.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.due_before(Duration::MAX)
    }

    /// Number of arrivals due before `time`: the first `n` whose arrival is not, by bisection, as dues never decrease.
    #[must_use]
    pub fn due_before(&self, time: Duration) -> u64 {
        let is_before = |n: u64| self.due(n as f64).is_some_and(|due| due < time);
        let mut above = 1;
        while is_before(above - 1) {
            above *= 2;
        }
        let mut below = above / 2;
        while below < above {
            let middle = u64::midpoint(below, above);
            if is_before(middle) { below = middle + 1 } else { above = middle }
        }
        below
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shapes() -> impl Strategy<Value = Shape> {
        prop_oneof![
            (0.1..5_000.0_f64).prop_map(|rate| Shape::Constant(PerSecond(rate))),
            (0.0..2_000.0_f64, 0.1..2_000.0_f64).prop_map(|(from, to)| Shape::Ramp { from: PerSecond(from), to: PerSecond(to) }),
            (0.1..2_000.0_f64, 0.0..2_000.0_f64).prop_map(|(from, to)| Shape::Ramp { from: PerSecond(from), to: PerSecond(to) }),
        ]
    }

    proptest! {
        #[test]
        fn dues_never_decrease_and_stay_within_the_stage(shape in shapes(), seconds in 1_u64..60) {
            let length = Duration::from_secs(seconds);
            let schedule = shape.schedule(length);
            let count = schedule.count();
            prop_assert_eq!(schedule.due(count as f64), None);
            let mut last = Duration::ZERO;
            for n in (0..count).step_by(usize::try_from(count / 500 + 1).unwrap()) {
                let due = schedule.due(n as f64).unwrap();
                prop_assert!(due >= last && due < length, "{n}: {due:?}");
                last = due;
            }
        }

        #[test]
        fn there_are_as_many_arrivals_as_the_area_under_the_rate(shape in shapes(), seconds in 1_u64..60) {
            let mean = match shape { Shape::Constant(r) => r.0, Shape::Ramp { from, to } => f64::midpoint(from.0, to.0) };
            let area = mean * seconds as f64;
            let count = shape.schedule(Duration::from_secs(seconds)).count() as f64;
            prop_assert!((count - area).abs() <= 1.0, "{count} arrivals, area {area}");
        }
    }
}
