//! Idle keep-alive connections of one thread, last used first: the warmest connection is taken, the others may time out.

use std::{cell::RefCell, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use crate::{
    plan::TargetId,
    protocol::{Failure, Origins},
    record::ErrorClass,
};

pub(super) type Connection = SendRequest<Full<Bytes>>;

/// Connections to one target.
#[derive(Debug)]
pub(super) struct Pool {
    origins: Origins,
    target: TargetId,
    connect_timeout: Duration,
    idle: RefCell<Vec<Connection>>,
}

impl Pool {
    pub(super) fn new(origins: Origins, target: TargetId, connect_timeout: Duration) -> Self {
        Self { origins, target, connect_timeout, idle: RefCell::new(Vec::new()) }
    }

    /// An idle connection that is still open, if there is one.
    pub(super) fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        for place in (0..idle.len()).rev() {
            if idle[place].is_ready() {
                return Some(idle.remove(place));
            }
            // Neither ready nor closed: its task has not yet seen the end of the last response. It will be ready next time.
            if idle[place].is_closed() {
                idle.remove(place);
            }
        }
        None
    }

    /// A new connection.
    pub(super) async fn open(&self) -> Result<Connection, Failure> {
        let stream = self.origins.connect(self.target, self.connect_timeout).await?.stream;
        let (connection, io) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| Failure::of(ErrorClass::Protocol, &error))?;
        // The task ends with the connection; its error reaches the request that is on it.
        tokio::task::spawn_local(async move {
            let _ = io.await;
        });
        Ok(connection)
    }

    /// Takes a connection back after a complete response.
    pub(super) fn give_back(&self, connection: Connection) {
        if !connection.is_closed() {
            self.idle.borrow_mut().push(connection);
        }
    }
}
