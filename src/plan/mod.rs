//! The plan: validated and complete, with no string left to interpret. Pure; reads no clock and does no I/O.

mod ab;
mod backoff;
mod broadcast;
mod check;
mod control;
mod crowd;
mod extract;
mod feed;
mod http;
mod json_path;
mod replicate;
mod resolve;
mod rule;
pub mod schedule;
mod service;
mod shedding;
mod step;
mod target;
mod template;
mod think;
mod tls;
mod wanted;
mod websocket;
mod workload;

use std::time::Duration;

pub use backoff::Backoff;
pub use broadcast::{Broadcast, MESSAGE_ID};
pub use check::{BodyRule, Check, Schema};
pub use control::{Adaptive, Arrivals, CircuitBreaker, Control, Formula, OnSaturated, RateLimit, SelfProtection};
pub use crowd::{Crowd, Load};
pub use extract::{Extract, Place};
pub use feed::{Feed, Feeder, FeederId, Order, Rows, Table};
pub use http::{Connections, HttpSettings, Retries, Timeouts};
pub use json_path::JsonPath;
pub use replicate::{Replicate, Replication};
pub use resolve::{
    Asked, BaselineSettings, BaselineStore, Fills, GithubSettings, OwnReport, REPORT_FILES, ReportFormat, ReportSettings,
    Resolved, SafetySettings, is_key, resolve,
};
pub use rule::Rule;
pub use schedule::{Pacer, Schedule, Shape};
pub use service::{Hook, Hooks, ShellCommand};
pub use step::{Method, Piece, Rendered, Request, RequestStep, Step};
pub use target::{HttpVersion, PORT, Target, TargetId, WaitFor};
pub use template::{Names, Scope, TemplateError, TemplateId, Templates};
pub use think::Pause;
pub use tls::{Authorities, Identity, Tls, Trust};
pub use wanted::{RuleTemplate, Wanted, WantedTemplate};
pub use websocket::{
    Connections as SocketConnections, Expect, Heartbeat, Listen, OneWay, Outgoing, Reconnect, SocketEndpoints, SocketScenario,
    SocketStep,
};
pub use workload::{Endpoint, Scenario, Workload, realm};

use crate::{record::StageFacts, units::Micros};

/// Index into [`Workload::scenarios`].
pub type ScenarioId = usize;
/// Index into [`Workload::endpoints`].
pub type EndpointId = usize;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the configuration.
    pub suite: String,
    /// Where the load goes: that of `target:` first, then those of `targets:`, last the baseline where there is one.
    pub targets: Vec<Target>,
    /// The version to compare with, where both are played at the same time: the load of all stages is that of both together.
    pub baseline: Option<TargetId>,
    /// Stages in the order they are played.
    pub stages: Vec<Stage>,
    /// Who asks for what.
    pub workload: Workload,
    /// How requests are made.
    pub http: HttpSettings,
    /// How the load is steered while it is made.
    pub control: Control,
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
    /// How much load.
    pub load: Load,
    /// How long it is played; at most, where `iterations` may end it.
    pub duration: Duration,
    /// Iterations after which it ends, where that does not follow from its duration: those that users share, and arrivals that
    /// chance or a control may keep waiting.
    pub iterations: Option<u64>,
    /// False for warm-up and `measure: false`: played, but not recorded.
    pub measured: bool,
    /// The `step:` stage it is one step of.
    pub step_of: Option<String>,
}

/// One thread's part of a plan: of what is numbered through, it takes every `threads`-th, beginning with `thread`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// From 0.
    pub thread: usize,
    /// How many share.
    pub threads: usize,
}

impl Share {
    /// This thread's part of a number of equal things; the parts of all threads add up to it.
    #[must_use]
    pub fn of(self, whole: usize) -> usize {
        whole / self.threads + usize::from(self.thread < whole % self.threads)
    }
}

/// What the engine must never exceed.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Arrivals that wait for an answer; those beyond it are dropped and counted.
    pub max_in_flight: usize,
    /// Time that requests in flight are given at the end of a run.
    pub graceful_stop: Duration,
}

/// How many times as many arrivals may be in play as may be in flight: those that pause load nothing, but each takes memory.
const IN_PLAY_PER_IN_FLIGHT: usize = 10;

impl Limits {
    /// Arrivals in play, those that pause between two steps included; those beyond it are dropped and counted.
    #[must_use]
    pub fn max_in_play(&self) -> usize {
        self.max_in_flight.saturating_mul(IN_PLAY_PER_IN_FLIGHT)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_in_flight: 2000, graceful_stop: Duration::from_secs(10) }
    }
}

impl Plan {
    /// The service that `target:` names.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.targets[0]
    }

    /// Length of all stages together.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// Highest rate of any moment, in arrivals per second.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        self.stages.iter().map(|stage| stage.load.peak_rate()).fold(0.0, f64::max) * self.control.peak_factor()
    }

    /// Most users of any moment.
    #[must_use]
    pub fn peak_users(&self) -> u32 {
        self.stages.iter().map(|stage| stage.load.peak_users()).max().unwrap_or(0)
    }

    /// Most WebSocket connections of all scenarios together.
    #[must_use]
    pub fn peak_sockets(&self) -> u32 {
        self.workload.sockets.iter().map(|scenario| scenario.connections.peak()).sum()
    }

    /// Arrivals of all stages together, except for those of users, whose number follows from the target.
    #[must_use]
    pub fn arrivals(&self) -> u64 {
        self.stages.iter().map(Stage::arrivals).sum()
    }
}

impl Stage {
    /// Arrivals due while the stage is played; 0 for users.
    #[must_use]
    pub fn arrivals(&self) -> u64 {
        match self.load {
            Load::Arrivals(shape) => shape.schedule(self.duration).count().min(self.iterations.unwrap_or(u64::MAX)),
            Load::Users(_) | Load::Connections(_) => 0,
        }
    }

    /// The stage as a record tells of it, before anything was played.
    #[must_use]
    pub fn facts(&self) -> StageFacts {
        let count = self.iterations.map(|count| format!(", {count} times")).unwrap_or_default();
        StageFacts {
            name: self.name.clone(),
            shape: format!("{}{count}", self.load),
            duration_us: Micros::from_duration(self.duration).0,
            measured: self.measured,
            step_of: self.step_of.clone(),
            closed: !matches!(self.load, Load::Arrivals(_)),
            ..StageFacts::default()
        }
    }
}
