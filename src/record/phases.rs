//! Where the time of requests goes.

use serde::{Deserialize, Serialize};

/// Time by phase, in nanoseconds: of one request, or summed over many. The phases follow one another without a gap, so their
/// sum is the time from the first attempt to get a connection to the last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Waiting for a free connection, where their number is limited.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub blocked: u64,
    /// Looking up the host name.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub dns: u64,
    /// Making the TCP connection.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub connect: u64,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub tls: u64,
    /// Writing the request.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub send: u64,
    /// From the request being written to the first byte of the answer.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub wait: u64,
    /// From the first byte to the last.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub receive: u64,
    /// Not a phase, but a part of `send`: a request body waited until the target had room for it (flow control of HTTP/2).
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub stalled: u64,
}

impl Phases {
    /// Adds another request's, or another sum.
    pub fn add(&mut self, other: &Self) {
        self.blocked += other.blocked;
        self.dns += other.dns;
        self.connect += other.connect;
        self.tls += other.tls;
        self.send += other.send;
        self.wait += other.wait;
        self.receive += other.receive;
        self.stalled += other.stalled;
    }

    /// All phases with their names, in the order they follow one another.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("blocked", self.blocked),
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("send", self.send),
            ("wait", self.wait),
            ("receive", self.receive),
        ]
    }

    /// Time from the first to the last.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.named().iter().map(|(_, time)| time).sum()
    }

    /// Whether nothing was timed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
