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

use super::{pool::Slot, request::Prepared, words};
use crate::{
    clock::{self, Instant},
    protocol::{
        Failure, Keep, Reply,
        http::{
            encoding,
            h1::KEPT_BYTES_MAX,
            round::{Broken, Call, Round},
        },
    },
    record::ErrorClass,
};

/// Bytes read of a body before the server is told that there is room again. What is left is told with the end of the stream.
const RELEASE_AT: usize = 512 * 1024;

impl Slot<'_> {
    /// Sends a request at a certain time and reads its response. A request that is given up ends its stream, not the connection.
    pub(in crate::protocol::http) async fn exchange(&mut self, call: &Call<'_, Prepared>, at: Instant) -> Round {
        let opened = match call.request.opening(call.cookies, call.traceparent) {
            Some(request) => self.open(request, call.request.body.is_empty()),
            None => return unsent(Failure::new(ErrorClass::Template, "the path can't be sent"), None),
        };
        let (response, body) = match opened {
            Some(Ok(halves)) => halves,
            Some(Err(error)) => {
                self.refused = true;
                return unsent(words::of_stream(&error), Some(Broken::Unsent));
            }
            None => return unsent(Failure::new(ErrorClass::Reset, "the connection has ended"), Some(Broken::Unsent)),
        };
        let mut talk = Talk::new(call, response, body, at);
        let mut deadline = self.pool.deadlines.borrow_mut().pop().unwrap_or_default();
        let end = poll_fn(|cx| {
            if let Poll::Ready(end) = talk.poll(cx) {
                return Poll::Ready(end);
            }
            let written = talk.written.filter(|_| matches!(talk.incoming, Incoming::Nothing(_)));
            let (limit, class, words) = talk.call.limits.next(written);
            ready!(deadline.poll(limit, cx));
            Poll::Ready(Err(Failure::new(class, words).into()))
        })
        .await;
        self.pool.deadlines.borrow_mut().push(deadline);
        let end = end.map_err(|end| match self.given_up().filter(|_| end.closed) {
            Some(reason) => End { failure: words::after_goodbye(reason), ..end },
            None => end,
        });
        let round = talk.into_round(end);
        self.refused = round.broken.is_some();
        round
    }
}

/// A request that opened no stream.
fn unsent(failure: Failure, broken: Option<Broken>) -> Round {
    let outcome = Err(failure);
    Round { outcome, written: None, first_byte: None, done: clock::now(), bytes: 0, stalled: Duration::ZERO, broken }
}

/// How an exchange broke off.
struct End {
    failure: Failure,
    /// Whether the server has not looked at the request.
    unprocessed: bool,
    /// Whether the connection was closed.
    closed: bool,
}

impl From<h2::Error> for End {
    fn from(error: h2::Error) -> Self {
        Self { failure: words::of_stream(&error), unprocessed: words::is_unprocessed(&error), closed: error.is_io() }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self { failure, unprocessed: false, closed: false }
    }
}

/// One request under way.
struct Talk<'a> {
    call: &'a Call<'a, Prepared>,
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
    fn new(call: &'a Call<'a, Prepared>, response: ResponseFuture, stream: SendStream<Bytes>, at: Instant) -> Self {
        let unsent = call.request.body.clone();
        let written = unsent.is_empty().then_some(at);
        let upload = Upload { stream, unsent, stalled_since: None, stalled: Duration::ZERO };
        Self { call, upload, incoming: Incoming::Nothing(response), written, first_byte: None, bytes: 0 }
    }

    /// Ready when the response is complete.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
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

    fn poll_response(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
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

    fn into_round(mut self, end: Result<(), End>) -> Round {
        let done = clock::now();
        self.upload.resume(done);
        let unprocessed = end.as_ref().is_err_and(|end| end.unprocessed);
        let outcome = match (end, self.incoming) {
            (Err(end), _) => Err(end.failure),
            (Ok(()), Incoming::Head { status, headers, kept, .. }) => {
                let body = encoding::content(self.call.keep, &headers, kept, KEPT_BYTES_MAX);
                body.map(|body| Reply { status, headers, body, bytes: self.bytes })
            }
            (Ok(()), Incoming::Nothing(_)) => Err(Failure::new(ErrorClass::Protocol, "the response has no head")),
        };
        let (stalled, bytes) = (self.upload.stalled, self.bytes);
        Round {
            outcome,
            written: self.written,
            first_byte: self.first_byte,
            done,
            bytes,
            stalled,
            broken: unprocessed.then_some(Broken::Unsent),
        }
    }
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
