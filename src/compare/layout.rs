//! How the windows of a run are put together to blocks, and which blocks belong to one stage.

use std::time::Duration;

use crate::{
    record::{EndpointSeries, RunRecord, StageFacts, Window},
    units,
};

/// The blocks of a run. Equal plans have equal layouts, whatever windows they were recorded in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// Windows that make one block.
    per_block: usize,
    /// Measured stages as (index, blocks), those of a single block last.
    stages: Vec<(usize, usize)>,
    /// Blocks left out at the beginning of the first one.
    left_out: usize,
    /// Consecutive blocks that share a mean. Single blocks have no spread of their own, so they are pooled.
    pub strata: Vec<usize>,
    /// Time of each block in seconds.
    pub seconds: Vec<f64>,
}

impl Layout {
    /// The layout of a run in blocks of that length, or why there is none.
    pub(super) fn of(run: &RunRecord, block: Duration) -> Result<Self, String> {
        let window_us = run.plan.window_us;
        let block_us = units::Micros::from_duration(block).0;
        if window_us == 0 || block_us == 0 || !block_us.is_multiple_of(window_us) {
            let window = units::duration(Duration::from_micros(window_us));
            return Err(format!(
                "its windows of {window} can't be put together to blocks of {}; store runs that were made with this regression.block",
                units::duration(block)
            ));
        }
        let per_block = usize::try_from(block_us / window_us).unwrap_or(usize::MAX);
        let blocks = |index: usize, stage: &StageFacts| {
            // A damaged duration must not make more blocks than there are windows to fill them.
            let recorded = run.endpoints.iter().filter_map(|series| series.stages.get(index)).map(Vec::len).max();
            stage.blocks(block_us).min(recorded.unwrap_or(0).div_ceil(per_block)).max(1)
        };
        let measured = run.plan.stages.iter().enumerate().filter(|(_, stage)| stage.measured);
        let (mut stages, single): (Vec<_>, Vec<_>) =
            measured.map(|(index, stage)| (index, blocks(index, stage))).partition(|&(_, blocks)| blocks > 1);
        let mut strata: Vec<usize> = stages.iter().map(|&(_, blocks)| blocks).collect();
        match (single.len(), strata.last_mut()) {
            (0, _) => {}
            (1, Some(last)) => *last += 1,
            (count, _) => strata.push(count),
        }
        stages.extend(single);
        let seconds = stages.iter().flat_map(|&(index, blocks)| {
            // The last block has what is left of the stage.
            let last_us = run.plan.stages[index].length_us().saturating_sub((blocks as u64 - 1) * block_us).max(1);
            (1..=blocks).map(move |block| if block == blocks { last_us } else { block_us } as f64 / 1e6)
        });
        Ok(Self { seconds: seconds.collect(), per_block, stages, left_out: 0, strata })
    }

    /// The same without so many blocks at the beginning of the first measured stage; at least one of it stays.
    pub(super) fn without(mut self, blocks: usize) -> Self {
        let Some((_, first)) = self.stages.first_mut().filter(|(_, first)| *first > blocks) else { return self };
        *first -= blocks;
        self.strata[0] -= blocks;
        self.seconds.drain(..blocks);
        self.left_out = blocks;
        self
    }

    /// Number of blocks.
    pub(super) fn blocks(&self) -> usize {
        self.strata.iter().sum()
    }

    /// The windows of each block, in the order of the strata; empty where nothing was recorded.
    pub(super) fn cut<'a>(&self, series: &'a EndpointSeries) -> Vec<&'a [Window]> {
        let mut cut = Vec::with_capacity(self.blocks());
        for (place, &(stage, blocks)) in self.stages.iter().enumerate() {
            let end = cut.len() + blocks;
            let left_out = if place == 0 { self.left_out } else { 0 };
            cut.extend(series.blocks(stage, self.per_block, left_out + blocks).skip(left_out));
            cut.resize(end, &[]);
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::fixture, record::Late};

    #[test]
    fn a_stage_shorter_than_a_block_is_one() {
        let run = fixture::run(&[3, 4, 9], &["/a"], &[]);
        let layout = Layout::of(&run, Duration::from_secs(5)).unwrap();
        assert_eq!(layout.blocks(), run.plan.stages.iter().map(|stage| stage.blocks(5_000_000)).sum::<usize>());
        assert_eq!(layout.blocks(), 3);
    }

    #[test]
    fn a_stage_that_was_over_before_its_time_has_the_blocks_it_was_played_for() {
        let mut run = fixture::run(&[23], &["/a"], &[]);
        run.plan.stages[0].duration_us = 600 * fixture::SECOND_US;
        let layout = Layout::of(&run, Duration::from_secs(5)).unwrap();
        assert_eq!(layout.seconds, [5.0, 5.0, 5.0, 8.0]);
    }

    #[test]
    fn a_beginning_ends_with_a_block_and_stages_behind_it_are_not_measured() {
        let second = |second: u64| fixture::Request { due_us: second * fixture::SECOND_US, endpoint: 0, outcome: Ok(1_000) };
        let requests: Vec<_> = (0..32).map(second).collect();
        let mut run = fixture::run(&[12, 20], &["/a"], &requests);
        let of = |run: &RunRecord, blocks| run.plan.windows_of_blocks(blocks, 5 * fixture::SECOND_US);
        assert_eq!([1, 2, 3, 6, 9].map(|blocks| of(&run, blocks)), [[5, 0], [12, 0], [12, 5], [12, 20], [12, 20]]);
        let beginning = run.beginning(&of(&run, 3));
        assert_eq!((beginning.total().requests, beginning.measured_seconds()), (17, 17.0));
        assert_eq!(
            (beginning.plan.stages[0].clone(), &beginning.endpoints[0].stages[0]),
            (run.plan.stages[0].clone(), &run.endpoints[0].stages[0])
        );
        let first = run.beginning(&of(&run, 1));
        assert_eq!((first.total().requests, first.plan.stages[1].measured), (5, false));
        run.plan.stages[0].measured = false;
        assert_eq!(of(&run, 2), [0, 10], "a warm-up has no blocks");
    }

    #[test]
    fn a_beginning_has_the_lateness_of_its_own_windows_and_a_baseline_has_none() {
        let mut run = fixture::run(&[12, 20], &["/a"], &[]);
        let late = |n: u64| Late { sent: n, sum_us: 50 * n, max_us: 90, over_1ms: 0 };
        run.generator.late_by_window = vec![(0..12).map(late).collect(), (12..32).map(late).collect()];
        let beginning = run.beginning(&[12, 5]).generator.late_by_window;
        assert_eq!(beginning, [(0..12).map(late).collect::<Vec<_>>(), (12..17).map(late).collect()]);
        assert_eq!(run.coarsened(5 * fixture::SECOND_US).generator.late_by_window, Vec::<Vec<Late>>::new());
    }
}
