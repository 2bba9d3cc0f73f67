//! Who may use which connection: pure book-keeping. Connections with room for another request take turns, so that the load
//! spreads evenly over them; where none has room a new one is opened or the request waits in line.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::{Semaphore, oneshot};

use crate::{clock::Instant, protocol::Failure};

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
pub(super) struct Bounds {
    /// Connections; `None`: any number.
    pub(super) connections: Option<usize>,
    /// Requests at a time on one of them.
    pub(super) streams: usize,
    /// False: a connection takes one request in all.
    pub(super) reuse: bool,
    /// Connections there may be to all targets together.
    pub(super) all: Option<Arc<Semaphore>>,
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
        let is_spare = || open == 0 || self.bounds.all.as_ref().is_none_or(|all| all.available_permits() > self.opening);
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
        if entry.retired || !self.bounds.reuse || (refused && entry.in_use == 0) {
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

    /// Closes connections that nobody has used for `limit`. Called often enough, so that no clock is read when one falls idle.
    pub(super) fn close_idle(&mut self, now: Instant, limit: std::time::Duration) {
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
mod tests {
    use std::{cell::Cell, rc::Rc, time::Duration};

    use super::*;
    use crate::{clock, record::ErrorClass};

    /// Takes as many requests as the cell says.
    struct Fake(Rc<Cell<usize>>);

    impl Shared for Fake {
        fn takes(&mut self) -> usize {
            self.0.get()
        }
    }

    fn roster(connections: Option<usize>, streams: usize) -> Roster<Fake> {
        Roster::new(Bounds { connections, streams, reuse: true, all: None })
    }

    /// Opens a connection that takes so many requests, as one that was told to does.
    fn open(roster: &mut Roster<Fake>, takes: usize) -> (usize, Rc<Cell<usize>>) {
        let cell = Rc::new(Cell::new(takes));
        let key = roster.opened(Fake(Rc::clone(&cell)));
        roster.opening_done();
        (key, cell)
    }

    #[test]
    fn a_connection_is_filled_before_the_next_is_opened() {
        let mut roster = roster(None, 3);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let mut waiting: Vec<_> = (0..2).map(|_| (roster.turn(), roster.wait())).collect();
        assert!(waiting.iter().all(|(turn, _)| turn.is_none()), "the one that is made serves three");
        assert_eq!(roster.turn(), Some(Turn::Open), "and a fourth one opens the next");
        let (key, _) = open(&mut roster, 100);
        let turns: Vec<_> = waiting.iter_mut().map(|(_, turn)| turn.try_recv()).collect();
        assert_eq!(turns, [Ok(Turn::Use(key)), Ok(Turn::Use(key))]);
        assert_eq!(roster.turn(), None, "the second one is still being made");
    }

    #[test]
    fn those_in_line_share_the_connection_that_is_made_for_them() {
        let mut roster = roster(Some(1), 3);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let mut waiting: Vec<_> = (0..3).map(|_| (roster.turn(), roster.wait())).collect();
        let (key, _) = open(&mut roster, 100);
        let mut turn = |n: usize| waiting[n].1.try_recv().ok();
        assert_eq!((turn(0), turn(1), turn(2)), (Some(Turn::Use(key)), Some(Turn::Use(key)), None));
        roster.release(key, false);
        assert_eq!(turn(2), Some(Turn::Use(key)));
    }

    #[test]
    fn a_server_that_takes_one_at_a_time_gets_more_connections() {
        let mut roster = roster(Some(2), 100);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let mut waiting: Vec<_> = (0..3).map(|_| roster.wait()).collect();
        let (first, _) = open(&mut roster, 1);
        assert_eq!(waiting[0].try_recv(), Ok(Turn::Open));
        assert!(waiting[1].try_recv().is_err(), "two is all there may be");
        let (second, _) = open(&mut roster, 1);
        roster.release(first, false);
        roster.release(second, false);
        assert_eq!((waiting[1].try_recv(), waiting[2].try_recv()), (Ok(Turn::Use(first)), Ok(Turn::Use(second))));
    }

    #[test]
    fn requests_spread_over_the_connections() {
        let mut roster = roster(None, 10);
        let keys: Vec<usize> = (0..3)
            .map(|_| {
                roster.opening += 1;
                open(&mut roster, 10).0
            })
            .collect();
        let turns: Vec<_> = (0..6).map(|_| roster.turn()).collect();
        let expected: Vec<_> = keys.iter().chain(&keys).map(|key| Some(Turn::Use(*key))).collect();
        assert_eq!(turns, expected);
    }

    #[test]
    fn a_connection_that_takes_no_more_is_left_to_end_and_replaced() {
        let mut roster = roster(Some(1), 10);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let (key, takes) = open(&mut roster, 10);
        takes.set(0);
        assert_eq!(roster.turn(), None, "it still counts");
        let mut waiting = roster.wait();
        roster.release(key, false);
        assert_eq!(waiting.try_recv(), Ok(Turn::Open));
        assert!(roster.connection(key).is_none());
    }

    #[test]
    fn a_connection_that_refuses_gets_nothing_until_one_of_its_requests_is_done() {
        let mut roster = roster(Some(1), 10);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let (key, _) = open(&mut roster, 10);
        assert_eq!(roster.turn(), Some(Turn::Use(key)));
        roster.release(key, true);
        assert_eq!(roster.turn(), None);
        let mut waiting = roster.wait();
        roster.release(key, false);
        assert_eq!(waiting.try_recv(), Ok(Turn::Use(key)));
        roster.release(key, true);
        assert!(roster.connection(key).is_none(), "nothing is on it that could be done");
    }

    #[test]
    fn who_waits_learns_that_nothing_can_be_opened() {
        let mut roster = roster(None, 10);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let mut waiting = roster.wait();
        let failure = Failure::new(ErrorClass::ConnectRefused, "refused");
        roster.opening_failed(&failure);
        roster.opening_done();
        assert_eq!(waiting.try_recv(), Ok(Turn::Failed(failure)));
        assert_eq!(roster.turn(), Some(Turn::Open), "the next may try again");
    }

    #[test]
    fn a_turn_of_one_who_went_away_goes_to_the_next() {
        let mut roster = roster(Some(1), 1);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let (key, _) = open(&mut roster, 1);
        drop(roster.wait());
        let mut waiting = roster.wait();
        roster.release(key, false);
        assert_eq!(waiting.try_recv(), Ok(Turn::Use(key)));
    }

    #[test]
    fn idle_connections_end_when_their_time_is_over_or_the_server_has_gone() {
        let mut roster = roster(None, 10);
        assert_eq!(roster.turn(), Some(Turn::Open));
        let (key, _) = open(&mut roster, 10);
        let (now, limit) = (clock::now(), Duration::from_secs(60));
        roster.close_idle(now, limit);
        assert!(roster.connection(key).is_some(), "it is in use");
        roster.release(key, false);
        roster.close_idle(now, limit);
        roster.close_idle(now + limit / 2, limit);
        assert!(roster.connection(key).is_some());
        roster.close_idle(now + limit, limit);
        assert!(roster.connection(key).is_none());
        roster.opening += 1;
        let (key, takes) = open(&mut roster, 10);
        roster.release(key, false);
        takes.set(0);
        roster.close_idle(now, limit);
        assert!(roster.connection(key).is_none() && roster.open == 0);
    }

    #[test]
    fn without_reuse_each_request_opens_a_connection_of_its_own() {
        let mut roster = Roster::new(Bounds { connections: Some(1), streams: 100, reuse: false, all: None });
        assert_eq!(roster.turn(), Some(Turn::Open));
        let mut waiting = roster.wait();
        let (key, _) = open(&mut roster, 100);
        assert!(waiting.try_recv().is_err());
        roster.release(key, false);
        assert_eq!(waiting.try_recv(), Ok(Turn::Open));
    }
}
