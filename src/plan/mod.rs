//! The plan: validated and complete, with no string left to interpret. Pure; reads no clock and does no I/O.

mod resolve;
pub mod schedule;
mod target;
mod workload;

use std::time::Duration;

pub use resolve::{BaselineSettings, ReportFormat, ReportSettings, Resolved, SafetySettings, resolve};
pub use schedule::{Schedule, Shape};
pub use target::{Target, WaitFor};
pub use workload::{Body, Endpoint, EndpointId, Method, Scenario, ScenarioId, Step, Workload};

use crate::{record::StageFacts, units::Micros};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the configuration.
    pub suite: String,
    /// Where the load goes.
    pub target: Target,
    /// Stages in the order they are played.
    pub stages: Vec<Stage>,
    /// Who asks for what.
    pub workload: Workload,
    /// What the engine must never exceed.
    pub limits: Limits,
    /// Length of a window of the record.
    pub window: Duration,
    /// Seed of everything random: equal seeds, equal sequences of requests.
    pub seed: u64,
}

/// One stage: a shape of load for a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// From the configuration, else `stage-1`, ..
    pub name: String,
    /// When arrivals are due.
    pub shape: Shape,
    /// How long it is played.
    pub duration: Duration,
    /// False for warm-up and `measure: false`: played, but not recorded.
    pub measured: bool,
}

/// What the engine must never exceed.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Requests in flight; arrivals beyond it are dropped and counted.
    pub max_in_flight: usize,
    /// Time for a connection to be made.
    pub connect_timeout: Duration,
    /// Time for a response to be complete, a connection included where none is idle, where the step gives none.
    pub request_timeout: Duration,
    /// Time that requests in flight are given at the end of a run.
    pub graceful_stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: 2000,
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(5),
            graceful_stop: Duration::from_secs(10),
        }
    }
}

impl Plan {
    /// Length of all stages together.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// Highest rate of any moment, in arrivals per second.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        self.stages.iter().map(|stage| stage.shape.peak()).fold(0.0, f64::max)
    }

    /// Arrivals of all stages together.
    #[must_use]
    pub fn arrivals(&self) -> u64 {
        self.stages.iter().map(Stage::arrivals).sum()
    }
}

impl Stage {
    /// Arrivals due while the stage is played.
    #[must_use]
    pub fn arrivals(&self) -> u64 {
        self.shape.schedule(self.duration).count()
    }

    /// The stage as a record tells of it, before anything was played.
    #[must_use]
    pub fn facts(&self) -> StageFacts {
        StageFacts {
            name: self.name.clone(),
            shape: self.shape.to_string(),
            duration_us: Micros::from_duration(self.duration).0,
            measured: self.measured,
            ..StageFacts::default()
        }
    }
}
