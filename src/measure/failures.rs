//! A few failures of each kind, in words and where possible with the whole exchange.

use std::borrow::Cow;

use super::ShardEnd;
use crate::{
    plan::EndpointId,
    record::{ErrorClass, ExchangeSample, FailureSample, TraceId},
};

/// Failures kept per thread; more would say nothing new.
const PER_THREAD: usize = 50;
/// Failures kept per endpoint and class.
const PER_CLASS: usize = 2;

/// A failure in words, with the exchange where there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureNote {
    /// Where it happened.
    pub endpoint: EndpointId,
    /// Its class.
    pub class: ErrorClass,
    /// What was seen.
    pub message: Cow<'static, str>,
    /// The exchange.
    pub sample: Option<Box<ExchangeSample>>,
    /// The id it was sent with.
    pub trace: Option<TraceId>,
}

/// The failures one thread keeps.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Failures(Vec<FailureNote>);

impl Failures {
    /// Keeps a failure, if there are few of its kind. One that shows more takes the place of one that shows less.
    pub fn keep(&mut self, note: FailureNote) {
        let is_alike = |known: &FailureNote| known.endpoint == note.endpoint && known.class == note.class;
        let alike = self.0.iter().filter(|known| is_alike(known)).count();
        if self.0.len() < PER_THREAD && alike < PER_CLASS {
            self.0.push(note);
        } else if note.is_full()
            && let Some(poorer) = self.0.iter_mut().find(|known| is_alike(known) && !known.is_full())
        {
            *poorer = note;
        }
    }
}

impl FailureNote {
    fn is_full(&self) -> bool {
        self.sample.as_ref().is_some_and(|sample| sample.is_full())
    }
}

/// Names the endpoints of failures that threads kept by number, and keeps only a few of each kind.
pub(super) fn named(ends: &[&ShardEnd], names: &[&str]) -> Vec<FailureSample> {
    let mut samples: Vec<FailureSample> = Vec::new();
    let mut notes: Vec<&FailureNote> = ends.iter().flat_map(|end| &end.failures.0).collect();
    // Those that show most come first, whichever thread they are of.
    notes.sort_by_key(|note| !note.is_full());
    for FailureNote { endpoint, class, message, sample, trace } in notes {
        let (endpoint, class) = (names[*endpoint], *class);
        let alike = |known: &&FailureSample| known.endpoint == endpoint && known.class == class;
        let is_known = samples.iter().filter(alike).any(|known| known.message == *message);
        if !is_known && samples.iter().filter(alike).count() < PER_CLASS {
            let (endpoint, message) = (endpoint.to_owned(), message.to_string());
            samples.push(FailureSample { endpoint, class, message, exchange: sample.clone(), trace_id: *trace });
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(message: &'static str, is_full: bool) -> FailureNote {
        let response_headers = if is_full { vec![("server".to_owned(), "x".to_owned())] } else { Vec::new() };
        let sample = Some(Box::new(ExchangeSample { response_headers, ..ExchangeSample::default() }));
        FailureNote { endpoint: 0, class: ErrorClass::Status5xx, message: message.into(), sample, trace: None }
    }

    #[test]
    fn a_failure_that_shows_more_takes_the_place_of_one_that_shows_less() {
        let mut failures = Failures::default();
        [note("a", false), note("b", true), note("c", false), note("d", true), note("e", true)]
            .into_iter()
            .for_each(|note| failures.keep(note));
        let end = ShardEnd { failures, ..ShardEnd::default() };
        let messages: Vec<String> = named(&[&end], &["home"]).into_iter().map(|sample| sample.message).collect();
        assert_eq!(messages, ["d", "b"]);
    }
}
