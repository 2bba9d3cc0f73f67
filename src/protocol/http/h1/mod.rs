//! HTTP/1.1 by our own hand: a request is bytes made ready once, a response is read in place. What a general client does beside
//! it (tasks per connection, channels, allocations per message) costs more than the protocol itself.

mod body;
mod connection;
mod head;
mod idle;
mod request;
mod response;

pub(super) use connection::{Connection, Scratch};
pub(super) use idle::Idle;
pub(super) use request::{Preamble, Serialised, content_length};
pub(super) use response::KEPT_BYTES_MAX;
