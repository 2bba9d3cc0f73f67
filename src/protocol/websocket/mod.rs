//! WebSocket (RFC 6455), as a client: connections that begin with a request of HTTP/1.1 and go on as messages both ways.
//!
//! The frames are `tokio-tungstenite`'s, without any of its ways to connect: connections are made as those of HTTP are. It was
//! measured beside `fastwebsockets` (both of this year, 4,000 connections, one thread, messages of 100 bytes, an echo server in
//! another process, Linux on loopback). Resident memory of an idle connection: 5.3 kB against 5.6 kB, half of it the read buffer that we
//! ask for (`socket::READ_BUFFER_BYTES`; the default would be 128 KiB). Processor time of one echo, two system calls included: 3.8 to
//! 5.3 us against 3.6 to 3.7 us; with 16 kB, 10.6 us against 9.3 us. So the faster one saves a little, and three things weigh more:
//! - a read of `tungstenite` can be given up at any moment and nothing is lost, so that one task waits for a message, for its next ping
//!   and for the end of the run at once; no reader beside a writer, no lock, no channel;
//! - it refuses what must be refused (masked frames of a server, reserved bits, broken UTF-8, control frames in pieces) and is what the
//!   Autobahn suite is run against with each release;
//! - it brings two crates that we had not, where the other brings second versions of five that we have.
//!
//! Neither has permessage-deflate: it is not offered, so no server uses it.

mod dialer;
mod failure;
mod socket;

pub use dialer::{Dialer, Opened};
pub use socket::{Incoming, Socket};
