//! A/B: one run of the engine that plays both versions at the same time, and the two records of it.

use std::{fs, path::Path};

use super::{
    Failure,
    recording::{self, Played, Talk, filled, play},
};
use crate::{
    engine::Stop,
    plan::{Plan, Resolved},
    record::{self, AbPart, PlanFacts, Provenance, RunRecord, Side},
    report::RECORDS_FOLDER,
};

/// The two records of one replicate.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// The version that is judged.
    pub candidate: RunRecord,
    /// The version it is compared with.
    pub baseline: RunRecord,
}

/// Which replicate of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Replicate {
    /// From 1.
    pub number: u32,
    /// How many are planned.
    pub of: u32,
}

impl Replicate {
    /// The only one.
    pub(super) const ONLY: Self = Self { number: 1, of: 1 };
}

/// Plays both versions of the resolved plan at the same time and fills a record of each; `blank` is that of the candidate as
/// [`blank`](super::recording::blank) makes it. Services that never get ready make two aborted records that say so.
///
/// # Errors
/// The plan has no baseline, or the system refuses what the engine needs.
pub(super) fn make_pair(
    resolved: &Resolved,
    blank: &RunRecord,
    replicate: Replicate,
    talk: Talk,
    stop: &Stop,
) -> Result<Pair, Failure> {
    let plan = Plan { seed: seed_of(resolved.plan.seed, replicate), ..resolved.plan.clone() };
    let Some(place) = plan.baseline else {
        let hint = "say where the baseline is: target.baseline_url";
        return Err(Failure::usage("there is one version only, and A/B takes two").hint(hint));
    };
    let of_side = |side: Side| RunRecord {
        plan: PlanFacts {
            seed: plan.seed,
            target: plan.targets[if side == Side::Baseline { place } else { 0 }].authority(),
            stages: plan.stage_facts(),
            ..blank.plan.clone()
        },
        ab: Some(AbPart { side, replicate: replicate.number, replicates: replicate.of }),
        ..blank.clone()
    };
    let candidate = of_side(Side::Candidate);
    let baseline = RunRecord { provenance: of_baseline(&blank.provenance), ..of_side(Side::Baseline) };
    match play(resolved, &plan, talk, stop)? {
        Played::Nothing(ended, because) => {
            let end = |record| RunRecord { ended, ended_because: Some(because.clone()), ..record };
            Ok(Pair { candidate: end(candidate), baseline: end(baseline) })
        }
        Played::Load(observed) => {
            let (of_candidate, of_baseline) = observed.apart();
            let of_baseline = of_baseline.ok_or_else(|| Failure::invalid("the engine has played one version only"))?;
            let fill = |record, observed| filled(record, observed, &resolved.secrets);
            Ok(Pair { candidate: fill(candidate, of_candidate), baseline: fill(baseline, of_baseline) })
        }
    }
}

/// Equal seeds would toss the coin alike in every replicate.
fn seed_of(seed: u64, replicate: Replicate) -> u64 {
    seed.wrapping_add(u64::from(replicate.number.saturating_sub(1)) << 32)
}

/// The commit and the pull request are those of the candidate; which code the baseline is, nobody has said.
fn of_baseline(provenance: &Provenance) -> Provenance {
    Provenance { commit: None, reference: None, pull_request: None, ..provenance.clone() }
}

/// Writes the records of all replicates, and removes the files of an earlier report.
///
/// # Errors
/// The folder can't be written.
pub(super) fn save(pairs: &[Pair], folder: &Path) -> Result<(), Failure> {
    recording::clear(folder)?;
    let records = folder.join(RECORDS_FOLDER);
    let cannot = |error| Failure::invalid(format!("{}: {error}", records.display()));
    fs::create_dir_all(&records).map_err(cannot)?;
    for record in pairs.iter().flat_map(|pair| [&pair.candidate, &pair.baseline]) {
        record::file::write(record, &records.join(file_name(record))).map_err(Failure::invalid)?;
    }
    Ok(())
}

/// `candidate-1.json.gz`.
fn file_name(record: &RunRecord) -> String {
    let part = record.ab.unwrap_or(AbPart { side: Side::Candidate, replicate: 1, replicates: 1 });
    format!("{}-{}.json.gz", part.side, part.replicate)
}
