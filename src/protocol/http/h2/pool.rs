//! The HTTP/2 connections of one thread to one target.

use std::{cell::RefCell, sync::Arc, time::Duration};

use h2::Error;
use http::Request;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout_at,
};

use super::{
    connection::{Connection, Halves},
    roster::{Bounds, Roster, Turn},
};
use crate::{
    clock::{self, Instant},
    plan::{TargetId, Timeouts},
    protocol::{
        Connected, Failure, Origins,
        http::{deadline::Deadline, limits},
    },
    record::{ErrorClass, Phases},
};

/// What the pools of a thread have in common.
#[derive(Clone, Debug)]
pub(in crate::protocol::http) struct Settings {
    /// What connections need.
    pub(in crate::protocol::http) origins: Origins,
    /// Most connections of this thread to one target.
    pub(in crate::protocol::http) connections: Option<usize>,
    /// Those there may be to all targets together.
    pub(in crate::protocol::http) all: Option<Arc<Semaphore>>,
    /// Requests at a time on one connection.
    pub(in crate::protocol::http) streams: usize,
    /// False: each request makes a connection of its own.
    pub(in crate::protocol::http) reuse: bool,
    pub(in crate::protocol::http) idle_timeout: Duration,
    pub(in crate::protocol::http) cooldown: Duration,
    pub(in crate::protocol::http) timeouts: Timeouts,
}

/// Connections to one target.
#[derive(Debug)]
pub(in crate::protocol::http) struct Pool {
    target: TargetId,
    settings: Settings,
    roster: RefCell<Roster<Connection>>,
    /// Until when no connection is tried, and the failure that is the reason.
    cooling: RefCell<Option<(Instant, Failure)>>,
    /// Timers of requests that are done, for those that come.
    pub(super) deadlines: RefCell<Vec<Deadline>>,
}

/// A place on a connection.
#[derive(Debug)]
pub(in crate::protocol::http) struct Lease<'p> {
    pub(super) slot: Slot<'p>,
    /// Whether the connection was there already.
    pub(in crate::protocol::http) reused: bool,
    /// When it was there to be used.
    pub(in crate::protocol::http) at: Instant,
    /// How long it took to make; nothing for one that was there.
    pub(in crate::protocol::http) making: Phases,
}

/// A place on a connection. Whoever is next in line gets it when this is dropped.
#[derive(Debug)]
pub(super) struct Slot<'p> {
    pub(super) pool: &'p Pool,
    key: usize,
    /// Whether the connection has refused the request.
    pub(super) refused: bool,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.pool.roster.borrow_mut().release(self.key, self.refused);
    }
}

impl Slot<'_> {
    /// Opens a stream; `None` when the connection has just ended.
    pub(super) fn open(&self, request: Request<()>, is_whole: bool) -> Option<Result<Halves, Error>> {
        self.pool.roster.borrow_mut().connection(self.key).map(|connection| connection.open(request, is_whole))
    }
}

/// A connection being made; ends when this is dropped, however it went.
struct Opening<'p>(&'p Pool);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.roster.borrow_mut().opening_done();
    }
}

/// A place in line.
struct Waiting<'p> {
    pool: &'p Pool,
    turn: oneshot::Receiver<Turn>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.turn.close();
        // A turn that came in the moment the request gave up must not be lost.
        if let Ok(turn) = self.turn.try_recv() {
            self.pool.roster.borrow_mut().return_turn(&turn);
        }
    }
}

impl Pool {
    /// A pool without any connection yet.
    pub(in crate::protocol::http) fn new(target: TargetId, settings: Settings) -> Self {
        let Settings { connections, streams, reuse, .. } = settings;
        let bounds = Bounds { connections, streams, reuse, all: settings.all.clone() };
        Self {
            target,
            settings,
            roster: RefCell::new(Roster::new(bounds)),
            cooling: RefCell::default(),
            deadlines: RefCell::default(),
        }
    }

    /// A place on a connection that has room, else on a new one, as soon as the limits allow.
    ///
    /// # Errors
    /// None could be had in time, or none could be made.
    pub(in crate::protocol::http) async fn lease(&self, begin: Instant, until: Instant) -> Result<Lease<'_>, Failure> {
        let at_once = self.roster.borrow_mut().turn();
        let (turn, at) = match at_once {
            Some(turn) => (turn, begin),
            None => (self.wait(begin, until).await?, clock::now()),
        };
        match turn {
            Turn::Use(key) => Ok(Lease { slot: self.slot(key), reused: true, at, making: Phases::default() }),
            Turn::Open => self.open(at, until).await,
            Turn::Failed(failure) => Err(failure),
        }
    }

    /// Closes connections that were idle for too long, and those the server has ended.
    pub(in crate::protocol::http) fn tidy_up(&self, now: Instant) {
        self.roster.borrow_mut().close_idle(now, self.settings.idle_timeout);
    }

    /// Closes connections that no request is on.
    pub(in crate::protocol::http) fn close_unused(&self) {
        self.roster.borrow_mut().close_idle(clock::now(), Duration::ZERO);
    }

    fn slot(&self, key: usize) -> Slot<'_> {
        Slot { pool: self, key, refused: false }
    }

    /// Waits in line: for a place on a connection, or to open one. Where others are just opening one, that takes its time too.
    async fn wait(&self, begin: Instant, until: Instant) -> Result<Turn, Failure> {
        let patience = begin + self.settings.timeouts.pool + self.settings.timeouts.connect;
        let mut waiting = Waiting { pool: self, turn: self.roster.borrow_mut().wait() };
        match timeout_at(patience.min(until).into(), &mut waiting.turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(limits::without_connection(patience, until)),
        }
    }

    async fn open(&self, begin: Instant, until: Instant) -> Result<Lease<'_>, Failure> {
        let opening = Opening(self);
        let cooling = self.cooling.borrow().as_ref().filter(|(end, _)| begin < *end).map(|(_, failure)| failure.clone());
        if let Some(failure) = cooling {
            return Err(failure);
        }
        let permit = self.permit(begin, until).await?;
        let began = clock::now();
        let left = until.saturating_duration_since(began);
        let made = self.make(began, left.min(self.settings.timeouts.connect), permit).await;
        let at = clock::now();
        match made {
            Ok((connection, making)) => {
                let slot = self.slot(self.roster.borrow_mut().opened(connection));
                drop(opening);
                Ok(Lease { slot, reused: false, at, making })
            }
            // The request ran out of time, which says nothing about connections.
            Err(failure) if failure.class == ErrorClass::TimeoutConnect && left < self.settings.timeouts.connect => {
                Err(limits::without_connection(until, until))
            }
            Err(failure) => {
                if !self.settings.cooldown.is_zero() {
                    *self.cooling.borrow_mut() = Some((at + self.settings.cooldown, failure.clone()));
                }
                self.roster.borrow_mut().opening_failed(&failure);
                Err(failure)
            }
        }
    }

    /// The right to one more connection, where their number to all targets together is limited.
    async fn permit(&self, begin: Instant, until: Instant) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        let Some(all) = &self.settings.all else { return Ok(None) };
        let patience = begin + self.settings.timeouts.pool;
        match timeout_at(patience.min(until).into(), Arc::clone(all).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => Err(limits::without_connection(patience, until)),
        }
    }

    async fn make(
        &self,
        began: Instant,
        limit: Duration,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<(Connection, Phases), Failure> {
        let Connected { stream, h2: _, dns, connect, tls } = self.settings.origins.connect(self.target, limit).await?;
        let silent = Failure::new(ErrorClass::TimeoutConnect, "the server sent no HTTP/2 settings within the connect timeout");
        let greeted = timeout_at((began + limit).into(), Connection::greet(stream, permit)).await.unwrap_or(Err(silent))?;
        // What the greeting took belongs to the last step of the making.
        let total = u64::try_from(clock::now().saturating_duration_since(began).as_nanos()).unwrap_or(u64::MAX);
        let (connect, tls) =
            if tls > 0 { (connect, total.saturating_sub(dns + connect)) } else { (total.saturating_sub(dns), 0) };
        Ok((greeted, Phases { dns, connect, tls, ..Phases::default() }))
    }
}
