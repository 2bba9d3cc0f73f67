//! One attempt of a visit: the request, and those that redirects ask for after it.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;

use super::{jar::Jar, manners::Manners, redirect};
use crate::{
    clock::Instant,
    plan::Request,
    protocol::{Driver, Exchange, Failure, Keep, Reply, Terms},
    record::{ErrorClass, Phases},
};

/// Shortest time a request behind a redirect is given, however little is left of the time of all.
const LEFT_MIN: Duration = Duration::from_millis(1);

/// On what terms an attempt is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptTerms<'a> {
    pub(super) timeout: Duration,
    pub(super) keep: Keep,
    /// Statuses that are a success: a redirect among them is not followed.
    pub(super) expected: &'a [StatusCode],
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    /// When the first request was sent.
    pub(super) sent: Instant,
    pub(super) done: Instant,
    /// Body bytes of the last answer.
    pub(super) bytes: u64,
    /// Body bytes of all answers.
    pub(super) bytes_in_all: u64,
    pub(super) phases: Phases,
    pub(super) connections: u64,
    /// Requests that went out once more on another connection.
    pub(super) resent: u64,
    /// What was asked for last.
    pub(super) request: Cow<'a, Request>,
    /// The last answer; there is none where the failure is not one of what was answered.
    pub(super) reply: Option<Reply>,
    pub(super) failure: Option<Failure>,
}

/// Sends a request and follows where it leads.
pub(super) async fn attempt<'a, D: Driver>(
    driver: &D,
    manners: &Manners,
    jar: &mut Jar,
    (request, ready): (&'a Request, &D::Request),
    terms: AttemptTerms<'_>,
) -> Attempt<'a> {
    let exchange = send(driver, manners, jar, (request, ready), (terms.timeout, terms.keep)).await;
    let mut attempt = Attempt::of(request, exchange);
    for hop in 0.. {
        let next = match &attempt.reply {
            Some(reply) if manners.redirects > 0 && !terms.expected.contains(&reply.status) => {
                redirect::next(reply, &attempt.request, &manners.targets)
            }
            _ => return attempt,
        };
        match next {
            Ok(None) => return attempt,
            Ok(Some(_)) if hop == manners.redirects => {
                let message = format!("more than {hop} redirects");
                attempt.failure = Some(Failure::told(ErrorClass::Redirect, &message));
                return attempt;
            }
            Ok(Some(request)) => {
                let left = terms.timeout.saturating_sub(attempt.done.saturating_duration_since(attempt.sent)).max(LEFT_MIN);
                let ready = driver.prepare(&request);
                let exchange = send(driver, manners, jar, (&request, &ready), (left, terms.keep)).await;
                attempt.follow(request, exchange);
            }
            Err(failure) => {
                attempt.failure = Some(failure);
                return attempt;
            }
        }
    }
    attempt
}

/// Makes one exchange of an attempt, with the cookies that are right for it.
async fn send<D: Driver>(
    driver: &D,
    manners: &Manners,
    jar: &mut Jar,
    (request, ready): (&Request, &D::Request),
    (timeout, keep): (Duration, Keep),
) -> Exchange {
    let address = || redirect::address(&manners.targets[request.target], &request.path);
    let cookie = if manners.cookies { jar.header(address) } else { None };
    let exchange = driver.exchange(ready, &Terms { timeout, cookie: cookie.as_deref(), keep }).await;
    if let (true, Ok(reply)) = (manners.cookies, &exchange.outcome) {
        jar.keep(&reply.headers, address);
    }
    exchange
}

impl<'a> Attempt<'a> {
    fn of(request: &'a Request, exchange: Exchange) -> Self {
        let Exchange { sent, done, bytes, phases, opened, resent, outcome } = exchange;
        let (reply, failure) = either(outcome);
        let (bytes_in_all, connections, request) = (bytes, u64::from(opened), Cow::Borrowed(request));
        Self { sent, done, bytes, bytes_in_all, phases, connections, resent: resent.into(), request, reply, failure }
    }

    /// Adds the exchange that a redirect asked for.
    fn follow(&mut self, request: Request, exchange: Exchange) {
        let Exchange { done, bytes, phases, opened, resent, outcome, .. } = exchange;
        self.done = done;
        self.bytes = bytes;
        self.bytes_in_all += bytes;
        self.phases.add(&phases);
        self.connections += u64::from(opened);
        self.resent += u64::from(resent);
        self.request = Cow::Owned(request);
        (self.reply, self.failure) = either(outcome);
    }
}

fn either(outcome: Result<Reply, Failure>) -> (Option<Reply>, Option<Failure>) {
    match outcome {
        Ok(reply) => (Some(reply), None),
        Err(failure) => (None, Some(failure)),
    }
}
