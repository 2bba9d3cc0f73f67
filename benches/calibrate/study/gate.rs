//! What the gate says of a case.

use loadgate::{
    compare::{Comparison, Outcome, SERVICE},
    policy::Severity,
    verdict::{Verdict, VerdictKind},
};

use super::service::Change;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The verdict of the gate.
    pub verdict: VerdictKind,
    /// Something regressed beyond its tolerance: on A/A a false alarm.
    pub failed: bool,
    /// The change was found where it is, as a failure or as a warning.
    pub found: bool,
    /// Replicates that were played for it; less than one where a single pair ended early.
    pub replicates: f64,
    /// A slow beginning was taken for a warm-up and left out.
    pub cut: bool,
    /// The smallest change (p50) that would have been seen, as fractions: of the endpoint that changes, of the whole service.
    pub smallest: [Option<f64>; 2],
}

impl Judged {
    /// What a verdict after so many replicates says under that change.
    pub(super) fn of(verdict: &Verdict, replicates: f64, change: Change) -> Self {
        let comparison = verdict.comparison().expect("a case is always compared");
        let at_place = |endpoint: &str| endpoint == change.place();
        Self {
            verdict: verdict.kind,
            failed: comparison.rows.iter().any(|row| row.level == Some(Severity::Fail)),
            found: comparison.rows.iter().any(|row| row.outcome == Outcome::Regressed && at_place(&row.endpoint)),
            replicates,
            cut: comparison.warm_up.left_out_us > 0,
            smallest: smallest_seen(comparison),
        }
    }
}

fn smallest_seen(comparison: &Comparison) -> [Option<f64>; 2] {
    [Change::One(0.0).place(), SERVICE].map(|endpoint| {
        let row = comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric.to_string() == "p50");
        row.and_then(|row| row.mde)
    })
}
