//! Where the load goes.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::{ShellCommand, Tls, Trust};

/// How the port that loadgate chooses is written in addresses and commands.
pub const PORT: &str = "$PORT";

/// Index into [`super::Plan::targets`]; 0 is the one of `target:`.
pub type TargetId = usize;

/// A service under load.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name under `targets:`; `target` for the one of `target:`.
    pub name: String,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port; 0 for the one that loadgate chooses when it starts the service.
    pub port: u16,
    /// Whether loadgate chooses the port when it starts the service: another each time.
    pub has_chosen_port: bool,
    /// Path every request path is appended to, without a trailing slash; usually empty.
    pub base_path: String,
    /// Which version of HTTP is spoken.
    pub protocol: HttpVersion,
    /// How the connection is secured; `None` for plain `http://`.
    pub tls: Option<Tls>,
    /// Headers of every request. Values may be secret; they are marked sensitive then and never shown.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What to wait for before the first stage.
    pub wait_for: Option<WaitFor>,
    /// The command that loadgate starts it with; `None` for a service that others look after.
    pub start: Option<ShellCommand>,
}

/// Which version of HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// Over TLS what the server prefers of both; else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 over TLS; a server that does not speak it is a failure.
    Http2,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
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
    /// `host:port`, IPv6 in brackets. A port that is not known yet is `$PORT`.
    #[must_use]
    pub fn authority(&self) -> String {
        let port = if self.port == 0 { PORT.to_owned() } else { self.port.to_string() };
        if self.host.contains(':') { format!("[{}]:{port}", self.host) } else { format!("{}:{port}", self.host) }
    }

    /// The same, with `$PORT` for a port that will be another one the next time.
    #[must_use]
    pub fn lasting_authority(&self) -> String {
        if self.has_chosen_port { Self { port: 0, ..self.clone() }.authority() } else { self.authority() }
    }

    /// What whoever sends load there should be told each time.
    #[must_use]
    pub fn caution(&self) -> Option<String> {
        let is_insecure = self.tls.as_ref().is_some_and(|tls| matches!(tls.trust, Trust::Anybody));
        is_insecure.then(|| format!("`tls.insecure`: anybody could answer for {}, and read what is sent there", self.authority()))
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}
