//! One attempt of a visit: the request, and those that redirects ask for after it.

use std::{borrow::Cow, time::Duration};

use http::StatusCode;

use super::{jar::Jar, manners::Manners, redirect};
use crate::{
    clock::{self, Instant},
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
    let began = clock::now();
    let mut attempt = Attempt {
        sent: began,
        done: began,
        bytes: 0,
        bytes_in_all: 0,
        phases: Phases::default(),
        connections: 0,
        request: Cow::Borrowed(request),
        reply: None,
        failure: None,
    };
    let mut prepared = None;
    for hop in 0.. {
        let ready = prepared.as_ref().unwrap_or(ready);
        let left = terms.timeout.saturating_sub(clock::now().saturating_duration_since(began)).max(LEFT_MIN);
        let left = if hop == 0 { terms.timeout } else { left };
        attempt.send(driver, manners, jar, ready, (left, terms.keep)).await;
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
                prepared = Some(driver.prepare(&request));
                attempt.request = Cow::Owned(request);
            }
            Err(failure) => {
                attempt.failure = Some(failure);
                return attempt;
            }
        }
    }
    attempt
}

impl Attempt<'_> {
    /// Makes one exchange of it.
    async fn send<D: Driver>(
        &mut self,
        driver: &D,
        manners: &Manners,
        jar: &mut Jar,
        ready: &D::Request,
        (timeout, keep): (Duration, Keep),
    ) {
        let address = |request: &Request| redirect::address(&manners.targets[request.target], &request.path);
        let cookie = if manners.cookies { jar.header(|| address(&self.request)) } else { None };
        let terms = Terms { timeout, cookie: cookie.as_deref(), keep };
        let is_first = self.done == self.sent;
        let Exchange { sent, done, bytes, phases, opened, outcome } = driver.exchange(ready, &terms).await;
        if is_first {
            self.sent = sent;
        }
        self.done = done;
        self.bytes = bytes;
        self.bytes_in_all += bytes;
        self.phases.add(&phases);
        self.connections += u64::from(opened);
        match outcome {
            Ok(reply) => {
                if manners.cookies {
                    jar.keep(&reply.headers, || address(&self.request));
                }
                self.reply = Some(reply);
            }
            Err(failure) => {
                self.reply = None;
                self.failure = Some(failure);
            }
        }
    }
}
