//! Failures that no window counts: of steps that are not measured, and of what users do before they are.

use serde::{Deserialize, Serialize};

use super::ErrorClass;

/// A part of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Once, before a user's first iteration.
    Setup,
    /// Each iteration.
    Steps,
    /// Once, at the end of the run.
    Teardown,
}

impl Part {
    /// The name in configurations and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Steps => "steps",
            Self::Teardown => "teardown",
        }
    }
}

/// Failures of one class of one step that no window counts, warm-up included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmeasuredFailures {
    /// The scenario the step was played in.
    pub scenario: String,
    /// The part of it.
    pub part: Part,
    /// Metric name of the step.
    pub endpoint: String,
    /// How it failed.
    pub class: ErrorClass,
    /// How often.
    pub count: u64,
}
