//! One reason for a verdict.

use super::VerdictKind;

/// What was found, and the verdict it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The best verdict that is possible with it.
    pub kind: VerdictKind,
    /// One sentence.
    pub reason: String,
}

impl Finding {
    pub(super) fn new(kind: VerdictKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

/// Whether a finding belongs to the reasons of a verdict. What was no measurement has nothing to say about the service, and what
/// failed for sure need not list what else could not be told.
pub(super) fn explains(verdict: VerdictKind, finding: VerdictKind) -> bool {
    match verdict {
        VerdictKind::Invalid => finding == VerdictKind::Invalid,
        VerdictKind::Fail => finding != VerdictKind::Inconclusive,
        VerdictKind::Pass | VerdictKind::Warn | VerdictKind::Inconclusive => true,
    }
}

/// Precedence: invalid > fail > inconclusive > warn > pass; smaller comes first.
pub(super) fn rank(kind: VerdictKind) -> u8 {
    match kind {
        VerdictKind::Invalid => 0,
        VerdictKind::Fail => 1,
        VerdictKind::Inconclusive => 2,
        VerdictKind::Warn => 3,
        VerdictKind::Pass => 4,
    }
}
