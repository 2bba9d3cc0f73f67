//! One request and what became of it on a connection, whatever version of HTTP is spoken there.

use std::time::Duration;

use super::{limits::TimeLimits, pool::Lease};
use crate::{
    clock::Instant,
    protocol::{Exchange, Failure, Keep, Reply},
    record::Phases,
    units::nanoseconds,
};

/// What is to be sent, and on what terms.
#[derive(Debug)]
pub(super) struct Call<'a, R> {
    /// The request, made ready.
    pub(super) request: &'a R,
    /// Value of the user's `cookie` header.
    pub(super) cookies: Option<&'a str>,
    /// Value of the `traceparent` header.
    pub(super) traceparent: Option<&'a str>,
    /// What is kept of the response.
    pub(super) keep: Keep,
    pub(super) limits: TimeLimits,
}

impl<'a> Call<'a, ()> {
    /// The call of a request on the same terms.
    pub(super) fn of<R>(&self, request: &'a R) -> Call<'a, R> {
        Call { request, cookies: self.cookies, traceparent: self.traceparent, keep: self.keep, limits: self.limits }
    }
}

/// What became of a call.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) outcome: Result<Reply, Failure>,
    /// When the request was wholly handed over, if it was.
    pub(super) written: Option<Instant>,
    /// When the response began, where its end did not come with it.
    pub(super) first_byte: Option<Instant>,
    pub(super) done: Instant,
    /// Body bytes received.
    pub(super) bytes: u64,
    /// How long the body of the request waited until the server had room for it.
    pub(super) stalled: Duration,
    /// Where the connection failed before any byte of a response came: what the server has had of the request.
    pub(super) broken: Option<Broken>,
}

/// What a server has had of a request when its connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nothing, or it says that it has not looked at it.
    Unsent,
    /// All of it went out, but the connection turned out broken so soon that it was so before, and no server has worked on it.
    AtOnce,
    /// Some or all of it: the target may have acted on it.
    Sent,
}

impl Round {
    /// Whether sending the request again does no harm.
    pub(super) fn may_be_repeated(&self, is_idempotent: bool) -> bool {
        match self.broken {
            Some(Broken::Unsent) => true,
            Some(Broken::AtOnce) => is_idempotent,
            Some(Broken::Sent) | None => false,
        }
    }

    /// The exchange that was begun at a certain time and came to its end with this round.
    pub(super) fn into_exchange<C>(self, begin: Instant, lease: &Lease<C>, resent: bool, opened: bool) -> Exchange {
        let phases = self.phases(begin, lease.at, lease.making);
        let (connections, resent, bytes) = (opened.into(), resent.into(), self.bytes);
        Exchange { bytes, phases, connections, resent, ..Exchange::new(lease.at, self.done, self.outcome) }
    }

    /// Where the time went; from `begin`, over the moment the connection was there, to the end without a gap.
    fn phases(&self, begin: Instant, at: Instant, making: Phases) -> Phases {
        let between = |from: Instant, to: Instant| nanoseconds(to.saturating_duration_since(from));
        // A response may be there before its request is wholly written.
        let first_byte = self.first_byte.unwrap_or(self.done);
        let written = self.written.unwrap_or(first_byte).min(first_byte);
        Phases {
            blocked: between(begin, at).saturating_sub(making.total()),
            stalled: nanoseconds(self.stalled),
            send: between(at, written),
            wait: between(written, first_byte),
            receive: between(first_byte, self.done),
            ..making
        }
    }
}
