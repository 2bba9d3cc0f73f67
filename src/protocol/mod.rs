//! Talking to the target. Only this folder (and the targets' own metrics, later) does.
//!
//! Adding a protocol is one folder, one variant of [`Protocol`] and its variant in the configuration.

mod connect;
mod dns;
pub mod http;
mod open_files;
mod stream;
mod tls;

use std::{borrow::Cow, future::Future, time::Duration};

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use crate::{
    clock::Instant,
    plan::Request,
    record::{ErrorClass, Phases},
};

pub use connect::{Connected, OriginError, Origins};
pub use stream::Stream;

/// Makes requests of one protocol. One driver per thread, so nothing in it is shared.
pub trait Driver {
    /// A request made ready once, so that sending it costs as little as can be.
    type Request;

    /// Makes a request ready.
    fn prepare(&self, request: &Request) -> Self::Request;

    /// Sends a request and waits for its outcome. A failed request is data: this cannot fail. Whether a response is what was
    /// promised is not for the driver to say.
    fn exchange(&self, request: &Self::Request, terms: &Terms<'_>) -> impl Future<Output = Exchange>;

    /// Called from time to time, so that idle connections end when their time is over.
    fn tidy_up(&self) {}
}

/// On what terms one exchange is made.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Time for the response to be complete, a connection included where none is idle.
    pub timeout: Duration,
    /// Value of the `cookie` header of this user, if there is one.
    pub cookie: Option<&'a str>,
    /// What of the response is wanted.
    pub keep: Keep,
}

/// What of a response is kept; the rest is read, counted and forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// The status alone.
    #[default]
    Status,
    /// The headers too.
    Head,
    /// The beginning of the body too, for somebody who reads it: nothing of it where it can't be decompressed.
    Excerpt,
    /// All of it, decompressed, up to the driver's limit.
    Body,
}

/// What became of one request.
#[derive(Debug)]
pub struct Exchange {
    /// When the request was handed to a connection; where none could be had, when one was asked for.
    pub sent: Instant,
    /// When the response was complete, or the failure certain.
    pub done: Instant,
    /// Body bytes received, as they came.
    pub bytes: u64,
    /// Where the time went.
    pub phases: Phases,
    /// Whether a connection had to be opened for it.
    pub opened: bool,
    /// Whether it went out twice, because the first connection took nothing of it or was closed already.
    pub resent: bool,
    /// What came back, or why nothing did.
    pub outcome: Result<Reply, Failure>,
}

/// A complete response.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers; empty unless they were wanted.
    pub headers: HeaderMap,
    /// Its body, decompressed; empty unless it was wanted.
    pub body: Bytes,
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

    /// A failure in words of our own.
    #[must_use]
    pub fn told(class: ErrorClass, message: &str) -> Self {
        Self { class, message: Cow::Owned(message.chars().take(Self::MESSAGE_CHARS_MAX).collect()) }
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
