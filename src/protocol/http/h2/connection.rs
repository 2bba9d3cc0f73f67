//! A connection that many requests share.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use h2::{
    Reason,
    client::{Builder, ResponseFuture, SendRequest},
};
use http::Request;
use tokio::time::timeout_at;

use super::{roster::Shared, words};
use crate::{
    clock::Instant,
    protocol::{Failure, Stream, http::permits::Permit},
    record::ErrorClass,
};

/// Bytes of one response the server may send before we have read them. So large that the server hardly ever waits for us: else a
/// slow reader would look like a slow server.
const STREAM_WINDOW: u32 = 2 << 20;
/// The same for all responses of one connection together.
const CONNECTION_WINDOW: u32 = 8 << 20;
/// Largest response head, in bytes.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// Streams given up by us whose late frames are still known for what they are.
const RESET_STREAMS_MAX: usize = 1024;

/// A connection that requests can be sent on.
#[derive(Debug)]
pub(in crate::protocol::http) struct Connection {
    sender: SendRequest<Bytes>,
    /// Its part of the connections there may be to all targets.
    _permit: Option<Permit>,
}

/// Half of a stream to send on, half to receive.
pub(super) type Halves = (ResponseFuture, h2::SendStream<Bytes>);

impl Connection {
    /// Greets the server and waits for its greeting: only then it is known how many requests it takes at a time.
    ///
    /// # Errors
    /// The server does not speak HTTP/2, or said nothing until the moment given.
    pub(in crate::protocol::http) async fn greet(
        stream: Stream,
        until: Instant,
        permit: Option<Permit>,
    ) -> Result<Self, Failure> {
        let silent = Failure::new(ErrorClass::TimeoutConnect, "the server sent no HTTP/2 settings within the connect timeout");
        timeout_at(until.into(), Self::greeted(stream, permit)).await.unwrap_or(Err(silent))
    }

    async fn greeted(stream: Stream, permit: Option<Permit>) -> Result<Self, Failure> {
        let handshake = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(HEAD_BYTES_MAX)
            .max_concurrent_reset_streams(RESET_STREAMS_MAX)
            // Zero until the server says how many.
            .initial_max_send_streams(0)
            .enable_push(false)
            .handshake(stream)
            .await;
        let (sender, mut connection) = handshake.map_err(|error| words::of_opening(&error))?;
        poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Ok(())) => {
                let words = "the server closed the connection before it sent its HTTP/2 settings";
                Poll::Ready(Err(Failure::new(ErrorClass::Reset, words)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(words::of_opening(&error))),
            Poll::Pending if connection.max_concurrent_send_streams() > 0 => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        // The task ends with the connection; its error reaches the requests that are on it, and the next that want to be.
        tokio::task::spawn_local(async move {
            let _ = connection.await;
        });
        Ok(Self { sender, _permit: permit })
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// The connection takes no more.
    pub(super) fn open(&mut self, request: Request<()>, is_whole: bool) -> Result<Halves, h2::Error> {
        self.sender.send_request(request, is_whole)
    }

    /// Why the server has given the connection up (GOAWAY), if it has.
    pub(super) fn given_up(&mut self) -> Option<Reason> {
        match self.sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) if error.is_go_away() && error.is_remote() => error.reason(),
            _ => None,
        }
    }
}

impl Shared for Connection {
    fn takes(&mut self) -> usize {
        match self.sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(_)) => 0,
            Poll::Ready(Ok(())) => self.sender.current_max_send_streams(),
            Poll::Pending => {
                // The handle waits for its last stream to get its turn. A fresh one does not know of that stream, and the
                // connection keeps the order.
                self.sender = self.sender.clone();
                self.sender.current_max_send_streams()
            }
        }
    }
}
