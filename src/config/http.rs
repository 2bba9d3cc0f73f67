//! `http:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{Time, Written};

/// How requests are made.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// How many connections there may be, and how long they are kept.
    #[serde(default)]
    pub connections: Connections,
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
    /// How host names are looked up.
    #[serde(default)]
    pub dns: Dns,
    /// Whether compressed answers are asked for.
    pub compression: Option<bool>,
    /// True: bodies are read and forgotten, but for those a check needs.
    pub discard_bodies: Option<bool>,
}

/// Which failures are tried again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
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

/// Connections of the whole process.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// Most at a time, to all targets together.
    pub max: Option<usize>,
    /// Most at a time to one target.
    pub max_per_host: Option<usize>,
    /// How long an idle one is kept; 60s by default.
    pub idle_timeout: Option<Written<Time>>,
    /// How long none is tried after one could not be made; 0s by default.
    pub cooldown: Option<Written<Time>>,
    /// False: one for each request.
    pub reuse: Option<bool>,
    /// Requests at a time on one HTTP/2 connection; 100 by default.
    pub streams: Option<usize>,
}

/// How host names are looked up.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Time between two look-ups while load is made; without it there is one, before.
    pub refresh: Option<Written<Time>>,
}

/// How long things may take.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Until a connection is made; 1s by default.
    pub connect: Option<Written<Time>>,
    /// Until a connection is free, where their number is limited; 1s by default.
    pub pool: Option<Written<Time>>,
    /// From the request being written to the first byte of the response; 3s by default.
    pub first_byte: Option<Written<Time>>,
    /// Until a response is complete, the wait for a connection and the making of one included; 5s by default.
    pub request: Option<Written<Time>>,
}
