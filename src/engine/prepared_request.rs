//! One request step of one user: rendered, sent, answered, judged, and tried again where that is wished.

use std::{rc::Rc, time::Duration};

use super::{answer::Answer, render::render, request_settings::RequestSettings, samples::Samples, traces::Traces, user::User};
use crate::{
    clock::{self, Instant},
    mask::mask,
    measure::Finished,
    plan::{EndpointId, Place, Rendered, Request, RequestStep},
    protocol::{Driver, Exchange, Failure, Keep, Reply, Terms},
    record::{ErrorClass, ExchangeSample, TraceId},
};

/// A request step made ready for a driver.
#[derive(Debug)]
pub(super) struct PreparedRequest<R> {
    pub(super) endpoint: EndpointId,
    pub(super) measured: bool,
    step: RequestStep,
    settings: Rc<RequestSettings>,
    timeout: Duration,
    keep: Keep,
    sending: Sending<R>,
    samples: Samples,
}

/// How the request of a step comes about.
#[derive(Debug)]
enum Sending<R> {
    /// It is always the same, and was made ready once.
    Same(R),
    /// Parts of it are rendered each time.
    Rendered(Rendered),
}

/// When a failed request would be made once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// After a pause.
    Later,
    /// At once: the pause is over.
    Now,
}

/// What became of it, all attempts together.
#[derive(Debug)]
pub(super) struct RequestOutcome {
    /// When the outcome was certain.
    pub(super) done: Instant,
    /// All that is told of it but when it was due and how long it took from then: that is known to who plays the step.
    pub(super) finished: Finished,
}

impl<R> PreparedRequest<R> {
    pub(super) fn new<D: Driver<Request = R>>(step: &RequestStep, settings: &Rc<RequestSettings>, driver: &D) -> Self {
        Self {
            endpoint: step.endpoint,
            measured: step.measured,
            timeout: step.timeout.unwrap_or(settings.timeout),
            keep: needed(step),
            sending: match &step.rendered {
                None => Sending::Same(driver.prepare(&step.request)),
                Some(rendered) => Sending::Rendered(rendered.clone()),
            },
            step: step.clone(),
            settings: Rc::clone(settings),
            samples: Samples::default(),
        }
    }

    /// Makes it. A failed attempt is not repeated when `may_repeat` says no: to a target that fails, or at the end of a run.
    /// Where `is_told`, a failure that is left comes with a sample; nobody would see that of a warm-up.
    pub(super) async fn make<D: Driver<Request = R>>(
        &self,
        driver: &D,
        user: &mut User<D::Session>,
        is_told: bool,
        may_repeat: impl Fn(Attempt) -> bool,
    ) -> RequestOutcome {
        let made;
        let (request, ready) = match &self.sending {
            Sending::Same(ready) => (&self.step.request, ready),
            Sending::Rendered(rendered) => {
                match render(&self.settings.templates, &self.step.request, rendered, user.scope_now()) {
                    Ok(request) => made = (driver.prepare(&request), request),
                    Err(failure) => return RequestOutcome::unsent(failure),
                }
                (&made.1, &made.0)
            }
        };
        let mut sent = None;
        let (mut bytes, mut connections, mut resent) = (0, 0, 0);
        let mut retries = 0;
        let trace = self.settings.traces.as_ref().map(Traces::next);
        loop {
            let attempt = driver.exchange(&mut user.session, ready, &self.terms(trace)).await;
            bytes += attempt.bytes;
            connections += attempt.connections;
            resent += attempt.resent;
            let sent = *sent.get_or_insert(attempt.sent);
            let failure = self.judge(&attempt, user);
            if let Some(failure) = &failure
                && self.settings.tries_again(failure.class, retries)
                && may_repeat(Attempt::Later)
            {
                tokio::time::sleep(self.settings.backoff.pause(retries, &mut user.rng)).await;
                if may_repeat(Attempt::Now) {
                    retries += 1;
                    continue;
                }
            }
            let sample = failure.as_ref().filter(|_| is_told).and_then(|failure| self.sample(failure.class, request, &attempt));
            let (failure, sample) = masked(failure, sample, user);
            let Exchange { done, phases, .. } = attempt;
            let finished = Finished {
                service: done.saturating_duration_since(sent),
                bytes,
                phases,
                connections,
                retries: u64::from(retries) + resent,
                retried: retries > 0,
                failure: failure.map(|failure| (failure.class, failure.message)),
                sample,
                trace,
                ..Finished::default()
            };
            return RequestOutcome { done, finished };
        }
    }

    fn terms(&self, trace: Option<TraceId>) -> Terms<'_> {
        let keep = if self.samples.is_hungry() { self.keep.max(Keep::Excerpt) } else { self.keep };
        Terms { timeout: self.timeout, keep, expected: &self.step.check.status, trace }
    }

    /// Whether an attempt failed. What later steps need of an answer that is as promised goes to the user.
    fn judge<S>(&self, attempt: &Exchange, user: &mut User<S>) -> Option<Failure> {
        let failure = match &attempt.outcome {
            Ok(reply) => self.judge_reply(reply, user)?,
            Err(failure) => return Some(failure.clone()),
        };
        Some(if self.step.is_setup { failure.without_find() } else { failure })
    }

    fn judge_reply<S>(&self, reply: &Reply, user: &mut User<S>) -> Option<Failure> {
        let answer = Answer::new(reply);
        answer.judge(&self.step.check).or_else(|| {
            if self.step.extract.is_empty() {
                return None;
            }
            answer.extract(&self.step.extract).map(|values| user.learn(values)).err()
        })
    }

    /// A sample of the answer to an attempt that failed, where there was one and it is one of the few that are kept.
    fn sample(&self, class: ErrorClass, request: &Request, attempt: &Exchange) -> Option<Box<ExchangeSample>> {
        let request = attempt.request.as_deref().unwrap_or(request);
        let mut sample = self.samples.take(class, request, attempt.reply()?)?;
        if self.step.is_setup {
            sample.body.clear();
        }
        Some(sample)
    }
}

/// A failure without what is private to the user: targets like to repeat what they were sent.
fn masked<S>(
    failure: Option<Failure>,
    sample: Option<Box<ExchangeSample>>,
    user: &User<S>,
) -> (Option<Failure>, Option<Box<ExchangeSample>>) {
    let Some(failure) = failure else { return (None, None) };
    let values = user.private_values();
    if values.is_empty() {
        return (Some(failure), sample);
    }
    let hide = |text: &str| mask(text, values.iter().map(String::as_str));
    let message = hide(&failure.message).into();
    (Some(Failure { message, ..failure }), sample.map(|sample| Box::new(sample.map(hide))))
}

/// What of an answer a step looks at.
fn needed(step: &RequestStep) -> Keep {
    let is_header = |place: &Place| matches!(place, Place::Header(_));
    if step.check.needs_body() || step.extract.iter().any(|extract| !is_header(&extract.place)) {
        Keep::Body
    } else if step.check.needs_headers() || !step.extract.is_empty() {
        Keep::Head
    } else {
        Keep::Status
    }
}

impl RequestOutcome {
    fn unsent(failure: Failure) -> Self {
        let failure = Some((failure.class, failure.message));
        Self { done: clock::now(), finished: Finished { failure, ..Finished::default() } }
    }
}
