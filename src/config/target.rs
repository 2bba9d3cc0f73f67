//! `target:` as written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::written::{Expected, Time, Written};

/// The long form; the short one is its `base_url` alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http://host:port/path`.
    pub base_url: Option<String>,
    /// `auto` or `http1`.
    pub protocol: Option<String>,
    /// Headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What to wait for before the first stage.
    pub wait_for: Option<WaitFor>,
}

impl Expected for Target {
    const EXPECTED: &'static str = "a web address such as http://127.0.0.1:8080, or a map with `base_url`";
}

/// A probe that is repeated until the service is ready.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// Path that is asked for.
    pub get: String,
    /// Status that means ready; 200 by default.
    pub status: Option<u16>,
    /// How long to go on asking; 120s by default.
    pub timeout: Option<Written<Time>>,
    /// Pause between two probes; 1s by default.
    pub interval: Option<Written<Time>>,
}
