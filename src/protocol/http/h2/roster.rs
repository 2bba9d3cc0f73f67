//! Who may use which connection: pure book-keeping. Connections with room for another request take turns, so that the load
//! spreads evenly over them; where none has room a new one is opened or the request waits in line.

use std::{collections::VecDeque, time::Duration};

use tokio::sync::oneshot;

use crate::{
    clock::Instant,
    protocol::{Failure, http::permits::Limit},
};

/// What several requests can use at a time.
pub(super) trait Shared {
    /// How many requests it takes at a time now; 0 when it takes no new ones ever again.
    fn takes(&mut self) -> usize;
}

/// What a request may do next.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// Use this connection.
    Use(usize),
    /// Open one.
    Open,
    /// None can be opened.
    Failed(Failure),
}

/// How many there may be.
#[derive(Clone, Debug)]
pub(in crate::protocol::http) struct Bounds {
    /// Connections; `None`: any number.
    pub(in crate::protocol::http) connections: Option<usize>,
    /// Requests at a time on one of them.
    pub(in crate::protocol::http) streams: usize,
    /// False: a connection takes one request in all.
    pub(in crate::protocol::http) reuse: bool,
    /// Connections there may be to all targets together.
    pub(in crate::protocol::http) all: Option<Limit>,
}

/// The connections to one target, and who waits for one.
#[derive(Debug)]
pub(super) struct Roster<C> {
    bounds: Bounds,
    /// By key; the keys of closed ones are used again.
    entries: Vec<Option<Entry<C>>>,
    open: usize,
    /// Those with room, the one whose turn it is first.
    free: VecDeque<usize>,
    waiting: VecDeque<oneshot::Sender<Turn>>,
    /// Connections being made.
    opening: usize,
    /// Requests at a time that the last connection took.
    takes: usize,
}

#[derive(Debug)]
struct Entry<C> {
    connection: C,
    in_use: usize,
    /// Whether it stands among the free ones.
    listed: bool,
    /// Takes no new requests, and is closed when those on it are done.
    retired: bool,
    idle_since: Option<Instant>,
}

impl<C: Shared> Roster<C> {
    pub(super) fn new(bounds: Bounds) -> Self {
        let streams = if bounds.reuse { bounds.streams.max(1) } else { 1 };
        let bounds = Bounds { streams, ..bounds };
        Self { bounds, entries: Vec::new(), open: 0, free: VecDeque::new(), waiting: VecDeque::new(), opening: 0, takes: streams }
    }

    /// What a request may do at once, if anything.
    pub(super) fn turn(&mut self) -> Option<Turn> {
        if let Some(key) = self.take() {
            return Some(Turn::Use(key));
        }
        self.may_open(self.waiting.len()).then(|| {
            self.opening += 1;
            Turn::Open
        })
    }

    /// Stands in line.
    pub(super) fn wait(&mut self) -> oneshot::Receiver<Turn> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.push_back(sender);
        receiver
    }

    /// Whether a connection may be opened that is of use to a request with so many others in line before it. One that is being
    /// made serves the one that makes it and as many others as it takes.
    fn may_open(&self, before: usize) -> bool {
        let open = self.open + self.opening;
        // Who has a connection already does better to wait for room on it than for another target to close one.
        let is_spare = || open == 0 || self.bounds.all.as_ref().is_none_or(|all| all.free() > self.opening);
        self.bounds.connections.is_none_or(|most| open < most) && before >= self.opening * (self.takes - 1) && is_spare()
    }

    /// A place on the connection whose turn it is.
    fn take(&mut self) -> Option<usize> {
        while let Some(key) = self.free.pop_front() {
            let Some(entry) = self.entries[key].as_mut() else { continue };
            entry.listed = false;
            let takes = entry.connection.takes();
            if takes == 0 {
                self.retire(key);
            } else if entry.in_use < takes.min(self.bounds.streams) {
                entry.in_use += 1;
                entry.idle_since = None;
                self.list(key);
                return Some(key);
            }
        }
        None
    }

    /// Puts a connection among the free ones, as far as is known that it has room.
    fn list(&mut self, key: usize) {
        let (streams, reuse) = (self.bounds.streams, self.bounds.reuse);
        let Some(entry) = self.entries[key].as_mut() else { return };
        if reuse && !entry.listed && !entry.retired && entry.in_use < streams {
            entry.listed = true;
            self.free.push_back(key);
        }
    }

    /// A connection was made, by a request that uses it. Returns its key.
    pub(super) fn opened(&mut self, mut connection: C) -> usize {
        self.takes = connection.takes().clamp(1, self.bounds.streams);
        let entry = Entry { connection, in_use: 1, listed: false, retired: false, idle_since: None };
        let key = self.entries.iter().position(Option::is_none).unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        self.entries[key] = Some(entry);
        self.open += 1;
        self.list(key);
        key
    }

    /// The making of a connection has come to its end, good or bad.
    pub(super) fn opening_done(&mut self) {
        self.opening -= 1;
        self.serve();
    }

    /// The making of a connection failed. Where there is no other hope, all who wait fail with it.
    pub(super) fn opening_failed(&mut self, failure: &Failure) {
        if self.opening == 1 && self.open == 0 {
            for waiting in self.waiting.drain(..) {
                let _ = waiting.send(Turn::Failed(failure.clone()));
            }
        }
    }

    /// A request is done with its connection. One that refused it gets no new ones before another of those on it is done, and
    /// none at all if there are none.
    pub(super) fn release(&mut self, key: usize, refused: bool) {
        let Some(entry) = self.entries[key].as_mut() else { return };
        entry.in_use -= 1;
        let is_idle = entry.in_use == 0;
        // Nobody else would close it for another target that waits.
        let gives_way = is_idle && self.waiting.is_empty() && self.bounds.all.as_ref().is_some_and(Limit::is_wanted);
        if entry.retired || !self.bounds.reuse || (refused && is_idle) || gives_way {
            self.retire(key);
        } else if refused {
            entry.listed = false;
            self.free.retain(|free| *free != key);
        } else {
            self.list(key);
        }
        self.serve();
    }

    fn retire(&mut self, key: usize) {
        let Some(entry) = self.entries[key].as_mut() else { return };
        entry.retired = true;
        if entry.in_use == 0 {
            self.entries[key] = None;
            self.open -= 1;
            self.free.retain(|free| *free != key);
        }
    }

    /// Gives those in line what has become free.
    fn serve(&mut self) {
        while let Some(before) = self.waiting.len().checked_sub(1) {
            let Some(turn) = self.take().map(Turn::Use).or_else(|| self.may_open(before).then_some(Turn::Open)) else { return };
            let Some(waiting) = self.waiting.pop_front() else { return };
            self.opening += usize::from(turn == Turn::Open);
            // Who went away does not take part.
            if let Err(turn) = waiting.send(turn) {
                self.take_back(&turn);
            }
        }
    }

    /// A turn that nobody wants any more.
    fn take_back(&mut self, turn: &Turn) {
        match turn {
            Turn::Open => self.opening -= 1,
            Turn::Use(key) => {
                if let Some(entry) = self.entries[*key].as_mut() {
                    entry.in_use -= 1;
                    self.list(*key);
                }
            }
            Turn::Failed(_) => {}
        }
    }

    /// A turn was given to a request that had just gone away.
    pub(super) fn return_turn(&mut self, turn: &Turn) {
        self.take_back(turn);
        self.serve();
    }

    pub(super) fn connection(&mut self, key: usize) -> Option<&mut C> {
        self.entries[key].as_mut().map(|entry| &mut entry.connection)
    }

    /// Whether a connection is being made.
    pub(super) fn is_opening(&self) -> bool {
        self.opening > 0
    }

    /// Closes a connection that nobody uses, if there is one.
    pub(super) fn close_unused(&mut self) {
        let is_unused = |entry: &Option<Entry<C>>| entry.as_ref().is_some_and(|entry| entry.in_use == 0);
        if let Some(key) = self.entries.iter().position(is_unused) {
            self.retire(key);
        }
    }

    /// Closes connections that nobody has used for `limit`. Called often enough, so that no clock is read when one falls idle.
    pub(super) fn close_idle(&mut self, now: Instant, limit: Duration) {
        for key in 0..self.entries.len() {
            let Some(entry) = self.entries[key].as_mut().filter(|entry| entry.in_use == 0) else { continue };
            let since = *entry.idle_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= limit || entry.connection.takes() == 0 {
                self.retire(key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
