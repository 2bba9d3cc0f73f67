//! The HTTP/2 connections of one thread to one target.

use std::{cell::RefCell, time::Duration};

use h2::{Error, Reason};
use http::Request;
use tokio::sync::oneshot;

use super::{
    connection::{Connection, Halves},
    roster::{Bounds, Roster, Turn},
};
use crate::{
    clock::Instant,
    protocol::{
        Failure,
        http::{deadline::Deadline, limits::Wait},
    },
};

/// Connections to one target.
#[derive(Debug)]
pub(in crate::protocol::http) struct Pool {
    roster: RefCell<Roster<Connection>>,
    /// Timers of requests that are done, for those that come.
    pub(super) deadlines: RefCell<Vec<Deadline>>,
}

/// What a request gets that stood in line.
pub(in crate::protocol::http) enum Place<'p> {
    /// A place on a connection that is there.
    There(Slot<'p>),
    /// The right to open one.
    ToBeOpened(Opening<'p>),
}

/// A place on a connection. Whoever is next in line gets it when this is dropped.
#[derive(Debug)]
pub(in crate::protocol::http) struct Slot<'p> {
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

    /// Why the server has given the connection up, if it has.
    pub(super) fn given_up(&self) -> Option<Reason> {
        self.pool.roster.borrow_mut().connection(self.key)?.given_up()
    }
}

/// A connection being made; ends when this is dropped, however it went.
pub(in crate::protocol::http) struct Opening<'p>(&'p Pool);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.roster.borrow_mut().opening_done();
    }
}

impl<'p> Opening<'p> {
    /// The connection is there: a place on it for the one who made it, and the others for those in line.
    pub(in crate::protocol::http) fn succeeded(self, connection: Connection) -> Slot<'p> {
        let key = self.0.roster.borrow_mut().opened(connection);
        self.0.slot(key)
    }

    /// There is none. Where there is no other hope, all who wait fail with it.
    pub(in crate::protocol::http) fn failed(self, failure: &Failure) {
        self.0.roster.borrow_mut().opening_failed(failure);
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
    pub(in crate::protocol::http) fn new(bounds: Bounds) -> Self {
        Self { roster: RefCell::new(Roster::new(bounds)), deadlines: RefCell::default() }
    }

    /// A place on a connection that has room, else the right to open one, as soon as the limits allow.
    ///
    /// # Errors
    /// None could be had in time, or none could be made by those who tried.
    pub(in crate::protocol::http) async fn turn(&self, wait: &mut Wait, connect: Duration) -> Result<Place<'_>, Failure> {
        let at_once = self.roster.borrow_mut().turn();
        let turn = match at_once {
            Some(turn) => turn,
            None => self.wait(wait, connect).await?,
        };
        match turn {
            Turn::Use(key) => Ok(Place::There(self.slot(key))),
            Turn::Open => Ok(Place::ToBeOpened(Opening(self))),
            Turn::Failed(failure) => Err(failure),
        }
    }

    /// Closes connections that were idle for too long, and those the server has ended.
    pub(in crate::protocol::http) fn close_idle(&self, now: Instant, limit: Duration) {
        self.roster.borrow_mut().close_idle(now, limit);
    }

    /// Closes a connection that no request is on, if there is one.
    pub(in crate::protocol::http) fn close_unused(&self) {
        self.roster.borrow_mut().close_unused();
    }

    fn slot(&self, key: usize) -> Slot<'_> {
        Slot { pool: self, key, refused: false }
    }

    /// Waits in line. A connection that is being made when patience ends is waited for by all as by the one who makes it.
    async fn wait(&self, wait: &mut Wait, connect: Duration) -> Result<Turn, Failure> {
        let mut waiting = Waiting { pool: self, turn: self.roster.borrow_mut().wait() };
        let turn = match wait.on(&mut waiting.turn).await {
            Err(_) if self.roster.borrow().is_opening() => {
                wait.extend(connect);
                wait.on(&mut waiting.turn).await?
            }
            turn => turn?,
        };
        // The roster that promised it is there as long as this is.
        turn.map_err(|_| crate::protocol::http::limits::without_connection())
    }
}
