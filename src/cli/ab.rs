//! The gate of an A/B run: its pairs of records are saved, judged and reported.

use super::{
    Failure,
    gate::Gated,
    pair::{self, Pair},
    recording,
    report::formats,
};
use crate::{
    compare::compare,
    plan::Resolved,
    policy::Policy,
    record::RunRecord,
    report,
    verdict::{Reference, Verdict, decide_ab},
};

/// Saves the pairs of all replicates that were played, and leaves verdict and reports in the report folder.
///
/// # Errors
/// The report folder can't be written.
pub(super) fn judge_and_report(pairs: &[Pair], resolved: &Resolved) -> Result<Gated, Failure> {
    let folder = &resolved.report.dir;
    pair::save(pairs, folder)?;
    let (candidate, baseline): (Vec<RunRecord>, Vec<RunRecord>) =
        pairs.iter().map(|pair| (pair.candidate.clone(), pair.baseline.clone())).unzip();
    let verdict = judge_ab(&baseline, &candidate, &resolved.policy);
    let view = report::View::new(&verdict, &candidate, &baseline);
    report::write(&view, &formats(&resolved.report.formats), folder).map_err(recording::not_reported)?;
    Ok(Gated { console: report::console(&view), verdict })
}

/// Judges the candidate's records against those of the baseline, paired in their order: one pair per replicate.
pub(super) fn judge_ab(baseline: &[RunRecord], candidate: &[RunRecord], policy: &Policy) -> Verdict {
    let comparison = compare(baseline, candidate, &policy.regression);
    decide_ab(candidate, baseline, Reference::Compared(Box::new(comparison)), policy)
}
