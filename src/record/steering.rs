//! What loadgate itself changed about the load while it was made.

use serde::{Deserialize, Serialize};

/// A state of the circuit breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Everything is sent.
    #[default]
    Closed,
    /// Nothing is sent.
    Open,
    /// A few requests are sent to try whether the target is well again.
    HalfOpen,
}

impl BreakerState {
    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// The circuit breaker came to another state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerEvent {
    /// When, counted from the start of the run.
    pub at_us: u64,
    /// The state from then on.
    pub state: BreakerState,
    /// Why, with the figures.
    pub reason: String,
}

/// Self-protection changed the share of the load that is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShedEvent {
    /// When, counted from the start of the run.
    pub at_us: u64,
    /// The share from then on, 0 to 1.
    pub kept: f64,
    /// Why, with the figures.
    pub reason: String,
}
