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
    /// any are not measured. Figures of the whole run (arrivals, the generator but for its windows) stay as they are.
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
            run.generator.late_by_window.get_mut(index).into_iter().for_each(|kept| kept.truncate(count));
        }
        run
    }
}
