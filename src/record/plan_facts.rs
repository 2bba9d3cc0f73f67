//! What a run set out to do, as plain facts.

use serde::{Deserialize, Serialize};

/// The plan of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanFacts {
    /// Hash over scenarios, their weights and requests (headers and bodies by hash): equal plans send equal requests.
    pub scenario_hash: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Generator threads.
    pub threads: u32,
    /// Length of a window.
    pub window_us: u64,
    /// Length of the blocks the run is to be compared in (`regression.block`); a stored baseline keeps no finer windows.
    #[serde(default = "block_us_default")]
    pub block_us: u64,
    /// Host and port of the target, for people.
    pub target: String,
    /// Stages in the order they were played.
    pub stages: Vec<StageFacts>,
    /// What is sent to each endpoint, for sending it again by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<super::StepFacts>,
}

/// One stage of the plan and how far it was played.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageFacts {
    /// Name from the configuration, else `stage-1`, ..
    pub name: String,
    /// Shape as text, equal for equal shapes: `200/s`, `10/s..200/s`.
    pub shape: String,
    /// Planned length.
    pub duration_us: u64,
    /// The `step:` stage it is one step of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_of: Option<String>,
    /// False for warm-up stages and `measure: false`.
    pub measured: bool,
    /// Whether users made the load, each waiting for an answer before it goes on; else it was due by the clock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// When the stage began, counted from the start of the run.
    pub began_us: u64,
    /// How much of it was played: less than `duration_us` when the run was cut short, or the stage over before its time, as by a
    /// `count` or a verdict that was sure.
    pub played_us: u64,
    /// Arrivals that fell due while it was played.
    pub offered: u64,
    /// Arrivals that were sent; without those that were left in the middle because too many requests were in flight.
    pub started: u64,
    /// Arrivals that were held back on purpose: by the rate limit, the circuit breaker or self-protection. They are not part of
    /// `offered`.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub held_back: u64,
    /// Those of `held_back` that were meant to be sent: the circuit breaker or self-protection kept them from the target.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub withheld: u64,
    /// Those of `withheld` that the circuit breaker kept back, because the target failed.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub withheld_by_breaker: u64,
}

fn block_us_default() -> u64 {
    PlanFacts::BLOCK_US_DEFAULT
}

impl PlanFacts {
    /// The default of `regression.block`, for records that do not say.
    pub const BLOCK_US_DEFAULT: u64 = 5_000_000;

    /// The stages that count.
    pub fn measured_stages(&self) -> impl Iterator<Item = &StageFacts> {
        self.stages.iter().filter(|stage| stage.measured)
    }
}

impl StageFacts {
    /// Blocks of that length that the stage is cut into for the statistics: whole ones, of which the last takes the rest, and one
    /// where the stage is shorter.
    #[must_use]
    pub fn blocks(&self, block_us: u64) -> usize {
        usize::try_from(self.length_us() / block_us.max(1)).unwrap_or(usize::MAX).max(1)
    }

    /// Length of one of the windows it is recorded in, counted from 0: the last of them takes what is left.
    #[must_use]
    pub fn window_length_us(&self, number: u64, windows: usize, window_us: u64) -> u64 {
        if number + 1 == windows as u64 { self.length_us().saturating_sub(number * window_us) } else { window_us }
    }

    /// How long it really was; the planned time of one that is still to be played.
    #[must_use]
    pub fn length_us(&self) -> u64 {
        if self.played_us == 0 { self.duration_us } else { self.played_us.min(self.duration_us) }
    }
}
