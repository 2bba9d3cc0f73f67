//! `target:` and `targets:` as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{Expected, Time, Written};

/// The long form; the short one is its `base_url` alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// `http://host:port/path`.
    pub base_url: Option<String>,
    /// The version to compare with, where both are there at the same time.
    pub baseline_url: Option<String>,
    /// Command that starts the service.
    pub start: Option<String>,
    /// Command that starts the version to compare with.
    pub baseline_start: Option<String>,
    /// `auto`, `http1`, `http2` or `h2c`.
    pub protocol: Option<String>,
    /// How connections are secured.
    pub tls: Option<Tls>,
    /// Headers of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What to wait for before the first stage.
    pub wait_for: Option<WaitFor>,
}

impl Expected for Target {
    const EXPECTED: &'static str = "a web address such as http://127.0.0.1:8080, or a map with `base_url`";
}

/// How connections are secured. Files are PEM files, relative to the configuration's folder.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Authorities that are trusted instead of the system's.
    pub ca_file: Option<String>,
    /// Our certificate and its chain.
    pub client_cert: Option<String>,
    /// Its key.
    pub client_key: Option<String>,
    /// True: any certificate is taken.
    pub insecure: Option<bool>,
    /// Name the server is asked for and must prove; the host by default.
    pub sni: Option<String>,
}

impl Tls {
    /// The files it names, each with its key.
    #[must_use]
    pub fn files(&self) -> [(&'static str, Option<&str>); 3] {
        [
            ("ca_file", self.ca_file.as_deref()),
            ("client_cert", self.client_cert.as_deref()),
            ("client_key", self.client_key.as_deref()),
        ]
    }
}

/// A probe that is repeated until the service is ready.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
