//! What a format of results is.

use std::io::Read;

use super::error::Mistake;
use crate::record::{ErrorClass, LatencyFrom};

/// A format of results.
pub struct Format {
    /// Its name on the command line and in records.
    pub name: &'static str,
    /// From which moment its latencies count.
    pub latency_from: LatencyFrom,
    /// Reads an input to its end and hands over each request with the line it stands in.
    pub(super) read: fn(&mut dyn Read, &Rules, &mut Sink<'_>) -> Result<(), Mistake>,
}

/// Takes the rows of an input one by one.
pub(super) type Sink<'a> = dyn FnMut(u64, &Row<'_>) -> Result<(), Mistake> + 'a;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// When, in microseconds: since 1970, or since any moment that is the same for all rows.
    pub time_us: u64,
    /// Which kind of request.
    pub endpoint: &'a str,
    /// The part of the run it belongs to, where the run has parts.
    pub stage: Option<&'a str>,
    /// How long it took.
    pub latency_us: u64,
    /// Whether that was written with a decimal point.
    pub has_point: bool,
    /// How it failed, if it did.
    pub failed: Option<ErrorClass>,
}

/// What the user says about how rows are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Lowest HTTP status that counts as a failure.
    pub errors_from: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self { errors_from: 500 }
    }
}

impl Rules {
    /// How a request with that status failed; `None` where it did not. Status 0 is a request without a response.
    pub(super) fn failure(self, status: u16) -> Option<ErrorClass> {
        match status {
            0 => Some(ErrorClass::NoResponse),
            status if status < self.errors_from => None,
            500.. => Some(ErrorClass::Status5xx),
            400.. => Some(ErrorClass::Status4xx),
            _ => Some(ErrorClass::CheckFailed),
        }
    }
}
