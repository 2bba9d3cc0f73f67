//! `http:` as written.

use serde::Deserialize;

use super::written::{Time, Written};

/// How requests are made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// How long things may take.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Which failures are tried again.
    #[serde(default)]
    pub retries: Retries,
    /// Redirects followed within one step; 0 by default.
    pub redirects: Option<u32>,
    /// `per_vu` or `off`.
    pub cookies: Option<String>,
}

/// Which failures are tried again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Attempts after the first; 0 by default.
    pub max: Option<u32>,
    /// Error classes and families of them.
    pub retry_on: Option<Vec<String>>,
    /// Pause before each attempt.
    #[serde(default)]
    pub backoff: Backoff,
}

/// A pause that grows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backoff {
    /// Before the first repetition; 200ms by default.
    pub initial: Option<Written<Time>>,
    /// What it is multiplied with each time; 2 by default.
    pub factor: Option<f64>,
    /// Longest pause; 5s by default.
    pub max: Option<Written<Time>>,
    /// `full` or `none`.
    pub jitter: Option<String>,
}

/// How long things may take.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Until a connection is made; 1s by default.
    pub connect: Option<Written<Time>>,
    /// Until a response is complete, from the moment it is sent; 5s by default.
    pub request: Option<Written<Time>>,
}
