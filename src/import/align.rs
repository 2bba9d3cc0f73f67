//! Pairs of imported runs: both versions in the same windows, as block is held against block.

use std::{ops::Range, time::Duration};

use crate::record::{RunRecord, StageFacts};

/// Where the runs of a pair begin or end so many windows apart, a request of the other was only late or rare there.
const SAME_EDGE: u64 = 1;

/// The runs of a pair have no time in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the two runs were not made at the same time")]
pub struct Apart;

/// Gives two imported runs that were made side by side the same windows in each stage. Files tell when requests came, not when
/// a run began: where one run begins or ends one window further out, the other gets an empty window there. What lies
/// further out was played by one version alone and is left out; its length is returned. Other runs stay as they are.
///
/// # Errors
/// A stage of theirs has no time in common.
pub fn align(baseline: &mut RunRecord, candidate: &mut RunRecord) -> Result<Duration, Apart> {
    let (Some(before), Some(after)) = (stages(baseline), stages(candidate)) else { return Ok(Duration::ZERO) };
    let window_us = baseline.plan.window_us;
    if window_us == 0 || window_us != candidate.plan.window_us || before.len() != after.len() {
        return Ok(Duration::ZERO);
    }
    let mut left_out = 0;
    for (ours, theirs) in before.iter().zip(&after) {
        let common = common(&ours.windows, &theirs.windows).ok_or(Apart)?;
        left_out += move_to(baseline, ours, &common) + move_to(candidate, theirs, &common);
    }
    Ok(Duration::from_micros(left_out * window_us))
}

/// A measured stage and its windows, counted since time 0 of the files' clock.
struct Place {
    index: usize,
    windows: Range<u64>,
}

/// `None` for a run that was not imported.
fn stages(run: &RunRecord) -> Option<Vec<Place>> {
    let began_us = run.provenance.imported.as_ref()?.began_us;
    let window_us = run.plan.window_us.max(1);
    let place = |(index, stage): (usize, &StageFacts)| {
        let first = began_us.saturating_add(stage.began_us) / window_us;
        Place { index, windows: first..first + stage.duration_us / window_us }
    };
    Some(run.plan.stages.iter().enumerate().filter(|(_, stage)| stage.measured).map(place).collect())
}

/// The windows both are held against one another in.
fn common(a: &Range<u64>, b: &Range<u64>) -> Option<Range<u64>> {
    let same = |a: u64, b: u64| a.abs_diff(b) <= SAME_EDGE;
    let start = if same(a.start, b.start) { a.start.min(b.start) } else { a.start.max(b.start) };
    let end = if same(a.end, b.end) { a.end.max(b.end) } else { a.end.min(b.end) };
    let overlap = a.start.max(b.start) < a.end.min(b.end);
    overlap.then_some(start..end)
}

/// Gives a stage other windows; returns how many of its own are left out.
fn move_to(run: &mut RunRecord, place: &Place, windows: &Range<u64>) -> u64 {
    let own = &place.windows;
    let before = usize::try_from(windows.start.saturating_sub(own.start)).unwrap_or(usize::MAX);
    let missing = usize::try_from(own.start.saturating_sub(windows.start)).unwrap_or(0);
    let length = usize::try_from(windows.end - windows.start).unwrap_or(0);
    for series in &mut run.endpoints {
        if let Some(all) = series.stages.get_mut(place.index) {
            all.drain(..before.min(all.len()));
            all.splice(..0, std::iter::repeat_with(Default::default).take(missing));
            all.resize(length, Default::default());
        }
    }
    let (window_us, stage) = (run.plan.window_us, &mut run.plan.stages[place.index]);
    stage.duration_us = length as u64 * window_us;
    stage.played_us = stage.duration_us;
    windows.start.saturating_sub(own.start) + own.end.saturating_sub(windows.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_one_window_further_out_counts_and_more_is_left_out() {
        assert_eq!(common(&(12..32), &(13..33)), Some(12..33));
        assert_eq!(common(&(12..32), &(14..30)), Some(14..30));
        assert_eq!(common(&(0..20), &(1..25)), Some(0..20));
        assert_eq!(common(&(0..20), &(20..40)), None);
        assert_eq!(common(&(0..1), &(0..1)), Some(0..1));
    }
}
