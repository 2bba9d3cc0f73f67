//! A/B: one run of the engine that plays both versions at the same time, and the two records of it.

use super::{
    Failure,
    recording::{self, Played, filled, play},
    replicates::{Made, Turn},
};
use crate::{
    engine::Ending,
    plan::{Replicate, Resolved},
    record::{AbPart, PlanFacts, Provenance, RunRecord, Side, Window, WindowPlace},
};

/// For a run of two versions: plays both at the same time and fills a record of each. Services that never get ready make two
/// aborted records that say so.
///
/// # Errors
/// The system refuses what the engine needs.
pub(super) fn beside(turn: &Turn<'_>) -> Result<Made, Failure> {
    beside_watched(turn, |_, _, _| None)
}

/// The same, and shows each complete window of both to `watch`, which may end the run.
///
/// # Errors
/// As [`beside`].
pub(super) fn beside_watched(
    turn: &Turn<'_>,
    watch: impl FnMut(Side, WindowPlace, &[Window]) -> Option<Ending>,
) -> Result<Made, Failure> {
    let Turn { resolved, replicate, talk, stop } = turn;
    let [candidate, baseline] = [Side::Candidate, Side::Baseline].map(|side| blank(resolved, *replicate, side));
    let mut unready = None;
    let (candidate, baseline) = match play(resolved, &resolved.plan, *talk, stop, watch)? {
        Played::Nothing(nothing) => {
            unready = nothing.unready;
            (nothing.record(candidate), nothing.record(baseline))
        }
        Played::Load(observed) => {
            let (of_candidate, of_baseline) = observed.apart();
            let of_baseline = of_baseline.ok_or_else(|| Failure::invalid("the engine has played one version only"))?;
            let fill = |record, observed| filled(record, observed, resolved);
            (fill(candidate, of_candidate), fill(baseline, of_baseline))
        }
    };
    Ok(Made { unready, ..Made::of(*replicate, candidate, Some(baseline)) })
}

/// The record of one version in a replicate that is still to be played.
pub(super) fn blank(resolved: &Resolved, replicate: Replicate, side: Side) -> RunRecord {
    let (plan, blank) = (&resolved.plan, recording::blank(resolved));
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (number, replicates) = (number(replicate.number_of_all()), number(replicate.before + replicate.of));
    let part = AbPart { side, replicate: number, replicates, look: None };
    let target = plan.targets[plan.target_of(side)].authority();
    let provenance = if side == Side::Baseline { of_baseline(&blank.provenance) } else { blank.provenance.clone() };
    RunRecord { plan: PlanFacts { target, ..blank.plan.clone() }, ab: Some(part), provenance, ..blank }
}

/// The commit and the pull request are those of the candidate; which code the baseline is, nobody has said.
fn of_baseline(provenance: &Provenance) -> Provenance {
    Provenance { commit: None, reference: None, pull_request: None, label: None, accepted: None, ..provenance.clone() }
}
