//! Whether records come from sources that can be held against one another.

use super::Failure;
use crate::{
    import,
    record::RunRecord,
    units::{self, PerSecond},
};

/// Rates that differ by more than this share are another load.
const RATE_TOLERANCE: f64 = 0.1;

/// Refuses to compare results of another load tool with runs of loadgate: their latencies count from other moments.
pub(super) fn check(baseline: &[RunRecord], candidate: &[RunRecord]) -> Result<(), Failure> {
    let of = |imported: bool| baseline.iter().chain(candidate).find(|run| run.provenance.imported.is_some() == imported);
    let (Some(foreign), Some(own)) = (of(true), of(false)) else { return Ok(()) };
    let message =
        format!("a record {} can't be compared with one that loadgate measured ({})", foreign.origin(), own.plan.target);
    Err(Failure::usage(message)
        .hint("latencies of two tools count from different moments: import both sides, or measure both with loadgate"))
}

/// What an imported plan can't tell, because there is none: that both sides were under the same load.
pub(super) fn caution(baseline: &[RunRecord], candidate: &[RunRecord]) -> Option<String> {
    let imported = |runs: &[RunRecord]| runs.iter().any(|run| run.provenance.imported.is_some());
    let (before, after) = (rate(baseline)?, rate(candidate)?);
    let differ = (after / before - 1.0).abs() > RATE_TOLERANCE;
    (imported(candidate) && differ).then(|| {
        format!(
            "the candidate was under {} and the baseline under {} ({}): latencies of different loads differ by themselves",
            PerSecond(after),
            PerSecond(before),
            units::signed_percent(after / before - 1.0)
        )
    })
}

/// Lays imported runs that were made side by side over one another, pair by pair. Returns what was left out for that, in words.
pub(super) fn align(baseline: &mut [RunRecord], candidate: &mut [RunRecord]) -> Result<Vec<String>, Failure> {
    let mut cautions = Vec::new();
    for (number, (baseline, candidate)) in (1..).zip(baseline.iter_mut().zip(candidate)) {
        let left_out = import::align(baseline, candidate).map_err(|error| {
            Failure::usage(format!("pair {number} ({}, {}): {error}", baseline.origin(), candidate.origin()))
                .hint("give pairs of runs made side by side, with times of one clock; others belong to --mode baseline")
        })?;
        if !left_out.is_zero() {
            let length = units::duration(left_out);
            cautions.push(format!("pair {number}: {length} that only one of the versions was played in are left out"));
        }
    }
    Ok(cautions)
}

/// Whether pairs that are to be replicates are runs of one pair each. Processes that lived on from one to the next show nothing of how
/// much fresh ones differ, and nothing says that these did not.
pub(super) fn lone_pairs(candidate: &[RunRecord]) -> Option<String> {
    let is_lone = |run: &RunRecord| run.ab.is_some_and(|part| part.replicates == 1);
    let count = candidate.len();
    (count > 1 && candidate.iter().any(is_lone))
        .then(|| format!("these are {count} runs of one pair each, and nothing says that their processes were fresh"))
}

/// Requests over time of all runs together.
fn rate(runs: &[RunRecord]) -> Option<f64> {
    let seconds: f64 = runs.iter().map(RunRecord::measured_seconds).sum();
    let windows = runs.iter().flat_map(|run| &run.endpoints).flat_map(|series| series.windows());
    let requests: u64 = windows.map(|window| window.requests).sum();
    (seconds > 0.0 && requests > 0).then(|| requests as f64 / seconds)
}
