//! What the gate says of a case.

use loadgate::{
    compare::{Comparison, Outcome, SERVICE},
    policy::{Policy, Severity},
    record::RunRecord,
    verdict::{Reference, VerdictKind, decide, decide_ab},
};

use super::service::Change;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The verdict of the gate.
    pub verdict: VerdictKind,
    /// Something regressed beyond its tolerance: on A/A a false alarm.
    pub failed: bool,
    /// The change was found where it is, as a failure or as a warning.
    pub found: bool,
}

/// Judges a finished comparison as the gate would.
pub(super) fn judge(comparison: Comparison, candidate: &[RunRecord], beside: Option<&[RunRecord]>, change: Change) -> Judged {
    let at_place = |endpoint: &str| endpoint == change.place();
    let failed = comparison.rows.iter().any(|row| row.level == Some(Severity::Fail));
    let found = comparison.rows.iter().any(|row| row.outcome == Outcome::Regressed && at_place(&row.endpoint));
    let (reference, policy) = (Reference::Compared(Box::new(comparison)), Policy::default());
    let verdict = match beside {
        Some(beside) => decide_ab(candidate, beside, reference, &policy),
        None => decide(candidate, reference, &policy),
    };
    Judged { verdict: verdict.kind, failed, found }
}

/// The smallest change of the endpoint that changes and of the whole service that would have been seen (p50), as fractions.
pub(super) fn smallest_seen(comparison: &Comparison) -> [Option<f64>; 2] {
    [Change::One(0.0).place(), SERVICE].map(|endpoint| {
        let row = comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric.to_string() == "p50");
        row.and_then(|row| row.mde)
    })
}
