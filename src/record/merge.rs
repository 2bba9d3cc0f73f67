//! Putting windows and records together: exact, because histograms add.

use super::{Encoded, EndpointSeries, RunRecord, Totals, Window};

impl From<&Totals> for Window {
    fn from(total: &Totals) -> Self {
        Self {
            requests: total.requests,
            dropped: total.dropped,
            errors: total.errors.clone(),
            retries: total.retries,
            retried: total.retried,
            connections: total.connections,
            messages: total.messages,
            connected_us: total.connected_us,
            bytes: total.bytes,
            phases: total.phases,
            response: Encoded::from(&total.response),
            service: Encoded::from(&total.service),
            failed: Encoded::from(&total.failed),
        }
    }
}

impl From<&Window> for Totals {
    fn from(window: &Window) -> Self {
        Self {
            requests: window.requests,
            dropped: window.dropped,
            errors: window.errors.clone(),
            retries: window.retries,
            retried: window.retried,
            connections: window.connections,
            messages: window.messages,
            connected_us: window.connected_us,
            bytes: window.bytes,
            phases: window.phases,
            response: window.response.decode(),
            service: window.service.decode(),
            failed: window.failed.decode(),
        }
    }
}

impl RunRecord {
    /// The same record in longer windows of `block_us`, so that a promoted baseline stays small.
    ///
    /// A block that is no whole number of windows is rounded down to one; a last part-block joins the block before it, as
    /// the statistics would do. How late requests of each window were sent is left out: it helps to find what made a moment slow,
    /// and nobody looks for that in a baseline.
    #[must_use]
    pub fn coarsened(&self, block_us: u64) -> Self {
        let per_block = usize::try_from(block_us / self.plan.window_us.max(1)).unwrap_or(1).max(1);
        let mut coarse = self.clone();
        coarse.plan.window_us = self.plan.window_us * per_block as u64;
        coarse.generator.late_by_window.clear();
        for endpoint in &mut coarse.endpoints {
            for (windows, stage) in endpoint.stages.iter_mut().zip(&self.plan.stages) {
                let blocks = stage.blocks(coarse.plan.window_us);
                *windows = blocks_of(windows, per_block, blocks).map(|block| Window::from(&Totals::of(block))).collect();
            }
        }
        coarse
    }
}

impl EndpointSeries {
    /// The windows of one stage put together into `blocks` blocks of `per_block` windows; the last one takes the rest.
    pub fn blocks(&self, stage: usize, per_block: usize, blocks: usize) -> impl Iterator<Item = &[Window]> {
        blocks_of(self.stages.get(stage).map_or(&[], Vec::as_slice), per_block, blocks)
    }
}

fn blocks_of(windows: &[Window], per_block: usize, blocks: usize) -> impl Iterator<Item = &[Window]> {
    let blocks = if windows.is_empty() { 0 } else { blocks };
    (0..blocks).map(move |block| {
        let begin = (block * per_block).min(windows.len());
        let end = if block + 1 == blocks { windows.len() } else { (begin + per_block).min(windows.len()) };
        &windows[begin..end]
    })
}
