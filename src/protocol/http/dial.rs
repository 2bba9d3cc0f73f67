//! Making a connection, whatever is spoken on it: within its time, timed by its phases, and not again and again where it failed.

use std::{cell::RefCell, time::Duration};

use super::limits;
use crate::{
    clock::{self, Instant},
    plan::{Plan, TargetId},
    protocol::{Connected, Failure, Origins, Stream},
    record::{ErrorClass, Phases},
    units,
};

/// What makes the connections of one thread.
#[derive(Debug)]
pub(super) struct Connector {
    origins: Origins,
    /// Longest time that making one takes.
    pub(super) limit: Duration,
    /// After one could not be made, how long none is tried to that target.
    cooldown: Duration,
    /// For each target, until when none is tried, and the failure that is the reason.
    cooling: Vec<RefCell<Option<(Instant, Failure)>>>,
}

/// A connection that is made.
#[derive(Debug)]
pub(super) struct Made<C> {
    pub(super) connection: C,
    /// When it was.
    pub(super) at: Instant,
    /// How long it took.
    pub(super) phases: Phases,
}

impl Connector {
    pub(super) fn new(plan: &Plan, origins: &Origins) -> Self {
        Self {
            origins: origins.clone(),
            limit: plan.http.timeouts.connect,
            cooldown: plan.http.connections.cooldown,
            cooling: plan.targets.iter().map(|_| RefCell::default()).collect(),
        }
    }

    /// Makes a connection for a request that must be answered until a certain time. `greet` makes one of the stream, until the
    /// moment it is given.
    ///
    /// # Errors
    /// It could not be made, or the last one could not and it is too early to try again. [`ErrorClass::TimeoutRequest`] where the
    /// request ran out of time, which says nothing about connections.
    pub(super) async fn dial<C>(
        &self,
        target: TargetId,
        begin: Instant,
        until: Instant,
        greet: impl AsyncFnOnce(Stream, Instant) -> Result<C, Failure>,
    ) -> Result<Made<C>, Failure> {
        if let Some((_, failure)) = self.cooling[target].borrow().as_ref().filter(|(end, _)| begin < *end) {
            return Err(failure.clone());
        }
        let left = until.saturating_duration_since(begin);
        let made = self.make(target, begin, left.min(self.limit), greet).await;
        made.map_err(|failure| {
            if failure.class == ErrorClass::TimeoutConnect && left < self.limit {
                return limits::without_connection();
            }
            if !self.cooldown.is_zero() {
                *self.cooling[target].borrow_mut() = Some((clock::now() + self.cooldown, failure.clone()));
            }
            failure
        })
    }

    async fn make<C>(
        &self,
        target: TargetId,
        begin: Instant,
        limit: Duration,
        greet: impl AsyncFnOnce(Stream, Instant) -> Result<C, Failure>,
    ) -> Result<Made<C>, Failure> {
        let Connected { stream, dns, connect, tls, .. } = self.origins.connect(target, limit).await?;
        let connection = greet(stream, begin + limit).await?;
        let at = clock::now();
        let total = units::nanoseconds(at.saturating_duration_since(begin));
        // What the greeting took belongs to the last step of the making, so that no time is lost between the phases.
        let (connect, tls) =
            if tls > 0 { (connect, total.saturating_sub(dns + connect)) } else { (total.saturating_sub(dns), 0) };
        Ok(Made { connection, at, phases: Phases { dns, connect, tls, ..Phases::default() } })
    }
}
