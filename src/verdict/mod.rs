//! Comparison x Policy -> Verdict with reasons. Pure, cannot fail.
//!
//! Each part (`validity`, `thresholds`, `regression`) gives findings: what kind of verdict it asks for and why. The worst
//! kind wins; the findings that explain it are kept as reasons.

mod abort;
mod acceptance;
mod beside_candidate;
mod breaker;
mod confirm;
mod creep;
mod decision;
mod early;
mod finding;
mod headline;
mod regression;
mod remarks;
mod set_aside;
mod span;
mod thresholds;
mod unmeasured;
mod unreached;
mod validity;

pub use abort::AbortWatch;
pub use acceptance::{accepted, is_acceptable, not_accepted};
pub use confirm::{is_suspected, spoiled};
pub use creep::{CREEP, crept};
pub use decision::{CHECKS, Reference, ThresholdOutcome, ThresholdResult, ValidityCheck, Verdict, VerdictKind};
pub use early::is_sure;
pub use remarks::remarks;
pub use set_aside::{SetAside, enough_left, generator_fault, with_set_aside};
pub use unmeasured::why_nothing_was_asked;

use self::finding::Finding;
use crate::{
    exit::Exit,
    policy::{Policy, Response},
    record::{Ended, RunRecord},
};

/// Judges the candidate's runs: are they a measurement, do they keep the thresholds, how do they compare.
#[must_use]
pub fn decide(candidate: &[RunRecord], reference: Reference, policy: &Policy) -> Verdict {
    judge(candidate, &[], reference, policy)
}

/// The same where the baseline was played beside the candidate: its runs must be a measurement, too. All promises but the relative
/// ones are the candidate's.
#[must_use]
pub fn decide_ab(candidate: &[RunRecord], baseline: &[RunRecord], reference: Reference, policy: &Policy) -> Verdict {
    judge(candidate, baseline, reference, policy)
}

fn judge(candidate: &[RunRecord], beside: &[RunRecord], reference: Reference, policy: &Policy) -> Verdict {
    let mut validity = validity::checks(candidate, &reference, policy);
    validity.extend(beside_candidate::checks(beside, policy));
    let thresholds = thresholds::judge(candidate, &policy.thresholds);
    let mut of_target = thresholds::findings(&thresholds, candidate);
    of_target.extend(regression::findings(&reference, &policy.regression));
    let has_failed = of_target.iter().any(|finding| finding.kind == VerdictKind::Fail);
    let excused = if has_failed { validity::excused(candidate, &reference, policy) } else { Vec::new() };
    if excused.contains(&validity::SAMPLES) {
        // The same of promises about what was not reached.
        of_target.retain(|finding| finding.kind != VerdictKind::Invalid);
    }
    let mut findings: Vec<Finding> = validity::findings(&validity, &excused);
    findings.extend(validity::failed_besides(&validity, candidate));
    findings.extend(of_target);
    findings.extend(remarks::findings(candidate));
    findings.extend(beside_candidate::remarks(beside));
    // Stable: within a kind, what was found about the run comes before the thresholds and those before the comparison.
    findings.sort_by_key(|finding| finding::rank(finding.kind));

    let kind = findings.first().map_or(VerdictKind::Pass, |finding| finding.kind);
    findings.retain(|finding| finding::explains(kind, finding.kind));
    let interrupted = candidate.iter().any(|run| run.ended == Ended::Interrupted);
    Verdict {
        kind,
        exit: exit(kind, interrupted, policy.regression.on.inconclusive),
        headline: headline::of(kind, &findings, &validity, &thresholds, &reference),
        reasons: findings.into_iter().map(|finding| finding.reason).collect(),
        thresholds,
        validity,
        set_aside: Vec::new(),
        accepted: None,
        reference,
    }
}

/// A verdict in one sentence, made of the figures it rests on; `reasons`, worst first, are asked where no figure tells.
#[must_use]
pub fn headline(
    kind: VerdictKind,
    reasons: &[String],
    checks: &[ValidityCheck],
    thresholds: &[ThresholdResult],
    reference: &Reference,
) -> String {
    let findings: Vec<Finding> = reasons.iter().map(|reason| Finding::new(kind, reason)).collect();
    headline::of(kind, &findings, checks, thresholds, reference)
}

/// The verdict that counts most, by precedence: invalid > fail > inconclusive > warn > pass; the first of equal ones.
#[must_use]
pub fn worst<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Option<&'a Verdict> {
    verdicts.into_iter().min_by_key(|verdict| finding::rank(verdict.kind))
}

fn exit(kind: VerdictKind, interrupted: bool, inconclusive: Response) -> Exit {
    match kind {
        VerdictKind::Pass | VerdictKind::Warn => Exit::Ok,
        VerdictKind::Fail => Exit::Failed,
        VerdictKind::Invalid if interrupted => Exit::Interrupted,
        VerdictKind::Invalid => Exit::Invalid,
        VerdictKind::Inconclusive => match inconclusive {
            Response::Pass | Response::Warn => Exit::Ok,
            Response::Fail => Exit::Inconclusive,
        },
    }
}

#[cfg(test)]
mod tests;
