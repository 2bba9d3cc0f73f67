//! Where the load goes.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

/// The service under load.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path every request path is appended to, without a trailing slash; usually empty.
    pub base_path: String,
    /// Headers of every request. Values may be secret; they are marked sensitive then and never shown.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What to wait for before the first stage.
    pub wait_for: Option<WaitFor>,
}

/// A probe that is repeated until the service is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitFor {
    /// Path that is asked for.
    pub path: String,
    /// Status that means ready.
    pub status: u16,
    /// How long to go on asking.
    pub timeout: Duration,
    /// Pause between two probes.
    pub interval: Duration,
}

impl Target {
    /// `host:port` as it stands in a `Host` header, IPv6 in brackets.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }
}
