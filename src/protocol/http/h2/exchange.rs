//! One request on a stream of its own, among others on the same connection.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use h2::{RecvStream, SendStream, client::ResponseFuture};
use http::{HeaderMap, StatusCode};

use super::{pool::Lease, request::Prepared, words};
use crate::{
    clock::{self, Instant},
    protocol::{
        Failure, Keep, Reply,
        http::{encoding, h1::KEPT_BYTES_MAX, limits::Limits},
    },
    record::ErrorClass,
};

/// Bytes read of a body before the server is told that there is room again. What is left is told with the end of the stream.
const RELEASE_AT: usize = 512 * 1024;

/// What is to be sent, and on what terms.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol::http) struct Call<'a> {
    /// The request.
    pub(in crate::protocol::http) request: &'a Prepared,
    /// Value of the user's `cookie` header.
    pub(in crate::protocol::http) cookies: Option<&'a str>,
    /// What is kept of the response.
    pub(in crate::protocol::http) keep: Keep,
    pub(in crate::protocol::http) limits: Limits,
}

/// What became of a call.
#[derive(Debug)]
pub(in crate::protocol::http) struct Round {
    pub(in crate::protocol::http) outcome: Result<Reply, Failure>,
    /// When the request was wholly handed over, if it was.
    pub(in crate::protocol::http) written: Option<Instant>,
    /// When the head of the response came, where the rest did not come with it.
    pub(in crate::protocol::http) first_byte: Option<Instant>,
    pub(in crate::protocol::http) done: Instant,
    /// Body bytes received.
    pub(in crate::protocol::http) bytes: u64,
    /// How long the body of the request waited until the server had room for it.
    pub(in crate::protocol::http) stalled: Duration,
    /// Whether the server has not looked at the request.
    pub(in crate::protocol::http) unprocessed: bool,
}

impl Lease<'_> {
    /// Sends a request and reads its response. A request that is given up ends its stream, not the connection.
    pub(in crate::protocol::http) async fn exchange(&mut self, call: &Call<'_>) -> Round {
        let opened = match call.request.opening(call.cookies) {
            Some(request) => self.slot.open(request, call.request.body.is_empty()),
            None => return Round::unsent(Failure::new(ErrorClass::Template, "the path can't be sent"), false),
        };
        let (response, body) = match opened {
            Some(Ok(halves)) => halves,
            Some(Err(error)) => {
                self.slot.refused = true;
                return Round::unsent(words::of_stream(&error), true);
            }
            None => return Round::unsent(Failure::new(ErrorClass::Reset, "the connection has ended"), true),
        };
        let mut talk = Talk::new(call, response, body, self.at);
        let mut deadline = self.slot.pool.deadlines.borrow_mut().pop().unwrap_or_default();
        let end = poll_fn(|cx| {
            if let Poll::Ready(end) = talk.poll(cx) {
                return Poll::Ready(end);
            }
            let written = talk.written.filter(|_| matches!(talk.incoming, Incoming::Nothing(_)));
            let (limit, class, words) = talk.call.limits.next(written);
            ready!(deadline.poll(limit, cx));
            Poll::Ready(Err(Broken { failure: Failure::new(class, words), unprocessed: false }))
        })
        .await;
        self.slot.pool.deadlines.borrow_mut().push(deadline);
        let round = talk.into_round(end);
        self.slot.refused = round.unprocessed;
        round
    }
}

impl Round {
    fn unsent(failure: Failure, unprocessed: bool) -> Self {
        let done = clock::now();
        let outcome = Err(failure);
        Self { outcome, written: None, first_byte: None, done, bytes: 0, stalled: Duration::ZERO, unprocessed }
    }
}

/// How an exchange broke off.
struct Broken {
    failure: Failure,
    /// Whether the server has not looked at the request.
    unprocessed: bool,
}

impl From<h2::Error> for Broken {
    fn from(error: h2::Error) -> Self {
        Self { failure: words::of_stream(&error), unprocessed: words::is_unprocessed(&error) }
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self { failure, unprocessed: false }
    }
}

/// One request under way.
struct Talk<'a> {
    call: &'a Call<'a>,
    upload: Upload,
    incoming: Incoming,
    written: Option<Instant>,
    first_byte: Option<Instant>,
    bytes: u64,
}

/// The response as far as it has come.
enum Incoming {
    Nothing(ResponseFuture),
    Head { status: StatusCode, headers: HeaderMap, body: RecvStream, kept: Vec<u8>, unreleased: usize },
}

/// The body of the request as far as it is not handed over.
struct Upload {
    stream: SendStream<Bytes>,
    unsent: Bytes,
    /// Since when the server has no room for it.
    stalled_since: Option<Instant>,
    stalled: Duration,
}

impl<'a> Talk<'a> {
    fn new(call: &'a Call<'a>, response: ResponseFuture, stream: SendStream<Bytes>, at: Instant) -> Self {
        let unsent = call.request.body.clone();
        let written = unsent.is_empty().then_some(at);
        let upload = Upload { stream, unsent, stalled_since: None, stalled: Duration::ZERO };
        Self { call, upload, incoming: Incoming::Nothing(response), written, first_byte: None, bytes: 0 }
    }

    /// Ready when the response is complete.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if self.written.is_none() {
            // An error shows on the response, too, and is told there: the server may have answered before.
            let _ = self.upload.poll(cx).map_ok(|()| self.written = Some(clock::now()));
        }
        let had_head = matches!(self.incoming, Incoming::Head { .. });
        let progress = self.poll_response(cx);
        if !had_head && progress.is_pending() && matches!(self.incoming, Incoming::Head { .. }) {
            self.first_byte = Some(clock::now());
        }
        progress
    }

    fn poll_response(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if let Incoming::Nothing(response) = &mut self.incoming {
            let (head, body) = ready!(Pin::new(response).poll(cx))?.into_parts();
            let headers = if self.call.keep == Keep::Status { HeaderMap::new() } else { head.headers };
            self.incoming = Incoming::Head { status: head.status, headers, body, kept: Vec::new(), unreleased: 0 };
        }
        let Incoming::Head { body, kept, unreleased, .. } = &mut self.incoming else { return Poll::Pending };
        while !body.is_end_stream() {
            let Some(piece) = ready!(body.poll_data(cx)) else { break };
            let piece = piece?;
            self.bytes += piece.len() as u64;
            kept.extend_from_slice(encoding::keep(self.call.keep, kept.len(), &piece, KEPT_BYTES_MAX)?);
            *unreleased += piece.len();
            if *unreleased >= RELEASE_AT {
                body.flow_control().release_capacity(std::mem::take(unreleased))?;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn into_round(mut self, end: Result<(), Broken>) -> Round {
        let done = clock::now();
        self.upload.resume(done);
        let unprocessed = end.as_ref().is_err_and(|broken| broken.unprocessed);
        let outcome = match (end, self.incoming) {
            (Err(broken), _) => Err(broken.failure),
            (Ok(()), Incoming::Head { status, headers, kept, .. }) => reply(status, headers, kept, self.call.keep),
            (Ok(()), Incoming::Nothing(_)) => Err(Failure::new(ErrorClass::Protocol, "the response has no head")),
        };
        let (stalled, bytes) = (self.upload.stalled, self.bytes);
        Round { outcome, written: self.written, first_byte: self.first_byte, done, bytes, stalled, unprocessed }
    }
}

fn reply(status: StatusCode, headers: HeaderMap, kept: Vec<u8>, keep: Keep) -> Result<Reply, Failure> {
    let body = encoding::content(keep, &headers, kept, KEPT_BYTES_MAX)?;
    Ok(Reply { status, headers, body })
}

impl Upload {
    /// Hands over as much as the server has room for. Ready when it has all of it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        while !self.unsent.is_empty() {
            self.stream.reserve_capacity(self.unsent.len());
            let mut room = self.stream.capacity();
            if room == 0 {
                match self.stream.poll_capacity(cx) {
                    Poll::Ready(Some(granted)) => room = granted?,
                    Poll::Ready(None) => return Poll::Pending,
                    Poll::Pending => {
                        self.stalled_since.get_or_insert_with(clock::now);
                        return Poll::Pending;
                    }
                }
            }
            if self.stalled_since.is_some() {
                self.resume(clock::now());
            }
            let piece = self.unsent.split_to(room.min(self.unsent.len()));
            self.stream.send_data(piece, self.unsent.is_empty())?;
        }
        Poll::Ready(Ok(()))
    }

    /// The server has room again, or it does not matter any more.
    fn resume(&mut self, now: Instant) {
        if let Some(since) = self.stalled_since.take() {
            self.stalled += now.saturating_duration_since(since);
        }
    }
}
