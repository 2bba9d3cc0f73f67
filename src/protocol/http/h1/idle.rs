//! Connections that wait for their next request.

use std::{cell::RefCell, collections::VecDeque, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Connection, Scratch};
use crate::clock::Instant;

/// Idle connections to one target, longest idle first, each with the moment since when it is.
#[derive(Debug)]
pub(in crate::protocol::http) struct Idle<S>(RefCell<VecDeque<(Connection<S>, Instant)>>);

impl<S> Default for Idle<S> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Idle<S> {
    pub(in crate::protocol::http) fn put(&self, connection: Connection<S>, now: Instant) {
        self.0.borrow_mut().push_back((connection, now));
    }

    /// The one used last that is younger than `limit`: the warmest is taken, so that the others may come to their end.
    pub(in crate::protocol::http) async fn take(
        &self,
        now: Instant,
        limit: Duration,
        scratch: &Scratch,
    ) -> Option<Connection<S>> {
        loop {
            let (mut connection, since) = self.0.borrow_mut().pop_back()?;
            if now.saturating_duration_since(since) >= limit {
                self.0.borrow_mut().clear();
                return None;
            }
            if connection.is_quiet(scratch).await {
                return Some(connection);
            }
        }
    }

    /// Closes those that were idle for `limit`.
    pub(in crate::protocol::http) fn close_expired(&self, now: Instant, limit: Duration) {
        let mut idle = self.0.borrow_mut();
        let expired = idle.iter().position(|(_, since)| now.saturating_duration_since(*since) < limit).unwrap_or(idle.len());
        idle.drain(..expired);
    }

    pub(in crate::protocol::http) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Since when the longest idle one is.
    pub(in crate::protocol::http) fn since(&self) -> Option<Instant> {
        self.0.borrow().front().map(|(_, since)| *since)
    }

    /// Closes the one that was idle for the longest.
    pub(in crate::protocol::http) fn close_longest(&self) {
        self.0.borrow_mut().pop_front();
    }
}
