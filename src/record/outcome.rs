//! How a request can fail. A failed request is data, not an error of the program.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ExchangeSample, TraceId};

/// Failed requests by class.
pub type Errors = BTreeMap<ErrorClass, u64>;

/// The class of a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// Response with a status of 400 to 499.
    Status4xx,
    /// Response with a status of 500 or above.
    Status5xx,
    /// No connection within the connect timeout.
    TimeoutConnect,
    /// No free connection within the pool timeout.
    TimeoutPool,
    /// No first byte of a response within the first-byte timeout.
    TimeoutFirstByte,
    /// No complete response within the request timeout.
    TimeoutRequest,
    /// The host name has no address.
    Dns,
    /// The target refused the connection.
    ConnectRefused,
    /// The connection could not be made for another reason: unreachable, no address, no free port.
    ConnectFailed,
    /// The TLS handshake failed: certificate, name, version, no common protocol.
    Tls,
    /// The target closed the connection or reset it before the response was complete.
    Reset,
    /// No response, for a reason that another load tool did not tell.
    NoResponse,
    /// What came back is not HTTP.
    Protocol,
    /// A redirect that is not followed: too many, or out of the targets.
    Redirect,
    /// A response that is not what `check:` promises.
    CheckFailed,
    /// What `extract:` looks for is not in the response.
    ExtractFailed,
    /// A template failed; nothing was sent.
    Template,
    /// The generator has no file descriptor left for a connection.
    OpenFiles,
    /// The run ended before there was an outcome: later than `load.graceful_stop` allows, or somebody was in a hurry.
    Unfinished,
}

impl ErrorClass {
    /// All classes, in the order reports show them.
    pub const ALL: [Self; 19] = [
        Self::Status4xx,
        Self::Status5xx,
        Self::TimeoutConnect,
        Self::TimeoutPool,
        Self::TimeoutFirstByte,
        Self::TimeoutRequest,
        Self::Dns,
        Self::ConnectRefused,
        Self::ConnectFailed,
        Self::Tls,
        Self::Reset,
        Self::NoResponse,
        Self::Protocol,
        Self::Redirect,
        Self::CheckFailed,
        Self::ExtractFailed,
        Self::Template,
        Self::OpenFiles,
        Self::Unfinished,
    ];

    /// The name in files and thresholds (`errors.5xx`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status4xx => "4xx",
            Self::Status5xx => "5xx",
            Self::TimeoutConnect => "timeout.connect",
            Self::TimeoutPool => "timeout.pool",
            Self::TimeoutFirstByte => "timeout.first_byte",
            Self::TimeoutRequest => "timeout.request",
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectFailed => "connect_failed",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::NoResponse => "no_response",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
            Self::CheckFailed => "check_failed",
            Self::ExtractFailed => "extract_failed",
            Self::Template => "template",
            Self::OpenFiles => "open_files",
            Self::Unfinished => "unfinished",
        }
    }
}

impl ErrorClass {
    /// Whether a name stands for this class: its own (`timeout.connect`) or that of its family (`timeout`).
    #[must_use]
    pub fn is_named(self, name: &str) -> bool {
        self.name().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no error class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown error class '{0}'")]
pub struct UnknownClass(pub String);

impl FromStr for ErrorClass {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, UnknownClass> {
        Self::ALL.into_iter().find(|class| class.name() == name).ok_or_else(|| UnknownClass(name.to_owned()))
    }
}

impl Serialize for ErrorClass {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ErrorClass {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A failure in words, kept so that a reader need not run the load again to learn what went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureSample {
    /// Endpoint it happened on.
    pub endpoint: String,
    /// Its class.
    pub class: ErrorClass,
    /// What was seen, capped and without secrets: `status 503`, `connection closed before the response was complete`.
    pub message: String,
    /// The exchange itself, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Box<ExchangeSample>>,
    /// The id it was sent with, where traces are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
}
