//! When the generator itself is looked at, and whether what is seen then belongs to a measurement.

use std::{ops::Range, time::Duration};

use crate::measure::{PULSE, Timeline};

/// Shortest time that a look at the machine is worth.
const LOOK_MIN: Duration = Duration::from_secs(1);

/// A look at the machine that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// What of the run it covers.
    pub(super) span: Range<Duration>,
    /// Whether that was measured.
    pub(super) measured: bool,
    /// Whether it is long enough to conclude anything.
    pub(super) counts: bool,
}

/// Divides a run into looks.
#[derive(Debug)]
pub(super) struct Looks {
    every: Duration,
    /// Moment of the last look.
    looked: Duration,
    /// Moment of the last pulse.
    pulsed: Duration,
}

impl Looks {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, looked: Duration::ZERO, pulsed: Duration::ZERO }
    }

    /// The look that is due at the pulse of a moment: regularly, once more just before the threads end and take their figures
    /// with them, and wherever measuring begins or ends, so that a look covers a warm-up or a measurement, but for a pulse.
    pub(super) fn at_pulse(&mut self, timeline: &Timeline, moment: Duration) -> Option<Look> {
        let (since, end) = (moment.saturating_sub(self.looked), timeline.end());
        let before = self.pulsed > self.looked && timeline.measures(self.looked..self.pulsed);
        let turns = self.pulsed > self.looked && before != timeline.measures(self.pulsed..moment);
        let ends = since >= LOOK_MIN && moment < end && moment + PULSE * 3 >= end;
        let look = (turns || ends || since >= self.every).then(|| {
            // At a turn the pulse behind it is too short a part to change what the look says.
            let measured = if turns { before } else { timeline.measures(self.looked..moment) };
            self.look(measured, moment)
        });
        self.pulsed = moment;
        look
    }

    /// The look at the end of the run, if there is anything left to look at.
    pub(super) fn at_end(&mut self, timeline: &Timeline, moment: Duration) -> Option<Look> {
        let measured = timeline.measures(self.looked..moment);
        (moment.saturating_sub(self.looked) >= LOOK_MIN).then(|| self.look(measured, moment))
    }

    fn look(&mut self, measured: bool, moment: Duration) -> Look {
        let span = self.looked..moment;
        self.looked = moment;
        let counts = span.end.saturating_sub(span.start) >= LOOK_MIN;
        Look { span, measured, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Crowd, Load, Stage};

    fn timeline(stages: &[(u64, bool)]) -> Timeline {
        let stage = |(seconds, measured): &(u64, bool)| Stage {
            name: String::new(),
            load: Load::Users(Crowd { from: 1, to: 1 }),
            duration: Duration::from_secs(*seconds),
            iterations: None,
            measured: *measured,
            step_of: None,
        };
        Timeline::new(&stages.iter().map(stage).collect::<Vec<_>>(), Duration::from_secs(1))
    }

    /// Begin and end of each look in milliseconds, and whether it is measured.
    fn looks(stages: &[(u64, bool)], every: u64, until: u64) -> Vec<(u128, u128, bool)> {
        let (timeline, mut looks) = (timeline(stages), Looks::new(Duration::from_secs(every)));
        let pulses = (1..=until * 10).map(|n| PULSE * u32::try_from(n).unwrap());
        pulses
            .filter_map(|moment| looks.at_pulse(&timeline, moment))
            .map(|look| (look.span.start.as_millis(), look.span.end.as_millis(), look.measured))
            .collect()
    }

    #[test]
    fn a_warm_up_is_not_judged_with_the_measurement_behind_it() {
        assert_eq!(looks(&[(9, false), (21, true)], 10, 20), [(0, 9_100, false), (9_100, 19_100, true)]);
    }

    #[test]
    fn nor_is_what_is_played_behind_the_measurement() {
        assert_eq!(looks(&[(4, true), (9, false)], 10, 12), [(0, 4_100, true)]);
    }

    #[test]
    fn looks_are_regular_and_one_comes_just_before_the_end() {
        assert_eq!(looks(&[(25, true)], 10, 25), [(0, 10_000, true), (10_000, 20_000, true), (20_000, 24_700, true)]);
    }
}
