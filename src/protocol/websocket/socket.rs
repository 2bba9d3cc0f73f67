//! One open connection.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

use super::failure::{failure_of, of_close};
use crate::{
    protocol::{Failure, Stream},
    record::ErrorClass,
};

/// Memory that a connection reads into; what is larger comes in several reads. Allocated with the connection, so it is what an idle one
/// costs most.
const READ_BUFFER_BYTES: usize = 4096;

/// An open WebSocket connection.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<Stream>,
    write_timeout: Duration,
}

/// What comes from the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A whole message, text or not.
    Message(Bytes),
    /// The answer to a ping, with what was sent along.
    Pong(Bytes),
    /// A ping; its answer goes out by itself.
    Ping,
}

/// How connections are set up that take messages up to this size.
pub(super) fn config(message_bytes_max: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        // Each message goes out at once: one that waited for others would be late.
        .write_buffer_size(0)
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max))
}

impl Socket {
    pub(super) fn new(stream: WebSocketStream<Stream>, write_timeout: Duration) -> Self {
        Self { stream, write_timeout }
    }

    /// Waits for what comes next. May be given up at any moment; nothing is lost then.
    ///
    /// # Errors
    /// The connection is over, or what came is not WebSocket.
    pub async fn next(&mut self) -> Result<Incoming, Failure> {
        loop {
            return match self.stream.next().await {
                Some(Ok(Message::Text(text))) => Ok(Incoming::Message(text.into())),
                Some(Ok(Message::Binary(bytes))) => Ok(Incoming::Message(bytes)),
                Some(Ok(Message::Pong(sent_along))) => Ok(Incoming::Pong(sent_along)),
                Some(Ok(Message::Ping(_))) => Ok(Incoming::Ping),
                Some(Ok(Message::Frame(_))) => continue,
                Some(Ok(Message::Close(frame))) => {
                    // Saying goodbye too is good manners; a target that does not take it has closed all the same.
                    let _ = timeout(self.write_timeout, self.stream.flush()).await;
                    Err(of_close(frame.as_ref()))
                }
                Some(Err(error)) => Err(failure_of(&error)),
                None => Err(Failure::new(ErrorClass::Reset, "the connection ended without a close message")),
            };
        }
    }

    /// What has come already; `None` where nothing has.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn next_now(&mut self) -> Option<Result<Incoming, Failure>> {
        self.next().now_or_never()
    }

    /// Sends a message, text or not. Must not be given up.
    ///
    /// # Errors
    /// The target did not take it in time, or the connection is over. Text that is not UTF-8 is none.
    pub async fn send(&mut self, is_text: bool, bytes: Bytes) -> Result<(), Failure> {
        let message = if is_text {
            let text = Utf8Bytes::try_from(bytes);
            Message::Text(text.map_err(|_| Failure::new(ErrorClass::Template, "what was rendered is not UTF-8"))?)
        } else {
            Message::Binary(bytes)
        };
        self.hand_over(message).await
    }

    /// Sends a ping; what is sent along comes back with its answer. Must not be given up.
    ///
    /// # Errors
    /// The target did not take it in time, or the connection is over.
    pub async fn ping(&mut self, sent_along: Bytes) -> Result<(), Failure> {
        self.hand_over(Message::Ping(sent_along)).await
    }

    async fn hand_over(&mut self, message: Message) -> Result<(), Failure> {
        match timeout(self.write_timeout, self.stream.send(message)).await {
            Ok(sent) => sent.map_err(|error| failure_of(&error)),
            Err(_) => {
                Err(Failure::new(ErrorClass::TimeoutWrite, "the target took no more of what was sent within the write timeout"))
            }
        }
    }

    /// Closes the connection with a code, and waits for the target to agree, at most so long. Whether it did makes no difference.
    pub async fn close(mut self, code: u16, within: Duration) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
        let goodbye = async {
            if self.stream.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        let _ = timeout(within, goodbye).await;
    }
}
