//! The connections of one thread: how many there may be, which are idle, and who waits for one. Each target has a pool of its
//! own, so that one that hangs keeps nobody from the others.

use std::{cell::RefCell, collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout_at,
};

use super::{
    h1::{Connection, Scratch},
    h2, limits,
};
use crate::{
    clock::{self, Instant},
    plan::{Connections, Plan, Share, TargetId, Timeouts},
    protocol::{Connected, Failure, Origins, Stream},
    record::{ErrorClass, Phases},
};

/// All pools of a thread.
#[derive(Debug)]
pub(super) struct Pools {
    origins: Origins,
    pools: Vec<Pool>,
    settings: Connections,
    timeouts: Timeouts,
    /// This thread's part of the connections there may be to all targets together.
    all: Option<Limit>,
    pub(super) scratch: Scratch,
}

/// Connections to one target.
#[derive(Debug)]
struct Pool {
    /// Longest idle first.
    idle: RefCell<VecDeque<Idle>>,
    limit: Option<Limit>,
    /// Until when no connection is tried, and the failure that is the reason.
    cooling: RefCell<Option<(Instant, Failure)>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection<Stream>,
    since: Instant,
}

/// Connections in use at a time; who wants another one waits in line.
#[derive(Debug)]
struct Limit {
    permits: Arc<Semaphore>,
    most: usize,
}

/// A connection that one request may use.
#[derive(Debug)]
pub(super) struct Lease<'p> {
    pub(super) connection: Connection<Stream>,
    /// Whether it has carried a request before.
    pub(super) reused: bool,
    /// When it was there to be used.
    pub(super) at: Instant,
    /// How long it took to make; nothing for one that was there.
    pub(super) making: Phases,
    pub(super) permits: Permits<'p>,
}

/// The right to use one connection. Whoever is next in line gets it when this is dropped.
#[derive(Debug)]
pub(super) struct Permits<'p> {
    _own: Option<SemaphorePermit<'p>>,
    _all: Option<SemaphorePermit<'p>>,
    /// Whether it had to be waited for.
    waited: bool,
}

impl Pools {
    /// Pools without any connection yet, for one of the threads that share a plan's connections.
    pub(super) fn new(plan: &Plan, origins: &Origins, share: Share) -> Self {
        let settings = plan.http.connections.clone();
        let limit = |most: usize| Limit::new(share.of(most));
        let per_target = settings.per_target(plan.targets.len());
        let pool = |_| Pool { idle: RefCell::default(), limit: per_target.map(limit), cooling: RefCell::default() };
        Self {
            origins: origins.clone(),
            pools: plan.targets.iter().map(pool).collect(),
            all: settings.max.map(limit),
            settings,
            timeouts: plan.http.timeouts.clone(),
            scratch: Scratch::default(),
        }
    }

    /// What pools of HTTP/2 have in common with these.
    pub(super) fn shared(&self, targets: usize, share: Share) -> h2::Settings {
        let most = |limit: usize| share.of(limit).max(1);
        h2::Settings {
            origins: self.origins.clone(),
            connections: self.settings.per_target(targets).into_iter().chain(self.settings.max).min().map(most),
            all: self.all.as_ref().map(|all| Arc::clone(&all.permits)),
            streams: self.settings.streams,
            reuse: self.settings.reuse,
            idle_timeout: self.settings.idle_timeout,
            cooldown: self.settings.cooldown,
            timeouts: self.timeouts.clone(),
        }
    }

    /// Whether no connection may be opened before another one is closed or free.
    pub(super) fn are_exhausted(&self) -> bool {
        self.all.as_ref().is_some_and(|all| all.permits.available_permits() == 0)
    }

    /// An idle connection, else a new one, as soon as the limits allow.
    ///
    /// # Errors
    /// None could be had in time, or none could be made.
    pub(super) async fn lease(&self, target: TargetId, begin: Instant, until: Instant) -> Result<Lease<'_>, Failure> {
        let permits = self.permits(target, begin, until).await?;
        let at = if permits.waited { clock::now() } else { begin };
        match self.take_idle(target, at).await {
            Some(connection) => Ok(Lease { connection, reused: true, at, making: Phases::default(), permits }),
            None => self.open(target, at, until, permits).await,
        }
    }

    /// A new connection, wished for at `begin`.
    ///
    /// # Errors
    /// It could not be made, or the last one could not and it is too early to try again.
    pub(super) async fn open<'p>(
        &'p self,
        target: TargetId,
        begin: Instant,
        until: Instant,
        permits: Permits<'p>,
    ) -> Result<Lease<'p>, Failure> {
        let pool = &self.pools[target];
        let cooling = pool.cooling.borrow().as_ref().filter(|(end, _)| begin < *end).map(|(_, failure)| failure.clone());
        if let Some(failure) = cooling {
            return Err(failure);
        }
        self.make_room();
        let left = until.saturating_duration_since(begin);
        let result = self.origins.connect(target, self.timeouts.connect.min(left)).await;
        let at = clock::now();
        match result {
            Ok(Connected { stream, h2: _, dns, connect: _, tls }) => {
                // All that is neither the lookup nor the handshake, so that no time is lost between the phases.
                let connect = nanoseconds(at.saturating_duration_since(begin)).saturating_sub(dns + tls);
                let making = Phases { dns, connect, tls, ..Phases::default() };
                Ok(Lease { connection: Connection::new(stream), reused: false, at, making, permits })
            }
            // The request ran out of time, which says nothing about connections.
            Err(failure) if failure.class == ErrorClass::TimeoutConnect && left < self.timeouts.connect => {
                Err(limits::without_connection(until, until))
            }
            Err(failure) => {
                if !self.settings.cooldown.is_zero() {
                    *pool.cooling.borrow_mut() = Some((at + self.settings.cooldown, failure.clone()));
                }
                Err(failure)
            }
        }
    }

    /// Takes a connection back after a complete response that came at `now`.
    pub(super) fn give_back(&self, target: TargetId, connection: Connection<Stream>, now: Instant) {
        if self.settings.reuse {
            self.pools[target].idle.borrow_mut().push_back(Idle { connection, since: now });
        }
    }

    /// Closes connections that were idle for too long.
    pub(super) fn tidy_up(&self, now: Instant) {
        self.pools.iter().for_each(|pool| pool.close_expired(now, self.settings.idle_timeout));
        // Connections of HTTP/2 may have taken the place of idle ones.
        self.make_room();
    }

    /// Waits for the right to use a connection: first for one of the target's own, then for one of all.
    async fn permits(&self, target: TargetId, begin: Instant, until: Instant) -> Result<Permits<'_>, Failure> {
        let patience = begin + self.timeouts.pool;
        let limit = patience.min(until);
        let failure = || limits::without_connection(patience, until);
        let mut permits = Permits { _own: None, _all: None, waited: false };
        if let Some(own) = &self.pools[target].limit {
            let (permit, waited) = own.permit(limit).await.ok_or_else(failure)?;
            (permits._own, permits.waited) = (Some(permit), waited);
        }
        if let Some(all) = &self.all {
            let (permit, waited) = all.permit(limit).await.ok_or_else(failure)?;
            (permits._all, permits.waited) = (Some(permit), permits.waited || waited);
        }
        Ok(permits)
    }

    /// The idle connection used last: the warmest one is taken, so that the others may come to their end.
    async fn take_idle(&self, target: TargetId, now: Instant) -> Option<Connection<Stream>> {
        let pool = &self.pools[target];
        loop {
            let Idle { mut connection, since } = pool.idle.borrow_mut().pop_back()?;
            if now.saturating_duration_since(since) >= self.settings.idle_timeout {
                pool.idle.borrow_mut().clear();
                return None;
            }
            if connection.is_quiet(&self.scratch).await {
                return Some(connection);
            }
        }
    }

    /// Closes idle connections, of whatever target, where a new one would be one too many.
    fn make_room(&self) {
        let Some(all) = &self.all else { return };
        let idle = || self.pools.iter().map(|pool| pool.idle.borrow().len()).sum::<usize>();
        for _ in all.most..all.in_use() + idle() {
            let since = |pool: &&Pool| pool.idle.borrow().front().map(|idle| idle.since);
            let longest = self.pools.iter().filter(|pool| since(pool).is_some()).min_by_key(since);
            longest.and_then(|pool| pool.idle.borrow_mut().pop_front());
        }
    }
}

impl Pool {
    fn close_expired(&self, now: Instant, idle_timeout: Duration) {
        let mut idle = self.idle.borrow_mut();
        let kept = |idle: &Idle| now.saturating_duration_since(idle.since) < idle_timeout;
        let expired = idle.iter().position(kept).unwrap_or(idle.len());
        idle.drain(..expired);
    }
}

impl Limit {
    /// At least one, without which a thread could send nothing; there are no more threads than connections.
    fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(most)), most }
    }

    fn in_use(&self) -> usize {
        self.most - self.permits.available_permits()
    }

    /// A permit, and whether it had to be waited for; `None` when the limit passes.
    async fn permit(&self, limit: Instant) -> Option<(SemaphorePermit<'_>, bool)> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Some((permit, false));
        }
        let permit = timeout_at(limit.into(), self.permits.acquire()).await.ok()?.ok()?;
        Some((permit, true))
    }
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
