//! Which part of an A/B run a record is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A version of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The version that is judged.
    #[default]
    Candidate,
    /// The version it is compared with.
    Baseline,
}

/// Where a record of an A/B run belongs. Both versions are played at the same time, arrival by arrival, by one generator: their
/// two records are of the same windows and tell the same of the generator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbPart {
    /// The version that was measured.
    pub side: Side,
    /// Number of the replicate, from 1.
    pub replicate: u32,
    /// How many were planned.
    pub replicates: u32,
    /// What a gate judged it by; `None` where nobody has judged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<LookFacts>,
}

/// At which look a gate judged records, so that they can be judged alike later: one that may end early must be surer at each look.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookFacts {
    /// Which time all was played, from 1: what looks like a regression may have to show again.
    pub round: u32,
    /// What was counted.
    pub part: LookPart,
    /// After how many of them it was made.
    pub used: u32,
    /// How many were planned.
    pub planned: u32,
    /// Share of `regression.alpha` that it spent.
    pub alpha_share: f64,
    /// Chance of a wrong "equivalent" that it spent.
    pub beta: f64,
    /// Earlier comparisons whose noise was counted in.
    pub learned_from: u32,
}

/// What a comparison was played in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookPart {
    /// Replicates.
    Replicate,
    /// The blocks of a single pair.
    Block,
}

impl Side {
    /// Place in lists that hold something of each version.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize
    }

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Baseline => "baseline",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
