//! One request step of one user: sent, answered, judged.

use std::time::Duration;

use http::StatusCode;

use super::user::User;
use crate::{
    clock::Instant,
    plan::{Check, EndpointId},
    protocol::{Driver, Exchange, Failure, Keep, Reply, Terms},
    record::{ErrorClass, Phases},
};

/// A request step made ready for a driver.
#[derive(Debug)]
pub(super) struct Visit<R> {
    pub(super) endpoint: EndpointId,
    pub(super) measured: bool,
    pub(super) timeout: Duration,
    pub(super) check: Check,
    pub(super) request: R,
}

/// What became of it, all attempts together.
#[derive(Debug)]
pub(super) struct Visited {
    /// When the first attempt was sent.
    pub(super) sent: Instant,
    /// When the outcome was certain.
    pub(super) done: Instant,
    pub(super) bytes: u64,
    /// Phases of the last attempt.
    pub(super) phases: Phases,
    /// Connections opened.
    pub(super) connections: u64,
    /// Attempts beyond the first.
    pub(super) retries: u64,
    pub(super) failure: Option<Failure>,
}

impl<R> Visit<R> {
    pub(super) async fn make<D: Driver<Request = R>>(&self, driver: &D, _user: &mut User) -> Visited {
        let terms = Terms { timeout: self.timeout, cookie: None, keep: Keep::Status };
        let Exchange { sent, done, bytes, phases, opened, outcome } = driver.exchange(&self.request, &terms).await;
        let failure = match outcome {
            Ok(reply) => judge(&self.check, &reply),
            Err(failure) => Some(failure),
        };
        Visited { sent, done, bytes, phases, connections: u64::from(opened), retries: 0, failure }
    }
}

/// Whether a response is a failure.
fn judge(check: &Check, reply: &Reply) -> Option<Failure> {
    judge_status(&check.status, reply.status)
}

fn judge_status(expected: &[StatusCode], status: StatusCode) -> Option<Failure> {
    let as_promised = if expected.is_empty() { status.as_u16() < 400 } else { expected.contains(&status) };
    if as_promised {
        return None;
    }
    let class = match status.as_u16() {
        400..=499 => ErrorClass::Status4xx,
        500.. => ErrorClass::Status5xx,
        _ => ErrorClass::CheckFailed,
    };
    Some(Failure { class, message: format!("status {}", status.as_u16()).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_judged_by_the_check_where_there_is_one() {
        let class = |expected: &[u16], status| {
            let expected: Vec<_> = expected.iter().map(|&code| StatusCode::from_u16(code).unwrap()).collect();
            judge_status(&expected, StatusCode::from_u16(status).unwrap()).map(|failure| failure.class)
        };
        assert_eq!(class(&[], 204), None);
        assert_eq!(class(&[], 302), None);
        assert_eq!(class(&[], 404), Some(ErrorClass::Status4xx));
        assert_eq!(class(&[404], 404), None);
        assert_eq!(class(&[200, 201], 503), Some(ErrorClass::Status5xx));
        assert_eq!(class(&[201], 200), Some(ErrorClass::CheckFailed));
    }
}
