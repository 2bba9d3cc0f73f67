//! Exchanges that failed, kept in full: a few of each class, so that a reader sees what came back.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use http::{HeaderName, HeaderValue};

use crate::{
    mask::{MASK, hidden, is_credential},
    plan::Request,
    protocol::Reply,
    record::{ErrorClass, ExchangeSample},
};

/// Samples of each class and step on each thread.
const PER_CLASS: u8 = 2;
/// Answers of which less was kept than is shown, after which no more is hoped for: there are bodies that can't be shown.
const POOR_MAX: u8 = 20;
/// Answers kept after one that failed: a failure that comes once in many more is not worth what keeping them costs.
const HUNGER: u8 = 100;
/// Longest value of a header, and longest path, that is kept.
const VALUE_CHARS_MAX: usize = 300;

/// The samples of one step on one thread.
#[derive(Debug, Default)]
pub(super) struct Samples {
    taken: RefCell<BTreeMap<ErrorClass, Taken>>,
    /// Answers that are still to be kept with their beginning, since one failed of which too little was kept.
    hunger: Cell<u8>,
}

/// Samples of one class.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    full: u8,
    poor: u8,
}

impl Taken {
    fn is_enough(self) -> bool {
        self.full == PER_CLASS || self.poor == POOR_MAX
    }

    /// Whether nothing is known yet of an answer but its status.
    fn is_wanting(self) -> bool {
        self.full == 0 && !self.is_enough()
    }
}

impl Samples {
    /// Whether the next answer is to be kept with its beginning, failure or not. Asked once for each.
    pub(super) fn is_hungry(&self) -> bool {
        let hunger = self.hunger.get();
        self.hunger.set(hunger.saturating_sub(1));
        hunger > 0
    }

    /// A sample of an answer that failed; `None` when there are enough of its class.
    pub(super) fn take(&self, class: ErrorClass, request: &Request, reply: &Reply) -> Option<Box<ExchangeSample>> {
        let mut taken = self.taken.borrow_mut();
        let of_class = taken.entry(class).or_default();
        if of_class.is_enough() {
            return None;
        }
        let sample = sample(request, reply);
        // What was thrown away can't be shown; the next failure will show it.
        of_class.full += u8::from(sample.is_full());
        of_class.poor += u8::from(!sample.is_full());
        let is_wanting = taken.values().any(|of_class| of_class.is_wanting());
        self.hunger.set(if is_wanting { self.hunger.get().max(if sample.is_full() { 0 } else { HUNGER }) } else { 0 });
        Some(Box::new(sample))
    }
}

fn sample(request: &Request, reply: &Reply) -> ExchangeSample {
    let path = cut(&request.path);
    let excerpt = &reply.body[..reply.body.len().min(ExchangeSample::BODY_BYTES_MAX)];
    ExchangeSample {
        request: format!("{} {path}", request.method),
        request_headers: request.headers.iter().map(|(name, value)| shown(name, value)).collect(),
        status: reply.status.as_u16(),
        response_headers: reply.headers.iter().map(|(name, value)| shown(name, value)).collect(),
        // A character that was cut in two at the end is left out.
        body: hidden(String::from_utf8_lossy(excerpt).trim_end_matches('\u{fffd}')),
        body_bytes: reply.bytes,
    }
}

/// The beginning of a text, without the credentials in it.
fn cut(text: &str) -> String {
    hidden(text).chars().take(VALUE_CHARS_MAX).collect()
}

fn shown(name: &HeaderName, value: &HeaderValue) -> (String, String) {
    let text = String::from_utf8_lossy(value.as_bytes());
    let text = if value.is_sensitive() || is_credential(name.as_str()) { MASK.to_owned() } else { cut(&text) };
    (name.as_str().to_owned(), text)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method, StatusCode};

    use super::*;

    fn request() -> Request {
        let header = |name, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let headers = vec![header("authorization", "Bearer t"), header("x-api-key", "k"), header("accept", "text/html")];
        Request { target: 0, method: Method::POST, path: "/login".to_owned(), headers, body: Bytes::from_static(b"password") }
    }

    fn reply(headers: HeaderMap, body: &str) -> Reply {
        // Five bytes at least came, whatever was kept of them.
        let bytes = body.len().max(5) as u64;
        Reply { status: StatusCode::FORBIDDEN, headers, body: Bytes::copy_from_slice(body.as_bytes()), bytes }
    }

    fn full(body: &str) -> Reply {
        let headers = [("set-cookie", "sid=1"), ("server", "x")];
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        reply(headers.map(header).into_iter().collect(), body)
    }

    #[test]
    fn credentials_and_what_is_too_long_are_left_out() {
        let sample = Samples::default().take(ErrorClass::Status4xx, &request(), &full(&"é".repeat(3000))).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!((sample.request.as_str(), sample.status, sample.body_bytes), ("POST /login", 403, 6000));
        assert_eq!(sample.request_headers, [pair("authorization", "***"), pair("x-api-key", "***"), pair("accept", "text/html")]);
        assert_eq!(sample.response_headers, [pair("set-cookie", "***"), pair("server", "x")]);
        assert_eq!(sample.body, "é".repeat(1024));
    }

    #[test]
    fn two_samples_of_each_class_are_enough() {
        let samples = Samples::default();
        let takes = |class| samples.take(class, &request(), &full("x")).is_some();
        assert_eq!([(); 3].map(|()| takes(ErrorClass::Status4xx)), [true, true, false]);
        assert!(takes(ErrorClass::CheckFailed) && !samples.is_hungry());
    }

    #[test]
    fn an_answer_of_which_nothing_was_kept_makes_hungry_for_the_next_one() {
        let samples = Samples::default();
        let first = samples.take(ErrorClass::Status4xx, &request(), &reply(HeaderMap::new(), "")).unwrap();
        assert!(!first.is_full() && samples.is_hungry());
        assert!(samples.take(ErrorClass::Status4xx, &request(), &full("x")).unwrap().is_full());
        assert!(!samples.is_hungry());
    }

    #[test]
    fn headers_without_the_body_that_came_are_not_enough() {
        let samples = Samples::default();
        let mut headers_only = full("");
        headers_only.body = Bytes::new();
        let first = samples.take(ErrorClass::Status5xx, &request(), &headers_only).unwrap();
        assert!(!first.is_full() && samples.is_hungry());
        assert_eq!(samples.take(ErrorClass::Status5xx, &request(), &full("<html>")).unwrap().body, "<html>");
        assert!(!samples.is_hungry());
    }

    #[test]
    fn a_body_that_can_never_be_shown_is_not_asked_for_without_end() {
        let samples = Samples::default();
        let taken = (0..1_000).filter(|_| samples.take(ErrorClass::Status5xx, &request(), &full("")).is_some()).count();
        assert_eq!((taken, samples.is_hungry()), (usize::from(POOR_MAX), false));
    }

    #[test]
    fn hunger_passes_when_nothing_fails_any_more() {
        let samples = Samples::default();
        samples.take(ErrorClass::Status4xx, &request(), &reply(HeaderMap::new(), ""));
        assert_eq!((0..1_000).filter(|_| samples.is_hungry()).count(), usize::from(HUNGER));
    }
}
