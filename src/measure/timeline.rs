//! Where in a run a moment lies: stages cut into windows, numbered through.

use std::time::Duration;

use crate::plan::Stage;

/// All windows of a run's measured stages, numbered through from 0.
#[derive(Clone, Debug)]
pub struct Timeline {
    window: Duration,
    stages: Vec<StagePlace>,
}

/// One stage's place in the run.
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

impl Timeline {
    /// The timeline of stages that are recorded in windows of this length.
    #[must_use]
    pub fn new(played: &[Stage], window: Duration) -> Self {
        let (mut begins, mut first_window) = (Duration::ZERO, 0);
        let mut stages = Vec::with_capacity(played.len());
        for stage in played {
            let windows = if stage.measured { stage.duration.as_nanos().div_ceil(window.as_nanos()) } else { 0 };
            let windows = usize::try_from(windows).unwrap_or(usize::MAX);
            stages.push(StagePlace { begins, ends: begins + stage.duration, first_window, windows });
            begins += stage.duration;
            first_window += windows;
        }
        Self { window, stages }
    }

    /// Places of the stages.
    #[must_use]
    pub fn stages(&self) -> &[StagePlace] {
        &self.stages
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
        let place = self.stages[stage];
        let index = moment.saturating_sub(place.begins).as_nanos() / self.window.as_nanos();
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        (place.windows > 0).then(|| place.first_window + index.min(place.windows - 1))
    }

    /// Whether a moment of the run lies in a measured stage.
    #[must_use]
    pub fn is_measured(&self, moment: Duration) -> bool {
        self.stages.iter().any(|stage| stage.windows > 0 && (stage.begins..stage.ends).contains(&moment))
    }

    /// Number of windows that have wholly passed at a moment of the run: all below it are over.
    #[must_use]
    pub fn passed(&self, moment: Duration) -> usize {
        let whole = |stage: &StagePlace| moment.saturating_sub(stage.begins).as_nanos() / self.window.as_nanos();
        self.count(|stage| if moment >= stage.ends { u128::MAX } else { whole(stage) })
    }

    /// Number of windows that have begun at a moment of the run.
    #[must_use]
    pub fn begun(&self, moment: Duration) -> usize {
        self.count(|stage| moment.saturating_sub(stage.begins).as_nanos().div_ceil(self.window.as_nanos()))
    }

    fn count(&self, windows_of: impl Fn(&StagePlace) -> u128) -> usize {
        self.stages.iter().map(|stage| usize::try_from(windows_of(stage)).unwrap_or(usize::MAX).min(stage.windows)).sum()
    }

    /// The stage a window belongs to.
    #[must_use]
    pub fn stage_of_window(&self, window: usize) -> usize {
        self.stages.iter().rposition(|stage| stage.windows > 0 && stage.first_window <= window).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A warm-up of 2 s, then 2.5 s and 1 s measured in windows of 1 s.
    fn timeline() -> Timeline {
        let place = |begins: f64, ends: f64, first_window, windows| StagePlace {
            begins: Duration::from_secs_f64(begins),
            ends: Duration::from_secs_f64(ends),
            first_window,
            windows,
        };
        let stages = vec![place(0.0, 2.0, 0, 0), place(2.0, 4.5, 0, 3), place(4.5, 5.5, 3, 1)];
        Timeline { window: Duration::from_secs(1), stages }
    }

    #[test]
    fn a_moment_of_a_measured_stage_has_a_window_and_one_of_a_warm_up_has_none() {
        let at = |stage, seconds| timeline().window_of(stage, Duration::from_secs_f64(seconds));
        assert_eq!(at(0, 1.0), None);
        assert_eq!((at(1, 2.0), at(1, 3.999), at(1, 4.2)), (Some(0), Some(1), Some(2)));
        assert_eq!(at(2, 4.5), Some(3));
    }

    #[test]
    fn a_step_due_after_its_stage_counts_to_the_last_window_of_it() {
        assert_eq!(timeline().window_of(1, Duration::from_secs(60)), Some(2));
    }

    #[test]
    fn windows_pass_one_by_one_and_the_short_one_with_its_stage() {
        let passed = |seconds| timeline().passed(Duration::from_secs_f64(seconds));
        assert_eq!([1.0, 2.9, 3.0, 4.4, 4.5, 5.4, 5.5].map(passed), [0, 0, 1, 2, 3, 3, 4]);
        let begun = |seconds| timeline().begun(Duration::from_secs_f64(seconds));
        assert_eq!([1.0, 2.9, 3.0, 4.4, 9.0].map(begun), [0, 1, 1, 3, 4]);
    }

    #[test]
    fn a_window_knows_its_stage() {
        assert_eq!([0, 2, 3].map(|window| timeline().stage_of_window(window)), [1, 1, 2]);
    }
}
