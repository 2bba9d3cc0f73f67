//! The connections of one thread, whatever is spoken on them: how many there may be, which are idle, and who waits for one. Each
//! target has its own, so that one that hangs keeps nobody from the others.

use std::time::Duration;

use super::{
    dial::{Connector, Made},
    h1::{self, Scratch},
    h2,
    limits::Wait,
    permits::{Limit, Permit},
    round::{Call, Round},
};
use crate::{
    clock::Instant,
    plan::{Plan, Share, TargetId},
    protocol::{Failure, Origins, Stream},
    record::{ErrorClass, Phases},
};

/// All connections of a thread.
#[derive(Debug)]
pub(super) struct Pools {
    connector: Connector,
    pools: Vec<TargetPool>,
    /// This thread's part of the connections there may be to all targets together.
    all: Option<Limit>,
    /// Longest time a request waits for a connection to become free.
    patience: Duration,
    /// How long an idle connection is kept.
    idle_timeout: Duration,
    /// False: each request makes a connection of its own.
    reuse: bool,
    pub(super) scratch: Scratch,
}

/// Connections to one target, which speaks one version of HTTP or the other.
#[derive(Debug)]
struct TargetPool {
    /// Those of HTTP/1.1 that no request is on.
    idle: h1::Idle<Stream>,
    /// Those of HTTP/1.1 that a request is on.
    in_use: Option<Limit>,
    /// Those of HTTP/2.
    shared: h2::Pool,
}

/// A connection, or a place on one, that one request may use.
#[derive(Debug)]
pub(super) struct Lease<C> {
    pub(super) connection: C,
    /// Whether it was there already.
    pub(super) reused: bool,
    /// When it was there to be used.
    pub(super) at: Instant,
    /// How long it took to make; nothing for one that was there.
    pub(super) making: Phases,
}

/// A connection of HTTP/1.1, in use.
#[derive(Debug)]
pub(super) struct Single {
    connection: h1::Connection<Stream>,
    permits: Permits,
}

impl Single {
    /// Sends a request and reads its response.
    pub(super) async fn exchange(&mut self, call: &Call<'_, h1::Serialised>, scratch: &Scratch) -> Round {
        self.connection.exchange(call, scratch).await
    }
}

/// The right to one connection: of those to its target, and of those to all.
type Permits = [Option<Permit>; 2];

impl<C> Lease<C> {
    fn made(made: Made<C>) -> Self {
        Self { connection: made.connection, reused: false, at: made.at, making: made.phases }
    }

    pub(super) fn of_old(connection: C, at: Instant) -> Self {
        Self { connection, reused: true, at, making: Phases::default() }
    }
}

impl Pools {
    /// Pools without any connection yet, for one of the threads that share a plan's connections.
    pub(super) fn new(plan: &Plan, origins: &Origins, share: Share) -> Self {
        let settings = &plan.http.connections;
        let limit = |most: usize| Limit::new(share.of(most));
        let (per_target, all) = (settings.per_target(plan.targets.len()), settings.max.map(limit));
        let shared = h2::Bounds {
            connections: per_target.into_iter().chain(settings.max).min().map(|most| share.of(most).max(1)),
            streams: settings.streams,
            reuse: settings.reuse,
            all: all.clone(),
        };
        let pool =
            |_| TargetPool { idle: h1::Idle::default(), in_use: per_target.map(limit), shared: h2::Pool::new(shared.clone()) };
        Self {
            connector: Connector::new(plan, origins),
            pools: plan.targets.iter().map(pool).collect(),
            all,
            patience: plan.http.timeouts.pool,
            idle_timeout: settings.idle_timeout,
            reuse: settings.reuse,
            scratch: Scratch::default(),
        }
    }

    /// A connection of HTTP/1.1, an idle one rather than a new one, as soon as the limits allow.
    ///
    /// # Errors
    /// None could be had in time, or none could be made.
    pub(super) async fn lease(&self, target: TargetId, begin: Instant, until: Instant) -> Result<Lease<Single>, Failure> {
        let mut wait = Wait::new(begin, self.patience, until);
        let pool = &self.pools[target];
        let own = match &pool.in_use {
            Some(limit) => Some(limit.permit(&mut wait, || {}).await?),
            None => None,
        };
        let permits = [own, self.permit(&mut wait).await?];
        match pool.idle.take(wait.at, self.idle_timeout, &self.scratch).await {
            Some(connection) => Ok(Lease::of_old(Single { connection, permits }, wait.at)),
            None => self.open(target, wait.at, until, permits).await,
        }
    }

    /// A new connection for a request whose old one turned out broken at `now`.
    ///
    /// # Errors
    /// None could be made.
    pub(super) async fn lease_again(
        &self,
        target: TargetId,
        broken: Lease<Single>,
        now: Instant,
        until: Instant,
    ) -> Result<Lease<Single>, Failure> {
        self.open(target, now, until, broken.connection.permits).await
    }

    async fn open(&self, target: TargetId, begin: Instant, until: Instant, permits: Permits) -> Result<Lease<Single>, Failure> {
        self.make_room();
        let single = async |stream, _| Ok(Single { connection: h1::Connection::new(stream), permits });
        self.connector.dial(target, begin, until, single).await.map(Lease::made)
    }

    /// Takes a connection back after a response that was complete at `now`.
    pub(super) fn give_back(&self, target: TargetId, lease: Lease<Single>, now: Instant) {
        let Single { connection, .. } = lease.connection;
        if self.reuse && connection.is_reusable() {
            self.pools[target].idle.put(connection, now);
        }
    }

    /// A place on a connection of HTTP/2 that has room, else on a new one, as soon as the limits allow.
    ///
    /// # Errors
    /// None could be had in time, or none could be made.
    pub(super) async fn lease_shared(
        &self,
        target: TargetId,
        begin: Instant,
        until: Instant,
    ) -> Result<Lease<h2::Slot<'_>>, Failure> {
        let mut wait = Wait::new(begin, self.patience, until);
        let opening = match self.pools[target].shared.turn(&mut wait, self.connector.limit).await? {
            h2::Place::There(slot) => return Ok(Lease::of_old(slot, wait.at)),
            h2::Place::ToBeOpened(opening) => opening,
        };
        let permit = self.permit(&mut wait).await?;
        self.make_room();
        let greet = async |stream, until| h2::Connection::greet(stream, until, permit).await;
        match self.connector.dial(target, wait.at, until, greet).await {
            Ok(Made { connection, at, phases }) => {
                Ok(Lease { connection: opening.succeeded(connection), reused: false, at, making: phases })
            }
            Err(failure) => {
                // A request that ran out of time says nothing about connections.
                if failure.class != ErrorClass::TimeoutRequest {
                    opening.failed(&failure);
                }
                Err(failure)
            }
        }
    }

    /// Closes connections that were idle for too long.
    pub(super) fn tidy_up(&self, now: Instant) {
        for pool in &self.pools {
            pool.idle.close_expired(now, self.idle_timeout);
            pool.shared.close_idle(now, self.idle_timeout);
        }
    }

    /// The right to one more of the connections to all targets. One of HTTP/2 that no request is on gives way: it holds its own as
    /// long as it is open.
    async fn permit(&self, wait: &mut Wait) -> Result<Option<Permit>, Failure> {
        let Some(all) = &self.all else { return Ok(None) };
        let give_way = || self.pools.iter().take_while(|_| all.free() == 0).for_each(|pool| pool.shared.close_unused());
        all.permit(wait, give_way).await.map(Some)
    }

    /// Closes idle connections of HTTP/1.1, to whatever target, where a new one would be one too many.
    fn make_room(&self) {
        let Some(all) = &self.all else { return };
        let idle = || self.pools.iter().map(|pool| pool.idle.len()).sum::<usize>();
        for _ in all.most()..all.in_use() + idle() {
            let longest = self.pools.iter().filter(|pool| pool.idle.since().is_some()).min_by_key(|pool| pool.idle.since());
            longest.inspect(|pool| pool.idle.close_longest());
        }
    }
}
