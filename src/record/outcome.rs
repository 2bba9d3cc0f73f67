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
    /// The message that `expect` waits for did not come in time (WebSocket).
    TimeoutMessage,
    /// No pong came in time, so the peer is taken for dead (WebSocket).
    TimeoutPong,
    /// The target took no more of what was sent to it (WebSocket).
    TimeoutWrite,
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
    /// The target closed the WebSocket connection with code 1000: normal.
    Close1000,
    /// The target closed the WebSocket connection with code 1001: going away.
    Close1001,
    /// The target closed the WebSocket connection with code 1002: protocol error.
    Close1002,
    /// The target closed the WebSocket connection with code 1003: a kind of data it does not take.
    Close1003,
    /// The target closed the WebSocket connection with code 1007: text that is no text.
    Close1007,
    /// The target closed the WebSocket connection with code 1008: its policy.
    Close1008,
    /// The target closed the WebSocket connection with code 1009: a message too big.
    Close1009,
    /// The target closed the WebSocket connection with code 1010: an extension that it misses.
    Close1010,
    /// The target closed the WebSocket connection with code 1011: an error of its own.
    Close1011,
    /// The target closed the WebSocket connection with code 1012: it restarts.
    Close1012,
    /// The target closed the WebSocket connection with code 1013: try again later.
    Close1013,
    /// The target closed the WebSocket connection without a code.
    CloseNone,
    /// The target closed the WebSocket connection with another code.
    CloseOther,
    /// A message larger than is taken (WebSocket).
    MessageTooBig,
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
    /// A message that was published and did not come in time (WebSocket).
    Lost,
    /// A message that came more than once (WebSocket).
    Duplicate,
    /// A message that came after one that was published later (WebSocket).
    Reordered,
    /// A template failed; nothing was sent.
    Template,
    /// The generator has no file descriptor left for a connection.
    OpenFiles,
    /// The run ended before there was an outcome: later than `load.graceful_stop` allows, or somebody was in a hurry.
    Unfinished,
}

impl ErrorClass {
    /// All classes, in the order reports show them.
    pub const ALL: [Self; 39] = [
        Self::Status4xx,
        Self::Status5xx,
        Self::TimeoutConnect,
        Self::TimeoutPool,
        Self::TimeoutFirstByte,
        Self::TimeoutRequest,
        Self::TimeoutMessage,
        Self::TimeoutPong,
        Self::TimeoutWrite,
        Self::Dns,
        Self::ConnectRefused,
        Self::ConnectFailed,
        Self::Tls,
        Self::Reset,
        Self::Close1000,
        Self::Close1001,
        Self::Close1002,
        Self::Close1003,
        Self::Close1007,
        Self::Close1008,
        Self::Close1009,
        Self::Close1010,
        Self::Close1011,
        Self::Close1012,
        Self::Close1013,
        Self::CloseNone,
        Self::CloseOther,
        Self::MessageTooBig,
        Self::NoResponse,
        Self::Protocol,
        Self::Redirect,
        Self::CheckFailed,
        Self::ExtractFailed,
        Self::Lost,
        Self::Duplicate,
        Self::Reordered,
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
            Self::TimeoutMessage => "timeout.message",
            Self::TimeoutPong => "timeout.pong",
            Self::TimeoutWrite => "timeout.write",
            Self::Dns => "dns",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectFailed => "connect_failed",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Close1000 => "close.1000",
            Self::Close1001 => "close.1001",
            Self::Close1002 => "close.1002",
            Self::Close1003 => "close.1003",
            Self::Close1007 => "close.1007",
            Self::Close1008 => "close.1008",
            Self::Close1009 => "close.1009",
            Self::Close1010 => "close.1010",
            Self::Close1011 => "close.1011",
            Self::Close1012 => "close.1012",
            Self::Close1013 => "close.1013",
            Self::CloseNone => "close.none",
            Self::CloseOther => "close.other",
            Self::MessageTooBig => "message_too_big",
            Self::NoResponse => "no_response",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
            Self::CheckFailed => "check_failed",
            Self::ExtractFailed => "extract_failed",
            Self::Lost => "lost",
            Self::Duplicate => "duplicate",
            Self::Reordered => "reordered",
            Self::Template => "template",
            Self::OpenFiles => "open_files",
            Self::Unfinished => "unfinished",
        }
    }
}

impl ErrorClass {
    /// The class of a connection that the target closed with this code; `None` for no code.
    #[must_use]
    pub fn of_close(code: Option<u16>) -> Self {
        match code {
            None | Some(1005) => Self::CloseNone,
            Some(1000) => Self::Close1000,
            Some(1001) => Self::Close1001,
            Some(1002) => Self::Close1002,
            Some(1003) => Self::Close1003,
            Some(1007) => Self::Close1007,
            Some(1008) => Self::Close1008,
            Some(1009) => Self::Close1009,
            Some(1010) => Self::Close1010,
            Some(1011) => Self::Close1011,
            Some(1012) => Self::Close1012,
            Some(1013) => Self::Close1013,
            Some(_) => Self::CloseOther,
        }
    }

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
