//! One connection, and one request at a time on it.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::coop::unconstrained,
};

use super::{
    request::Serialised,
    response::{Asked, Progress, Response},
};
use crate::{
    clock::{self, Instant},
    protocol::{
        Failure,
        http::{
            deadline::Deadline,
            limits::TimeLimits,
            round::{Broken, Call, Round},
        },
        tls,
    },
    record::ErrorClass,
};

/// Bytes that one read can bring.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Time within which a connection that turns out broken was so before the request reached the server.
const AT_ONCE: Duration = Duration::from_millis(1);

/// What all connections of a thread read into. A connection that waits owns no memory for what it waits for.
#[derive(Debug)]
pub(in crate::protocol::http) struct Scratch(RefCell<Box<[u8]>>);

/// A connection that speaks HTTP/1.1.
#[derive(Debug)]
pub(in crate::protocol::http) struct Connection<S> {
    stream: S,
    deadline: Deadline,
    /// Whether it can carry another request.
    reusable: bool,
}

impl Default for Scratch {
    fn default() -> Self {
        Self(RefCell::new(vec![0; READ_BYTES_MAX].into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(in crate::protocol::http) fn new(stream: S) -> Self {
        Self { stream, deadline: Deadline::default(), reusable: true }
    }

    /// Whether it can carry another request.
    pub(in crate::protocol::http) fn is_reusable(&self) -> bool {
        self.reusable
    }

    /// Whether nothing has come since the last response. An end of the connection makes it unusable, and so does data, which
    /// would be taken for the answer to the next request. Costs no system call where nothing has come.
    pub(in crate::protocol::http) async fn is_quiet(&mut self, scratch: &Scratch) -> bool {
        // A task that has used up its turn is told that nothing is there, whatever is. Here that must not be believed.
        let look = poll_fn(|_| {
            let mut scratch = scratch.0.borrow_mut();
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = Pin::new(&mut self.stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
            Poll::Ready(read.is_pending())
        });
        unconstrained(look).await
    }

    /// Sends a request and reads its response.
    pub(in crate::protocol::http) async fn exchange(&mut self, call: &Call<'_, Serialised>, scratch: &Scratch) -> Round {
        let message = call.request.with(call.cookies, call.traceparent);
        let mut talk = Talk::new(&message, Asked { head: call.request.head, keep: call.keep }, call.limits);
        let end = poll_fn(|cx| talk.poll(self, scratch, cx)).await;
        let done = clock::now();
        self.reusable = talk.unsent.is_empty() && talk.write_error.is_none() && matches!(end, Ok(true));
        let broken = match &end {
            Err(failure) if failure.class == ErrorClass::Reset && !talk.response.began() => Some(talk.broken(done)),
            _ => None,
        };
        Round {
            written: talk.written,
            first_byte: talk.first_byte,
            done,
            bytes: talk.response.bytes,
            stalled: Duration::ZERO,
            broken,
            outcome: end.and_then(|_| talk.response.into_reply()),
        }
    }
}

/// One request under way.
struct Talk<'a> {
    message: &'a [u8],
    limits: TimeLimits,
    unsent: &'a [u8],
    written: Option<Instant>,
    write_error: Option<io::Error>,
    response: Response,
    first_byte: Option<Instant>,
}

impl<'a> Talk<'a> {
    fn new(message: &'a [u8], asked: Asked, limits: TimeLimits) -> Self {
        let response = Response::new(asked);
        Self { message, limits, unsent: message, written: None, write_error: None, response, first_byte: None }
    }

    /// Ready with whether the connection can be used again.
    fn poll<S>(&mut self, connection: &mut Connection<S>, scratch: &Scratch, cx: &mut Context<'_>) -> Poll<Result<bool, Failure>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.write(&mut connection.stream, cx);
        let mut reads = 0;
        // The response may come before the request is written: a target need not read what it refuses.
        while let Poll::Ready(end) = self.read(&mut connection.stream, scratch, cx) {
            match end {
                Ok(Progress::More) => reads += 1,
                Ok(Progress::Complete { reusable }) => return Poll::Ready(Ok(reusable)),
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
        let written = self.written.filter(|_| !self.response.began());
        let (limit, class, words) = self.limits.next(written);
        // A target that sends without a pause never lets the timer have its turn.
        let passed = reads > 0 && clock::now() >= limit;
        if !passed {
            ready!(connection.deadline.poll(limit, cx));
        }
        Poll::Ready(Err(Failure::new(class, words)))
    }

    /// Writes as much as the connection takes. An error is kept for later: the response may have come nevertheless.
    fn write<S: AsyncWrite + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) {
        while self.write_error.is_none() && !self.unsent.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, self.unsent) {
                Poll::Ready(Ok(0)) => self.write_error = Some(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(length)) => self.unsent = &self.unsent[length..],
                Poll::Ready(Err(error)) => self.write_error = Some(error),
                Poll::Pending => return,
            }
        }
        if self.written.is_none() && self.write_error.is_none() {
            match Pin::new(stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.written = Some(clock::now()),
                Poll::Ready(Err(error)) => self.write_error = Some(error),
                Poll::Pending => {}
            }
        }
    }

    /// Reads once.
    fn read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        scratch: &Scratch,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Progress, Failure>> {
        let mut scratch = scratch.0.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch);
        if let Err(error) = ready!(Pin::new(stream).poll_read(cx, &mut buffer)) {
            return Poll::Ready(Err(broken_off(&error)));
        }
        if buffer.filled().is_empty() {
            return Poll::Ready(self.closed());
        }
        let progress = self.response.feed(buffer.filled());
        if self.first_byte.is_none() && progress == Ok(Progress::More) {
            self.first_byte = Some(clock::now());
        }
        Poll::Ready(progress)
    }

    /// The target has closed the connection.
    fn closed(&self) -> Result<Progress, Failure> {
        if self.response.ended_by_close() {
            return Ok(Progress::Complete { reusable: false });
        }
        Err(match &self.write_error {
            Some(error) => broken_off(error),
            None if self.response.began() => {
                Failure::new(ErrorClass::Reset, "the connection was closed before the response was complete")
            }
            None => Failure::new(ErrorClass::Reset, "the connection was closed without a response"),
        })
    }

    fn broken(&self, done: Instant) -> Broken {
        if self.unsent.len() == self.message.len() {
            return Broken::Unsent;
        }
        let is_at_once = self.written.is_some_and(|written| done.saturating_duration_since(written) <= AT_ONCE);
        if is_at_once { Broken::AtOnce } else { Broken::Sent }
    }
}

fn broken_off(error: &io::Error) -> Failure {
    // A server that does not take our certificate says so only now.
    if let Some(failure) = tls::failure_of(error) {
        return failure;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Failure::new(ErrorClass::Reset, "the connection was cut off"),
        _ => Failure::of(ErrorClass::Reset, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Keep;

    #[test]
    fn a_connection_that_breaks_after_time_to_work_was_not_broken_before() {
        let now = clock::now();
        let asked = Asked { head: false, keep: Keep::Status };
        let mut talk = Talk::new(b"GET /", asked, TimeLimits { first_byte: Duration::MAX, until: now });
        assert_eq!(talk.broken(now), Broken::Unsent);
        talk.unsent = b"/";
        assert_eq!(talk.broken(now), Broken::Sent, "part of it");
        (talk.unsent, talk.written) = (b"", Some(now));
        assert_eq!(talk.broken(now + AT_ONCE), Broken::AtOnce);
        assert_eq!(talk.broken(now + AT_ONCE * 2), Broken::Sent);
    }
}
