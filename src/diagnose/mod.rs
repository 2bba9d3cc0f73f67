//! Where to look when something failed: what happened when, what it reaches, and what to try. Pure: figures of records and a verdict in,
//! figures out; the reports put them into words.

mod blast;
mod checklist;
mod chronicle;
mod correlation;
pub mod notes;
mod shell;
mod suspect;

pub use blast::{Affected, Blast, Breaker, Dependency, Failing, Reach};
pub use checklist::{Task, script};
pub use chronicle::{Chronicle, Event, Series, Unit};
pub use correlation::Link;
pub use shell::{PORT, word as shell_word};

use crate::{
    compare::Outcome,
    record::RunRecord,
    verdict::{ThresholdOutcome, Verdict, VerdictKind},
};

/// All that helps to find a cause.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What happened when; `None` where nothing was measured.
    pub chronicle: Option<Chronicle>,
    /// What is affected, and how much.
    pub blast: Blast,
    /// What to try, the worst first.
    pub tasks: Vec<Task>,
}

/// What there is to say of a candidate that failed; `None` when nothing did.
#[must_use]
pub fn diagnose(verdict: &Verdict, candidate: &[RunRecord]) -> Option<Diagnosis> {
    let regressed = verdict.comparison().is_some_and(|of| of.rows.iter().any(|row| row.outcome == Outcome::Regressed));
    let broken = verdict.thresholds.iter().any(|of| matches!(of.outcome, ThresholdOutcome::Fail | ThresholdOutcome::Warn));
    let failed = matches!(verdict.kind, VerdictKind::Fail | VerdictKind::Invalid);
    if candidate.is_empty() || !(regressed || broken || failed) {
        return None;
    }
    let blast = Blast::of(verdict, candidate);
    let tasks = checklist::of(verdict, candidate, &blast);
    Some(Diagnosis { chronicle: Chronicle::of(candidate), blast, tasks })
}
