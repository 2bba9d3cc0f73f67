//! The book-keeping before connections that are numbers.

use std::{cell::Cell, rc::Rc, time::Duration};

use super::*;
use crate::{
    clock,
    protocol::http::{limits::Wait, permits::Limit},
    record::ErrorClass,
};

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

#[test]
fn a_connection_without_requests_gives_way_where_another_target_waits() {
    let limit = Limit::new(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut roster = Roster::new(Bounds { connections: None, streams: 10, reuse: true, all: Some(limit.clone()) });
    assert_eq!(roster.turn(), Some(Turn::Open));
    let (key, _) = open(&mut roster, 10);
    roster.release(key, false);
    assert_eq!(roster.turn(), Some(Turn::Use(key)), "nobody waits");
    runtime.block_on(async {
        let now = clock::now();
        let until = now + Duration::from_secs(60);
        let _held = limit.permit(&mut Wait::new(now, Duration::ZERO, until), || {}).await.unwrap();
        // In line, as long as this is asked.
        let in_line = || {
            let mut own = roster.wait();
            roster.release(key, false);
            assert_eq!(own.try_recv(), Ok(Turn::Use(key)), "those of its own in line come first");
            roster.release(key, false);
            assert!(roster.connection(key).is_none());
        };
        let nothing = limit.permit(&mut Wait::new(now, Duration::ZERO, until), in_line).await;
        assert!(nothing.is_err());
    });
}

#[test]
fn one_connection_that_nobody_uses_is_closed_at_a_time() {
    let mut roster = roster(None, 10);
    for _ in 0..3 {
        roster.opening += 1;
        open(&mut roster, 10);
    }
    (1..3).for_each(|key| roster.release(key, false));
    for left in [2, 1, 1] {
        roster.close_unused();
        assert!(roster.open == left && roster.connection(0).is_some(), "the one in use stays");
    }
}
