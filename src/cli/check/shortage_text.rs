//! What a plan has too little of for a test, for people: a line for each metric that lacks it, with what would be enough.

use std::time::Duration;

use super::super::outlook::{Outlook, name};
use crate::{
    compare::{Few, Shortage, Size},
    policy::{Mode, Quantile},
    units,
};

/// The lines under what a gate will see.
pub(super) fn lines(outlook: &Outlook, block: Duration) -> Vec<String> {
    let expected = &outlook.expected;
    let blocks = expected.iter().find_map(|row| match row.shortage {
        Some(Shortage::Blocks(needed)) => Some(needed),
        _ => None,
    });
    if let Some(needed) = blocks {
        return vec![too_short(needed, block, &outlook.size)];
    }
    let mut quantiles: Vec<Quantile> = expected.iter().map(|row| row.quantile).collect();
    quantiles.sort_unstable();
    quantiles.dedup();
    let of = |quantile| {
        let few = |row: &crate::compare::Expected| match row.shortage {
            Some(Shortage::Requests(few)) if row.quantile == quantile => Some((name(&row.endpoint), few)),
            _ => None,
        };
        too_few(quantile, &expected.iter().filter_map(few).collect::<Vec<_>>(), &outlook.size)
    };
    quantiles.into_iter().filter_map(of).collect()
}

fn too_short(needed: usize, block: Duration, size: &Size) -> String {
    let length = block * u32::try_from(needed).unwrap_or(u32::MAX);
    format!(
        "  no latency can be compared: that takes {needed} blocks of {} in {}, and {} are planned; {} would be enough, or a shorter \
         regression.block",
        units::duration(block),
        unit(size),
        size.blocks,
        measured(length, size, None),
    )
}

/// `p99 can't surely be compared (health, search): ..`; the figures are those of the endpoint that lacks most.
fn too_few(quantile: Quantile, lacking: &[(String, Few)], size: &Size) -> Option<String> {
    let (worst, few) = lacking.iter().max_by(|a, b| a.1.longer.total_cmp(&b.1.longer))?;
    let names: Vec<&str> = lacking.iter().map(|(name, _)| name.as_str()).collect();
    let unit = if few.in_each_run { unit(size) } else { "all replicates of each version" };
    let (planned, fewest) = (few.planned.round(), few.fewest.floor());
    let is_chance = planned >= few.needed as f64;
    let (surely, chance) =
        if is_chance { (" surely", format!(", of which chance may leave {fewest}")) } else { ("", String::new()) };
    let enough = match size.measured_s * few.longer {
        seconds if seconds.is_finite() => {
            let length = Duration::from_secs(seconds.ceil() as u64);
            format!("{} would be", measured(length, size, Some((few.planned * few.longer).ceil())))
        }
        _ => "a higher rate would be".to_owned(),
    };
    let of = if lacking.len() > 1 { format!(" of {worst}") } else { String::new() };
    Some(format!(
        "  {quantile} can't{surely} be compared for {}: it needs {} successful requests in {unit}, and about {planned}{of} are \
         planned{chance}; {enough} safely enough",
        names.join(", "),
        few.needed
    ))
}

fn unit(size: &Size) -> &'static str {
    match (size.mode, size.runs) {
        (Mode::Ab, 0 | 1) => "the run of each version",
        (Mode::Ab, _) => "every replicate of each version",
        (Mode::Baseline, _) => "every run",
    }
}

/// The measured stages as they are written, where each run is to be so long: `measured stages of 2m30s (25s in each replicate)`.
fn measured(each: Duration, size: &Size, requests: Option<f64>) -> String {
    let runs = if size.mode == Mode::Ab { u32::try_from(size.runs).unwrap_or(u32::MAX).max(1) } else { 1 };
    let of_each = (runs > 1).then(|| format!("{} in each replicate", units::duration(each)));
    let more: Vec<String> = of_each.into_iter().chain(requests.map(|requests| format!("about {requests} requests"))).collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    format!("measured stages of {}{more}", units::duration(each * runs))
}
