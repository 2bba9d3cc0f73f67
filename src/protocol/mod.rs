//! Talking to the target. Only this folder (and the targets' own metrics, later) does.
//!
//! Adding a protocol is one folder, one variant of [`Protocol`] and its variant in the configuration.

mod connect;
mod dns;
pub mod http;
mod open_files;
mod stream;
mod tls;
pub mod websocket;

use std::{borrow::Cow, future::Future, time::Duration};

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use crate::{
    clock::Instant,
    plan::{Request, TargetId},
    record::{ErrorClass, Phases, Side, TraceId},
};

pub use connect::{Connected, OriginError, Origins};
pub use open_files::system_error_in_words;
pub use stream::Stream;

/// Makes requests of one protocol. One driver per thread, so nothing in it is shared.
pub trait Driver {
    /// A request made ready once, so that sending it costs as little as can be.
    type Request;

    /// What is remembered of one user from one request to the next.
    type Session;

    /// Makes a request ready.
    fn prepare(&self, request: &Request) -> Self::Request;

    /// The session of a user who begins to play a version.
    fn session(&self, side: Side) -> Self::Session;

    /// Whether a target can be reached at all; sends nothing.
    ///
    /// # Errors
    /// It can't.
    fn reach(&self, target: TargetId) -> impl Future<Output = Result<(), Failure>>;

    /// Sends a request of a user and waits for its outcome, wherever its answer leads. A failed request is data: this cannot fail.
    /// Whether a response is what was promised is not for the driver to say.
    fn exchange(&self, session: &mut Self::Session, request: &Self::Request, terms: &Terms<'_>)
    -> impl Future<Output = Exchange>;

    /// How WebSocket connections are made, where the protocol has them.
    fn websocket(&self) -> Option<websocket::Dialer> {
        None
    }

    /// Called from time to time, so that idle connections end when their time is over.
    fn tidy_up(&self) {}
}

/// On what terms one exchange is made.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Time for the response to be complete, a connection included where none is idle, and all that its answer leads to.
    pub timeout: Duration,
    /// What of the response is wanted.
    pub keep: Keep,
    /// Statuses that are promised: an answer with one of them is what was asked for, and leads nowhere else.
    pub expected: &'a [StatusCode],
    /// The id it is to be found by in the traces of the target.
    pub trace: Option<TraceId>,
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

/// What became of one request, and of those that its answer led to.
#[derive(Debug)]
pub struct Exchange {
    /// When the request was handed to a connection; where none could be had, when one was asked for.
    pub sent: Instant,
    /// When the response was complete, or the failure certain.
    pub done: Instant,
    /// Body bytes received, of all answers.
    pub bytes: u64,
    /// Where the time went.
    pub phases: Phases,
    /// Connections that had to be opened for it.
    pub connections: u64,
    /// Requests that went out twice, because the first connection took nothing of them or was closed already.
    pub resent: u64,
    /// What was asked for last, where an answer led elsewhere.
    pub request: Option<Box<Request>>,
    /// What came back, or why nothing did.
    pub outcome: Result<Reply, Failure>,
    /// What came back where just that is the failure: an answer that leads to nowhere.
    pub rejected: Option<Box<Reply>>,
}

impl Exchange {
    /// An exchange of one request, for which nothing was opened and nothing came but this.
    #[must_use]
    pub fn new(sent: Instant, done: Instant, outcome: Result<Reply, Failure>) -> Self {
        let (bytes, phases, connections, resent) = (0, Phases::default(), 0, 0);
        Self { sent, done, bytes, phases, connections, resent, request: None, outcome, rejected: None }
    }

    /// The last answer, if there was one.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        self.outcome.as_ref().ok().or(self.rejected.as_deref())
    }
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
    /// Bytes of its body, as they came.
    pub bytes: u64,
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

    /// The same without what came back, which in `setup` is full of credentials.
    #[must_use]
    pub fn without_find(mut self) -> Self {
        if let Some((told, _)) = self.message.split_once(", found ") {
            self.message = format!("{told} (what came back is not shown in `setup`)").into();
        }
        self
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
