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
    /// How somebody with too many endpoints gets fewer.
    pub(super) fewer_endpoints: &'static str,
    /// Reads an input to its end and hands over each request with the line it stands in.
    pub(super) read: fn(&mut dyn Read, &Rules, &mut Sink<'_>) -> Notes,
}

/// What the user should know of a file, each in a sentence; or what is wrong with it.
pub(super) type Notes = Result<Vec<String>, Mistake>;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Lowest HTTP status that counts as a failure; where it is not given, the tool's own word counts, and without one
    /// [`ERRORS_FROM`].
    pub errors_from: Option<u16>,
}

/// Lowest status that counts as a failure in files that do not say which requests failed.
pub const ERRORS_FROM: u16 = 500;

impl Rules {
    /// How a request with that status failed, of which the file says no more; `None` where it did not. Status 0 is a request
    /// without a response.
    pub(super) fn failure(self, status: u16) -> Option<ErrorClass> {
        match status {
            0 => Some(ErrorClass::NoResponse),
            status => (status >= self.errors_from.unwrap_or(ERRORS_FROM)).then(|| of_status(status)),
        }
    }

    /// The same for a request that the tool itself called good or failed. The user's word goes before the tool's, except that a
    /// good status does not make up for a check that failed.
    pub(super) fn judged(self, status: u16, has_failed: bool) -> Option<ErrorClass> {
        match (self.errors_from, status) {
            (Some(_), 400..) => self.failure(status),
            (Some(from), _) => (has_failed || status >= from).then(|| of_status(status)),
            (None, _) => has_failed.then(|| of_status(status)),
        }
    }
}

fn of_status(status: u16) -> ErrorClass {
    match status {
        0 => ErrorClass::NoResponse,
        500.. => ErrorClass::Status5xx,
        400.. => ErrorClass::Status4xx,
        _ => ErrorClass::CheckFailed,
    }
}
