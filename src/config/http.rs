//! `http:` as written.

use serde::Deserialize;

use super::written::{Time, Written};

/// How requests are made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// How many connections there may be, and how long they are kept.
    #[serde(default)]
    pub connections: Connections,
    /// How long things may take.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How host names are looked up.
    #[serde(default)]
    pub dns: Dns,
    /// Whether compressed answers are asked for.
    pub compression: Option<bool>,
    /// True: bodies are read and forgotten, but for those a check needs.
    pub discard_bodies: Option<bool>,
}

/// Connections of the whole process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// Most at a time, to all targets together.
    pub max: Option<u64>,
    /// Most at a time to one target.
    pub max_per_host: Option<u64>,
    /// How long an idle one is kept; 60s by default.
    pub idle_timeout: Option<Written<Time>>,
    /// How long none is tried after one could not be made; 0s by default.
    pub cooldown: Option<Written<Time>>,
    /// False: one for each request.
    pub reuse: Option<bool>,
    /// Requests at a time on one HTTP/2 connection; 100 by default.
    pub streams: Option<u64>,
}

/// How host names are looked up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Time between two look-ups while load is made; without it there is one, before.
    pub refresh: Option<Written<Time>>,
}

/// How long things may take.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Until a connection is made; 1s by default.
    pub connect: Option<Written<Time>>,
    /// Until a connection is free, where their number is limited; 1s by default.
    pub pool: Option<Written<Time>>,
    /// From the request being written to the first byte of the response; 3s by default.
    pub first_byte: Option<Written<Time>>,
    /// Until a response is complete, from the moment it is sent; 5s by default.
    pub request: Option<Written<Time>>,
}
