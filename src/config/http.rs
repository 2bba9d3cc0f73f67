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
