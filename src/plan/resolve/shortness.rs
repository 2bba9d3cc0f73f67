//! What a user should know whose measured time is too short for any latency to be compared.

use std::time::Duration;

use super::super::{Replication, Stage};
use crate::{
    policy::BLOCKS_MIN,
    units::{self, Micros},
};

/// The note, where it is too short. Replicates that share the measured time have a part of the blocks each, and two at least: a
/// single one has no spread.
pub(super) fn note(stages: &[Stage], block: Duration, replication: Replication) -> Option<String> {
    let parts = if replication.splits { u32::try_from(replication.count).unwrap_or(u32::MAX).max(1) } else { 1 };
    let measured = || stages.iter().filter(|stage| stage.measured);
    let of_part = |stage: &Stage| {
        let part = Stage { duration: stage.duration / parts, ..stage.clone() };
        part.facts().blocks(Micros::from_duration(block).0)
    };
    let blocks: usize = measured().map(of_part).sum();
    let needed = BLOCKS_MIN.div_ceil(parts as usize).max(2);
    let least = units::duration(block * u32::try_from(needed).unwrap_or(u32::MAX) * parts);
    let (in_parts, in_each) = if parts > 1 { (format!(" in {parts} replicates"), " in each") } else { (String::new(), "") };
    let (time, block) = (units::duration(measured().map(|stage| stage.duration).sum()), units::duration(block));
    (blocks < needed).then(|| {
        format!(
            "{time} of measured time{in_parts} is {blocks} blocks of {block}{in_each}; comparing latencies with a baseline takes at least \
             {needed}: make one stage {least} or longer, or set regression.block to a shorter time"
        )
    })
}
