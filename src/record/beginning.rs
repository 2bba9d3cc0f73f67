//! The beginning of a run: what a look before its end is made at.

use super::{PlanFacts, RunRecord};

impl PlanFacts {
    /// How many windows of each stage belong to the first blocks of the measured time. The last block of a stage takes the rest of it, as
    /// the statistics have it.
    #[must_use]
    pub fn windows_of_blocks(&self, blocks: usize, block_us: u64) -> Vec<usize> {
        let (mut left, window_us, block_us) = (blocks, self.window_us.max(1), block_us.max(1));
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let windows = self.stages.iter().map(|stage| {
            let (all, whole) = (number(stage.duration_us.div_ceil(window_us)), number(stage.duration_us / block_us));
            if !stage.measured || left == 0 {
                return 0;
            }
            let taken = left.min(whole);
            left -= taken;
            if taken == whole { all } else { number(taken as u64 * block_us / window_us) }
        });
        windows.collect()
    }
}

impl RunRecord {
    /// The run as if it had been planned to end after so many windows of each stage: those behind them are left out, and stages without
    /// any are not measured. Figures of the whole run (arrivals, the generator) stay as they are.
    #[must_use]
    pub fn beginning(&self, windows: &[usize]) -> Self {
        let mut run = self.clone();
        for (index, (stage, &count)) in
            run.plan.stages.iter_mut().zip(windows).enumerate().filter(|(_, (stage, _))| stage.measured)
        {
            stage.measured = count > 0;
            stage.duration_us = stage.duration_us.min(count as u64 * self.plan.window_us);
            stage.played_us = stage.duration_us;
            for endpoint in &mut run.endpoints {
                endpoint.stages.get_mut(index).into_iter().for_each(|kept| kept.truncate(count));
            }
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture;

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
}
