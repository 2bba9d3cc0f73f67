//! Where in a run a moment lies: stages cut into windows, numbered through.

use std::{
    ops::Range,
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    time::Duration,
};

use crate::{plan::Stage, record::WindowPlace, units::nanoseconds as nanos};

/// All windows of a run's measured stages, numbered through from 0.
///
/// Stages follow one another as planned, except that one may end before its time (`count:`); then those behind it begin earlier.
/// Windows keep their numbers: those a stage has no time left for stay empty.
#[derive(Debug)]
pub struct Timeline {
    /// Nanoseconds.
    window: u64,
    stages: Vec<Place>,
}

/// One stage's place in the run, which other threads may move.
#[derive(Debug)]
struct Place {
    /// Nanoseconds from the start of the run.
    begins: AtomicU64,
    /// Nanoseconds from the start of the run.
    ends: AtomicU64,
    length: Duration,
    /// Whether somebody has ended it before its time.
    is_cut: AtomicBool,
    first_window: usize,
    windows: usize,
}

/// Where one stage stands in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagePlace {
    /// Begin, counted from the start of the run.
    pub begins: Duration,
    /// End, counted from the start of the run.
    pub ends: Duration,
    /// Number of its first window.
    pub first_window: usize,
    /// Number of its windows; 0 when it is not measured. The last one may be shorter than the others.
    pub windows: usize,
}

/// Time between an early end and the stage behind it, in which all threads learn of it.
const SETTLE: Duration = Duration::from_millis(100);

impl Timeline {
    /// The timeline of stages that are recorded in windows of this length.
    #[must_use]
    pub fn new(played: &[Stage], window: Duration) -> Self {
        let (mut begins, mut first_window) = (Duration::ZERO, 0);
        let mut stages = Vec::with_capacity(played.len());
        for stage in played {
            let windows = if stage.measured { stage.duration.as_nanos().div_ceil(window.as_nanos()) } else { 0 };
            let windows = usize::try_from(windows).unwrap_or(usize::MAX);
            let ends = begins + stage.duration;
            stages.push(Place {
                begins: AtomicU64::new(nanos(begins)),
                ends: AtomicU64::new(nanos(ends)),
                length: stage.duration,
                is_cut: AtomicBool::new(false),
                first_window,
                windows,
            });
            begins = ends;
            first_window += windows;
        }
        Self { window: nanos(window), stages }
    }

    /// Number of stages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stages.len()
    }

    /// Whether there is no stage.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Where a stage stands now.
    #[must_use]
    pub fn stage(&self, number: usize) -> StagePlace {
        let place = &self.stages[number];
        StagePlace {
            ends: Duration::from_nanos(place.ends.load(Acquire)),
            begins: Duration::from_nanos(place.begins.load(Relaxed)),
            first_window: place.first_window,
            windows: place.windows,
        }
    }

    /// Whether anything of a stage is recorded.
    #[must_use]
    pub fn is_measured(&self, stage: usize) -> bool {
        self.stages[stage].windows > 0
    }

    /// Whether any part of a span of the run lies in a measured stage.
    #[must_use]
    pub fn measures(&self, span: Range<Duration>) -> bool {
        let overlaps = |place: StagePlace| place.windows > 0 && place.begins < span.end && place.ends > span.start;
        (0..self.len()).any(|number| overlaps(self.stage(number)))
    }

    /// When the last stage ends.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.stages.last().map_or(Duration::ZERO, |place| Duration::from_nanos(place.ends.load(Relaxed)))
    }

    /// Ends a stage at a moment before its time; the first thread to say so decides. A moment behind its end changes nothing.
    pub fn end_early(&self, stage: usize, moment: Duration) {
        let place = &self.stages[stage];
        if moment >= self.stage(stage).ends || place.is_cut.swap(true, Relaxed) {
            return;
        }
        let mut begins = moment + SETTLE;
        for later in &self.stages[stage + 1..] {
            later.begins.store(nanos(begins), Relaxed);
            later.ends.store(nanos(begins + later.length), Relaxed);
            begins += later.length;
        }
        // Last: who sees this stage at its end sees the stages behind it at their new places.
        place.ends.store(nanos(moment), Release);
    }

    /// Whether somebody has ended a stage before its time.
    #[must_use]
    pub fn is_cut(&self, stage: usize) -> bool {
        self.stages[stage].is_cut.load(Relaxed)
    }

    /// Number of windows of the run.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.stages.iter().map(|stage| stage.windows).sum()
    }

    /// The window of `stage` that a moment of the run lies in; `None` where nothing is measured.
    ///
    /// Steps that follow a slow one can be due after their stage has ended: they count to its last window.
    #[must_use]
    pub fn window_of(&self, stage: usize, moment: Duration) -> Option<usize> {
        let place = &self.stages[stage];
        let last = place.windows.checked_sub(1)?;
        let moment = nanos(moment).min(place.ends.load(Relaxed).saturating_sub(1));
        let index = moment.saturating_sub(place.begins.load(Relaxed)) / self.window;
        Some(place.first_window + (index as usize).min(last))
    }

    /// The window that something is counted to which lasted for that span of the run: that of its beginning, or the first one that is measured
    /// while it lasts.
    #[must_use]
    pub fn window_from(&self, span: &Range<Duration>) -> Option<usize> {
        let is_behind = |place: StagePlace| place.windows > 0 && place.ends > span.start;
        let stage = (0..self.len()).find(|number| is_behind(self.stage(*number)))?;
        let begins = self.stage(stage).begins;
        if begins >= span.end { None } else { self.window_of(stage, begins.max(span.start)) }
    }

    /// Number of windows that have wholly passed at a moment of the run: all below it are over.
    #[must_use]
    pub fn passed(&self, moment: Duration) -> usize {
        let of_stage = |number| {
            let place = self.stage(number);
            let whole = nanos(moment.saturating_sub(place.begins)) / self.window;
            if moment >= place.ends { place.windows } else { (whole as usize).min(place.windows) }
        };
        (0..self.len()).map(of_stage).sum()
    }

    /// Number of windows of a stage that have begun at a moment of the run.
    #[must_use]
    pub fn begun(&self, stage: usize, moment: Duration) -> usize {
        let place = self.stage(stage);
        let begun = nanos(moment.min(place.ends).saturating_sub(place.begins)).div_ceil(self.window);
        (begun as usize).min(place.windows)
    }

    /// Where a window stands; `None` when its time never came, because its stage ended before.
    #[must_use]
    pub fn window_place(&self, window: usize) -> Option<WindowPlace> {
        let stage = self.stage_of_window(window);
        let place = self.stage(stage);
        let offset = self.window.saturating_mul((window - place.first_window) as u64);
        let begins = place.begins.saturating_add(Duration::from_nanos(offset));
        let length = place.ends.checked_sub(begins).filter(|left| !left.is_zero())?.min(Duration::from_nanos(self.window));
        let is_last = self.last_window(stage) == Some(window);
        Some(WindowPlace { stage, ends: begins + length, length, is_last })
    }

    /// The stage a window belongs to.
    #[must_use]
    pub fn stage_of_window(&self, window: usize) -> usize {
        self.stages.iter().rposition(|stage| stage.windows > 0 && stage.first_window <= window).unwrap_or(0)
    }

    /// The last window of `stage` that a moment up to its end can lie in.
    #[must_use]
    pub fn last_window(&self, stage: usize) -> Option<usize> {
        self.window_of(stage, Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Crowd, Load};

    /// A warm-up of 2 s, then 2.5 s and 1 s measured in windows of 1 s.
    fn timeline() -> Timeline {
        let stage = |seconds: f64, measured| Stage {
            name: String::new(),
            load: Load::Users(Crowd { from: 1, to: 1 }),
            duration: Duration::from_secs_f64(seconds),
            iterations: None,
            measured,
            step_of: None,
        };
        Timeline::new(&[stage(2.0, false), stage(2.5, true), stage(1.0, true)], Duration::from_secs(1))
    }

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_moment_of_a_measured_stage_has_a_window_and_one_of_a_warm_up_has_none() {
        let window = |stage, seconds| timeline().window_of(stage, at(seconds));
        assert_eq!(window(0, 1.0), None);
        assert_eq!((window(1, 2.0), window(1, 3.999), window(1, 4.2)), (Some(0), Some(1), Some(2)));
        assert_eq!(window(2, 4.5), Some(3));
    }

    #[test]
    fn a_step_due_after_its_stage_counts_to_the_last_window_of_it() {
        assert_eq!(timeline().window_of(1, Duration::from_secs(60)), Some(2));
    }

    #[test]
    fn what_lasts_is_counted_where_it_begins_or_where_measuring_does() {
        let window = |from, until| timeline().window_from(&(at(from)..at(until)));
        assert_eq!([window(2.5, 9.0), window(4.6, 4.7), window(0.5, 9.0)], [Some(0), Some(3), Some(0)]);
        assert_eq!([window(0.5, 1.9), window(5.6, 6.0)], [None, None], "of the warm-up alone, and after the end");
    }

    #[test]
    fn windows_pass_one_by_one_and_the_short_one_with_its_stage() {
        let passed = |seconds| timeline().passed(at(seconds));
        assert_eq!([1.0, 2.9, 3.0, 4.4, 4.5, 5.4, 5.5].map(passed), [0, 0, 1, 2, 3, 3, 4]);
        let begun = |seconds| (timeline().begun(1, at(seconds)), timeline().begun(2, at(seconds)));
        assert_eq!([1.0, 2.9, 3.0, 4.4, 9.0].map(begun), [(0, 0), (1, 0), (1, 0), (3, 0), (3, 1)]);
    }

    #[test]
    fn a_window_knows_its_stage() {
        assert_eq!([0, 2, 3].map(|window| timeline().stage_of_window(window)), [1, 1, 2]);
    }

    #[test]
    fn an_early_end_moves_the_stages_behind_it_and_happens_once() {
        let timeline = timeline();
        timeline.end_early(1, at(3.2));
        timeline.end_early(1, at(4.0));
        assert_eq!((timeline.stage(1).ends, timeline.stage(2).begins, timeline.end()), (at(3.2), at(3.3), at(4.3)));
        assert_eq!((timeline.begun(1, at(9.0)), timeline.passed(at(3.2))), (2, 3), "a window without time is over, never begun");
        assert_eq!(timeline.window_of(1, at(9.0)), Some(1), "a late step counts to the last window that was played");
        assert_eq!(timeline.window_of(2, at(3.3)), Some(3));
    }

    #[test]
    fn a_window_stands_where_it_was_played() {
        let timeline = timeline();
        let place = |window| timeline.window_place(window).map(|place| (place.stage, place.ends, place.length, place.is_last));
        assert_eq!(place(0), Some((1, at(3.0), at(1.0), false)));
        assert_eq!((place(2), place(3)), (Some((1, at(4.5), at(0.5), true)), Some((2, at(5.5), at(1.0), true))));
        timeline.end_early(1, at(3.2));
        assert_eq!((place(1), place(2)), (Some((1, at(3.2), at(0.2), true)), None), "the stage ended in its second window");
        assert_eq!(place(3), Some((2, at(4.3), at(1.0), true)), "and the next one began earlier");
    }

    #[test]
    fn an_end_that_is_said_too_late_changes_nothing() {
        let timeline = timeline();
        timeline.end_early(1, at(4.5));
        timeline.end_early(1, at(7.0));
        assert_eq!((timeline.stage(1).ends, timeline.stage(2).begins, timeline.end()), (at(4.5), at(4.5), at(5.5)));
    }
}
