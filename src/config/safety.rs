//! `safety:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    control::{CircuitBreaker, SelfProtection},
    written::{Rate, Time, Written},
};

/// What keeps load from going where it must not.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Safety {
    /// Hosts load may go to; `*.example.com` stands for every host below example.com.
    pub allow_hosts: Option<Vec<String>>,
    /// Hosts load must never go to, whatever else is said.
    #[serde(default)]
    pub deny_hosts: Vec<String>,
    /// Highest rate of arrivals of any stage; each may make several requests.
    pub max_rate: Option<Written<Rate>>,
    /// Longest run.
    pub max_duration: Option<Written<Time>>,
    /// Most connections at a time, whatever `http.connections` says.
    pub max_connections: Option<usize>,
    /// Stops sending to a target that fails.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Keeps the generator from being the bottleneck unseen.
    pub self_protection: Option<SelfProtection>,
}
