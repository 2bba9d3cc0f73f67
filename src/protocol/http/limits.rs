//! How long one request may take, and what it failed by when it took longer: the same for both versions of HTTP.

use std::time::Duration;

use crate::{clock::Instant, protocol::Failure, record::ErrorClass};

/// The time limits of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Time from the request being written to the first byte of its response.
    pub(super) first_byte: Duration,
    /// When the response must be complete.
    pub(super) until: Instant,
}

impl Limits {
    /// The limit that is next, and what the request fails by when it passes. `written` is when the request was, as long as
    /// nothing of its response has come.
    pub(super) fn next(&self, written: Option<Instant>) -> (Instant, ErrorClass, &'static str) {
        match written.map(|written| written + self.first_byte).filter(|first_byte| *first_byte < self.until) {
            Some(first_byte) => {
                (first_byte, ErrorClass::TimeoutFirstByte, "no first byte of a response within the first-byte timeout")
            }
            None => (self.until, ErrorClass::TimeoutRequest, "no complete response within the request timeout"),
        }
    }
}

/// What a request fails by that got no connection before the nearer of the two: the end of the pool's patience, or of its own.
pub(super) fn without_connection(patience: Instant, until: Instant) -> Failure {
    if patience < until {
        Failure::new(ErrorClass::TimeoutPool, "no connection became free within the pool timeout")
    } else {
        Failure::new(ErrorClass::TimeoutRequest, "no connection within the request timeout")
    }
}
