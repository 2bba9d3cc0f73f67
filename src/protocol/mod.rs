//! Talking to the target. Only this folder (and the targets' own metrics, later) does.
//!
//! Adding a protocol is one folder, one variant of [`Protocol`] and its variant in the configuration.

mod connect;
pub mod http;

use std::{borrow::Cow, future::Future, time::Duration};

use crate::{clock::Instant, plan::Step, record::ErrorClass};

pub use connect::{Addresses, ResolveError};

/// The protocols loadgate speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 over TCP.
    Http1,
}

/// Makes requests of one protocol. One driver per thread, so nothing in it is shared.
pub trait Driver {
    /// A step made ready once, so that sending it costs as little as can be.
    type Request;

    /// Makes a step ready.
    fn prepare(&self, step: &Step) -> Self::Request;

    /// Sends a request and waits for its outcome. A failed request is data: this cannot fail.
    fn exchange(&self, request: &Self::Request, timeout: Duration) -> impl Future<Output = Exchange>;
}

/// What became of one request.
#[derive(Debug)]
pub struct Exchange {
    /// When the request was handed to a connection; where none could be had, when one was asked for.
    pub sent: Instant,
    /// When the response was complete, or the failure certain.
    pub done: Instant,
    /// Body bytes received.
    pub bytes: u64,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its class.
    pub class: ErrorClass,
    /// What was seen, in words, capped.
    pub message: Cow<'static, str>,
}

impl Failure {
    /// Longest message that is kept.
    const MESSAGE_CHARS_MAX: usize = 200;

    /// A failure whose words need no allocation.
    #[must_use]
    pub fn new(class: ErrorClass, message: &'static str) -> Self {
        Self { class, message: Cow::Borrowed(message) }
    }

    /// A failure in the words of an error and all its causes.
    #[must_use]
    pub fn of(class: ErrorClass, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !message.contains(&cause_text) {
                message = format!("{message}: {cause_text}");
            }
            source = cause.source();
        }
        Self { class, message: Cow::Owned(message.chars().take(Self::MESSAGE_CHARS_MAX).collect()) }
    }
}
