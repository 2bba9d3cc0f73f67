//! A connection's socket that notes when answers are handed to it, and can be closed with a reset.

use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use http::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{recorder::Ticket, server::Server, websocket::Sockets};
use crate::clock;

/// What a connection's requests and its socket tell each other.
pub(super) struct Connection {
    server: Rc<Server>,
    /// Answers that are made and wait for the next write.
    made: RefCell<Vec<(Ticket, StatusCode)>>,
    reset: Cell<bool>,
    /// The route it becomes a WebSocket connection of when the answer is written.
    upgraded: RefCell<Option<Rc<Sockets>>>,
}

impl Connection {
    pub(super) fn open(server: Rc<Server>) -> Rc<Self> {
        let mut recorder = server.recorder.borrow_mut();
        recorder.accepted += 1;
        recorder.open += 1;
        drop(recorder);
        Rc::new(Self { server, made: RefCell::default(), reset: Cell::new(false), upgraded: RefCell::default() })
    }

    /// An answer is about to be written.
    pub(super) fn answer_made(&self, ticket: Ticket, status: StatusCode) {
        self.made.borrow_mut().push((ticket, status));
    }

    /// The connection shall end with a reset instead of an orderly close.
    pub(super) fn reset_on_close(&self) {
        self.reset.set(true);
    }

    /// The connection becomes a WebSocket one with the answer that is about to be written.
    pub(super) fn upgrade(&self, sockets: Rc<Sockets>) {
        self.upgraded.replace(Some(sockets));
    }

    /// The route it has become a WebSocket connection of.
    pub(super) fn upgraded(&self) -> Option<Rc<Sockets>> {
        self.upgraded.take()
    }

    fn written(&self) {
        let mut made = self.made.borrow_mut();
        if made.is_empty() {
            return;
        }
        let (now, mut recorder) = (clock::now(), self.server.recorder.borrow_mut());
        for (ticket, status) in made.drain(..) {
            recorder.answered(ticket, status, now);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.server.recorder.borrow_mut().open -= 1;
    }
}

/// The socket itself.
pub(super) struct Wire {
    stream: TcpStream,
    connection: Rc<Connection>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, connection: Rc<Connection>) -> Self {
        Self { stream, connection }
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(_)) = written {
            self.connection.written();
        }
        written
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.connection.reset.get() {
            // Closing with a linger time of zero sends a reset. If it is refused, the client sees an orderly close.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
