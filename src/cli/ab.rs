//! The gate of an A/B run: replicates are played until the verdict is sure or all of them are played; then it is reported.

use super::{
    Failure,
    gate::{Gated, reported},
    pair,
    replicates::{self, Made, Session},
};
use crate::{
    baseline::Store,
    compare::{Look, compare_ab, looks},
    plan::{Replicate, Resolved},
    record::{LearnedNoise, RunRecord, Side},
    verdict::{Reference, Verdict, decide_ab, sure},
};

/// Plays baseline and candidate beside one another and judges the candidate. What was learned of noise is read before any load is
/// sent.
///
/// # Errors
/// Learned noise is damaged, the report folder can't be written, or the system refuses what the engine needs.
pub(super) fn gate(session: &Session<'_>) -> Result<Gated, Failure> {
    let resolved = session.resolved;
    let learned = learned(session)?;
    let looks = looks_of(resolved);
    let made = replicates::play(session, pair::beside, |made| {
        let look = looks.iter().find(|look| look.used == made.len() && !look.is_last());
        Ok(look.is_some_and(|look| sure(&judge(made, *look, &learned, resolved)).is_some()))
    })?;
    replicates::save(&made, session.replication, session.report)?;
    // A run that was cut short is invalid, whatever it is looked at for.
    let look = looks.iter().find(|look| look.used == made.len()).or(looks.last());
    let look = look.copied().unwrap_or_else(|| Look::only(made.len(), resolved.policy.regression.alpha));
    let verdict = judge(&made, look, &learned, resolved);
    let (candidate, baseline) = replicates::apart(made);
    reported(verdict, &candidate, &baseline, resolved)
}

/// When the replicates are looked at; the last look is at their end.
fn looks_of(resolved: &Resolved) -> Vec<Look> {
    let (planned, alpha) = (resolved.replication.count, resolved.policy.regression.alpha);
    if resolved.replication.early_stop { looks(planned, alpha) } else { vec![Look::only(planned, alpha)] }
}

fn judge(made: &[Made], look: Look, learned: &LearnedNoise, resolved: &Resolved) -> Verdict {
    let (candidate, baseline): (Vec<RunRecord>, Vec<RunRecord>) = replicates::apart(made.to_vec());
    let comparison = compare_ab(&baseline, &candidate, &resolved.policy.regression, learned, look);
    decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), &resolved.policy)
}

/// What earlier comparisons like this one taught of noise.
fn learned(session: &Session<'_>) -> Result<LearnedNoise, Failure> {
    let (resolved, first) = (session.resolved, Replicate { number: 1, of: session.replication.count });
    let part = Resolved { plan: resolved.plan.part(session.replication, first), ..resolved.clone() };
    let blank = pair::blank(&part, first, Side::Candidate);
    Ok(Store::at(&resolved.baseline.dir).learned(&blank.suite, &blank.fingerprint().id)?)
}
