//! The verdict and everything it rests on.

use std::fmt;

use super::SetAside;
use crate::{compare::Comparison, exit::Exit, policy::Threshold, record::Acceptance};

/// What the gate says of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerdictKind {
    /// All promises hold, and the comparison would have seen a change that matters.
    Pass,
    /// Green, with something a reviewer should read.
    Warn,
    /// A promise is broken or a regression was found.
    Fail,
    /// The run cannot tell.
    Inconclusive,
    /// The run is not a measurement of the service.
    Invalid,
}

impl VerdictKind {
    /// The name in files and outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the candidate was held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// Comparable baselines.
    Compared(Box<Comparison>),
    /// No baseline of this suite is stored yet.
    NoBaseline,
    /// Baselines are stored, but none was made under the same conditions; what differs, in words.
    Mismatch(Vec<String>),
}

/// The verdict of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// In a word.
    pub kind: VerdictKind,
    /// How the process ends.
    pub exit: Exit,
    /// In a sentence: the worst finding first.
    pub headline: String,
    /// Everything that made it so, worst first, each a sentence.
    pub reasons: Vec<String>,
    /// Each threshold with what was measured.
    pub thresholds: Vec<ThresholdResult>,
    /// Each check of the run itself.
    pub validity: Vec<ValidityCheck>,
    /// Replicates that were left out or played again because of the generator.
    pub set_aside: Vec<SetAside>,
    /// That people said of its regression that it is meant to be.
    pub accepted: Option<Acceptance>,
    /// What the candidate was held against.
    pub reference: Reference,
}

impl Verdict {
    /// What was found against the baseline, where there was one.
    #[must_use]
    pub fn comparison(&self) -> Option<&Comparison> {
        match &self.reference {
            Reference::Compared(comparison) => Some(comparison),
            Reference::NoBaseline | Reference::Mismatch(_) => None,
        }
    }
}

/// A threshold and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdResult {
    /// The promise.
    pub threshold: Threshold,
    /// What was measured, in the metric's unit.
    pub actual: Option<f64>,
    /// Whether it holds.
    pub outcome: ThresholdOutcome,
    /// One sentence.
    pub reason: String,
}

/// Whether a threshold holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdOutcome {
    /// It holds.
    Pass,
    /// It is broken, and only a warning.
    Warn,
    /// It is broken.
    Fail,
    /// There is nothing to judge it by. Never a pass.
    NoData,
}

impl ThresholdOutcome {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::NoData => "no_data",
        }
    }
}

/// Names of all checks of a run, as files have them: of the candidate, then of a baseline that was played beside it.
pub const CHECKS: [&str; 12] = [
    "complete",
    "target_reachable",
    "samples",
    "circuit_breaker",
    "achieved_rate",
    "generator_late",
    "generator_saturated",
    "open_files",
    "baseline_reachable",
    "baseline_answers",
    "baseline_circuit_breaker",
    "baseline_achieved_rate",
];

/// A check of the run itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidityCheck {
    /// Its name, one of [`CHECKS`].
    pub check: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was measured, in the check's own unit.
    pub value: Option<f64>,
    /// One sentence with the figures.
    pub reason: String,
}
