//! How a request can fail. A failed request is data, not an error of the program.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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
    /// No complete response within the request timeout.
    TimeoutRequest,
    /// The target refused the connection.
    ConnectRefused,
    /// The connection could not be made for another reason: unreachable, no address, no free port.
    ConnectFailed,
    /// The target closed the connection or reset it before the response was complete.
    Reset,
    /// What came back is not HTTP.
    Protocol,
    /// A response that is not what `check:` promises.
    CheckFailed,
}

impl ErrorClass {
    /// All classes, in the order reports show them.
    pub const ALL: [Self; 9] = [
        Self::Status4xx,
        Self::Status5xx,
        Self::TimeoutConnect,
        Self::TimeoutRequest,
        Self::ConnectRefused,
        Self::ConnectFailed,
        Self::Reset,
        Self::Protocol,
        Self::CheckFailed,
    ];

    /// The name in files and thresholds (`errors.5xx`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status4xx => "4xx",
            Self::Status5xx => "5xx",
            Self::TimeoutConnect => "timeout.connect",
            Self::TimeoutRequest => "timeout.request",
            Self::ConnectRefused => "connect_refused",
            Self::ConnectFailed => "connect_failed",
            Self::Reset => "reset",
            Self::Protocol => "protocol",
            Self::CheckFailed => "check_failed",
        }
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
}
