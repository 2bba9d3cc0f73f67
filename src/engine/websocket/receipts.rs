//! What one receiver has got of what was published: each message once, in order, within a time, or not.

use std::{collections::VecDeque, time::Duration};

use super::board::{Board, Published};

/// What a message is to its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receipt {
    /// Here it is.
    Delivered,
    /// It was here before.
    Duplicate,
    /// One that was published after it was here before.
    Reordered,
}

/// The messages of one publisher. A message is settled when its time is over, whether it came or not: one that comes then for the first time
/// came too late, and has been counted.
#[derive(Debug)]
pub(super) struct Receipts {
    settled: u64,
    /// Whether the last 64 of the settled ones had come, the latest in the lowest bit: what comes again late is a duplicate all the same.
    had_come: u64,
    highest: u64,
    /// Whether those behind the settled ones have come.
    came: VecDeque<bool>,
}

impl Receipts {
    /// Of a receiver that is there from now on: what was published before is none of its business.
    pub(super) fn from_now(board: &Board) -> Self {
        let settled = board.published();
        Self { settled, had_come: 0, highest: settled, came: VecDeque::new() }
    }

    /// A message has come; `None` for one that nothing is to be made of.
    pub(super) fn came(&mut self, number: u64, board: &Board) -> Option<Receipt> {
        if number > board.published() {
            return None;
        }
        if number <= self.settled {
            let place = u32::try_from(self.settled - number).ok()?;
            let had_come = self.had_come.checked_shr(place).is_some_and(|bits| bits & 1 == 1);
            return had_come.then_some(Receipt::Duplicate);
        }
        let place = usize::try_from(number - self.settled - 1).ok()?;
        if self.came.len() <= place {
            self.came.resize(place + 1, false);
        }
        if std::mem::replace(&mut self.came[place], true) {
            return Some(Receipt::Duplicate);
        }
        let is_next = number > self.highest;
        self.highest = self.highest.max(number);
        Some(if is_next { Receipt::Delivered } else { Receipt::Reordered })
    }

    /// Settles what has had its time, and returns how many messages of it did not come.
    pub(super) fn settle(&mut self, board: &Board, now: Duration, within: Duration) -> u64 {
        let (mut lost, published) = (0, board.published());
        while self.settled < published {
            let counts = match board.look_up(self.settled + 1) {
                Published::At(_, sent) if now.saturating_sub(sent) < within => break,
                Published::Never => false,
                Published::At(..) | Published::LongAgo => true,
            };
            self.settled += 1;
            let came = self.came.pop_front().unwrap_or_default();
            self.had_come = (self.had_come << 1) | u64::from(came);
            lost += u64::from(counts && !came);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::{Broadcast, JsonPath, Outgoing},
        units::PerSecond,
    };

    const WITHIN: Duration = Duration::from_secs(2);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn board() -> Board {
        let message = Outgoing { is_text: true, written: bytes::Bytes::new(), rendered: Vec::new() };
        let id_from = JsonPath::parse("$.id").unwrap();
        Board::new(&Broadcast { publishers: 1, rate: PerSecond(1.0), message, id_from, within: WITHIN, publish: 0, delivery: 1 })
    }

    #[test]
    fn what_does_not_come_in_its_time_is_lost_and_told_of_once() {
        let board = board();
        board.publish(s(0), s(0));
        let mut receipts = Receipts::from_now(&board);
        for moment in 1..=4 {
            board.publish(s(moment), s(moment));
        }
        assert_eq!(receipts.came(2, &board), Some(Receipt::Delivered));
        assert_eq!(receipts.came(4, &board), Some(Receipt::Delivered));
        assert_eq!((receipts.settle(&board, s(3), WITHIN), receipts.settle(&board, s(4), WITHIN)), (0, 1), "3 is lost");
        assert_eq!(receipts.came(3, &board), None, "it has been counted");
        assert_eq!((receipts.settle(&board, s(9), WITHIN), receipts.settle(&board, s(99), WITHIN)), (1, 0), "and so is 5");
    }

    #[test]
    fn what_comes_twice_or_after_a_later_one_is_told_of() {
        let board = board();
        let mut receipts = Receipts::from_now(&board);
        (1..=3).for_each(|moment| assert_eq!(board.publish(s(moment), s(moment)), moment));
        let came = [1, 3, 3, 2, 2].map(|number| receipts.came(number, &board));
        let (once, twice, late) = (Some(Receipt::Delivered), Some(Receipt::Duplicate), Some(Receipt::Reordered));
        assert_eq!(came, [once, once, twice, late, twice]);
        assert_eq!(receipts.settle(&board, s(9), WITHIN), 0);
        assert_eq!(receipts.came(4, &board), None, "nobody has published it");
    }

    #[test]
    fn what_comes_again_after_its_time_is_a_duplicate_and_what_comes_first_then_has_been_counted() {
        let board = board();
        let mut receipts = Receipts::from_now(&board);
        (1..=3).for_each(|moment| assert_eq!(board.publish(s(moment), s(moment)), moment));
        assert_eq!((receipts.came(1, &board), receipts.came(3, &board)), (Some(Receipt::Delivered), Some(Receipt::Delivered)));
        assert_eq!(receipts.settle(&board, s(9), WITHIN), 1);
        let again = [1, 2, 3].map(|number| receipts.came(number, &board));
        assert_eq!(again, [Some(Receipt::Duplicate), None, Some(Receipt::Duplicate)]);
        (0..70).for_each(|_| assert!(board.publish(s(10), s(10)) > 3));
        receipts.settle(&board, s(99), WITHIN);
        assert_eq!(receipts.came(3, &board), None, "nobody remembers");
    }

    #[test]
    fn what_was_not_sent_is_not_lost_and_what_nobody_remembers_is() {
        let board = board();
        let mut receipts = Receipts::from_now(&board);
        let number = board.publish(s(1), s(1));
        board.take_back(number);
        assert_eq!(receipts.settle(&board, s(9), WITHIN), 0);
        (0..300).for_each(|_| assert!(board.publish(s(9), s(9)) > 1));
        assert_eq!(board.look_up(2), Published::LongAgo);
        assert_eq!(receipts.settle(&board, s(99), WITHIN), 300);
    }
}
