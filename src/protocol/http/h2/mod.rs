//! HTTP/2 on the `h2` crate itself: many requests at a time on one connection. A general client on top of it (channels between
//! the request and its connection, bodies as streams of boxes) costs as much again.

mod connection;
mod exchange;
mod pool;
mod request;
mod roster;
mod words;

pub(super) use connection::Connection;
pub(super) use pool::{Place, Pool, Slot};
pub(super) use request::Prepared;
pub(super) use roster::Bounds;
