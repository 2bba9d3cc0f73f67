//! One of the slowest requests, kept so that somebody can look it up where the target keeps its traces and logs.

use serde::{Deserialize, Serialize};

use super::{ErrorClass, TraceId};

/// A request that took long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowSample {
    /// Its endpoint.
    pub endpoint: String,
    /// When it was due, counted from the start of the run.
    pub due_us: u64,
    /// From due to done.
    pub response_us: u64,
    /// From sent to done.
    pub service_us: u64,
    /// Connections opened for it.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub connections: u64,
    /// Attempts beyond the first.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub retries: u64,
    /// Class of its failure, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ErrorClass>,
    /// The id it was sent with, where traces are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
}
