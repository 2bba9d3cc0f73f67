//! How long one request may take, and what it failed by when it took longer: the same for both versions of HTTP.

use std::time::Duration;

use tokio::time::timeout_at;

use crate::{
    clock::{self, Instant},
    protocol::Failure,
    record::ErrorClass,
};

/// The time limits of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimits {
    /// Time from the request being written to the first byte of its response.
    pub(super) first_byte: Duration,
    /// When the response must be complete.
    pub(super) until: Instant,
}

impl TimeLimits {
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

/// The wait of one request for a connection, in however many lines it stands for it: all of them together take no longer than
/// the time there is for it.
#[derive(Debug)]
pub(super) struct Wait {
    /// When its patience ends.
    patience: Instant,
    /// When the response must be complete.
    until: Instant,
    /// When the wait began; once it had to wait, when it last got what it waited for.
    pub(super) at: Instant,
}

impl Wait {
    pub(super) fn new(begin: Instant, pool: Duration, until: Instant) -> Self {
        Self { patience: begin + pool, until, at: begin }
    }

    /// Waits for something.
    ///
    /// # Errors
    /// It did not come in time.
    pub(super) async fn on<T>(&mut self, something: impl Future<Output = T>) -> Result<T, Failure> {
        let end = self.patience.min(self.until);
        let came = timeout_at(end.into(), something).await.map_err(|_| {
            if self.patience < self.until {
                Failure::new(ErrorClass::TimeoutPool, "no connection became free within the pool timeout")
            } else {
                without_connection()
            }
        })?;
        self.at = clock::now();
        Ok(came)
    }

    /// Waits this much longer.
    pub(super) fn extend(&mut self, time: Duration) {
        self.patience += time;
    }
}

/// What a request fails by that had no connection when its own time was over.
pub(super) fn without_connection() -> Failure {
    Failure::new(ErrorClass::TimeoutRequest, "no connection within the request timeout")
}
