//! HTTP/2 frame by frame, for servers that do with them what no library would.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::scripted::server;

/// Kinds of frames (RFC 9113, section 6).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;

/// Ends the stream, on DATA and HEADERS; acknowledges, on SETTINGS.
pub(crate) const END: u8 = 1;
/// No CONTINUATION follows.
pub(crate) const END_HEADERS: u8 = 4;

/// Settings (RFC 9113, section 6.5.2).
pub(crate) const MAX_CONCURRENT_STREAMS: u16 = 3;
pub(crate) const INITIAL_WINDOW_SIZE: u16 = 4;

/// `:status: 200` in HPACK's static table.
const OK: &[u8] = &[0x88];

/// One frame.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The 32-bit number that a payload of this kind ends with or consists of.
    pub(crate) fn number(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().unwrap())
    }
}

/// The server's end of a connection.
pub(crate) struct Peer<S>(S);

impl<S: Read + Write> Peer<S> {
    /// Takes the client's greeting and sends our own, with these settings.
    pub(crate) fn greet(mut stream: S, settings: &[(u16, u32)]) -> Option<Self> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).ok()?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut peer = Self(stream);
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [name.to_be_bytes().to_vec(), value.to_be_bytes().to_vec()].concat())
            .collect();
        peer.send(SETTINGS, 0, 0, &payload)?;
        Some(peer)
    }

    /// The next frame; settings are acknowledged on the way. `None` when the client is gone.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).ok()?;
            let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
            self.0.read_exact(&mut payload).ok()?;
            let stream = u32::from_be_bytes(head[5..].try_into().unwrap()) & 0x7fff_ffff;
            let frame = Frame { kind: head[3], flags: head[4], stream, payload };
            if frame.kind != SETTINGS {
                return Some(frame);
            }
            if frame.flags & END == 0 {
                self.send(SETTINGS, END, 0, &[])?;
            }
        }
    }

    /// The stream of the next request.
    pub(crate) fn next_request(&mut self) -> Option<u32> {
        loop {
            let frame = self.next()?;
            if frame.kind == HEADERS {
                return Some(frame.stream);
            }
        }
    }

    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Option<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.0.write_all(&[&head, payload].concat()).and_then(|()| self.0.flush()).ok()
    }

    /// Answers with status 200 and an empty body.
    pub(crate) fn answer(&mut self, stream: u32) -> Option<()> {
        self.send(HEADERS, END | END_HEADERS, stream, OK)
    }

    /// Answers with status 200; the body is still to come.
    pub(crate) fn begin_answer(&mut self, stream: u32) -> Option<()> {
        self.send(HEADERS, END_HEADERS, stream, OK)
    }

    pub(crate) fn reset(&mut self, stream: u32, reason: u32) -> Option<()> {
        self.send(RST_STREAM, 0, stream, &reason.to_be_bytes())
    }

    pub(crate) fn go_away(&mut self, last_stream: u32, reason: u32) -> Option<()> {
        self.send(GOAWAY, 0, 0, &[last_stream.to_be_bytes(), reason.to_be_bytes()].concat())
    }
}

/// A server that greets with these settings and then plays a script on each connection, which it is told the number of.
pub(crate) fn h2c(
    settings: &'static [(u16, u32)],
    script: impl Fn(usize, &mut Peer<TcpStream>) -> Option<()> + Clone + Send + 'static,
) -> u16 {
    let connections = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    server(move |stream| {
        let number = connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let _ = stream.set_nodelay(true);
        let _ = Peer::greet(stream, settings).and_then(|mut peer| script(number, &mut peer));
    })
}
