//! Publishing, and receiving what was published, on one connection.

use std::time::Duration;

use bytes::Bytes;
use minijinja::Value;

use super::{
    board::{Board, Published},
    conversation::Event,
    notes::Outcome,
    play::{Broken, End, Player},
    receipts::{Receipt, Receipts},
    rhythm::Rhythm,
};
use crate::{
    plan::{Broadcast, MESSAGE_ID},
    protocol::{Driver, Failure},
    record::ErrorClass,
    units,
};

/// How often a receiver looks whether something has not come in its time.
const LOOK: Duration = Broadcast::SETTLING;

/// What a connection has to do with a broadcast.
struct Part<'a> {
    rules: &'a Broadcast,
    boards: &'a [Board],
    /// By publisher; none of this connection's own messages, and none of the other version's.
    receipts: Vec<Option<Receipts>>,
    /// When the next message is due; `None` where none is.
    due: Option<Duration>,
}

impl<D: Driver> Player<'_, D> {
    /// Receives until the connection ends, and publishes where that is its part.
    pub(super) async fn broadcast(&mut self, rules: &Broadcast, boards: &[Board]) -> End {
        let (own, now) = (self.user.number, self.conversation.now());
        let lane = &self.conversation.lane;
        let counts = |number: u64| number != own && lane.run.plan.side_of_user(number) == lane.side;
        let receipts = boards.iter().zip(0..).map(|(board, number)| counts(number).then(|| Receipts::from_now(board)));
        let mut part = Part { rules, boards, receipts: receipts.collect(), due: None };
        // What is published later could not be waited for; a message may go out a little late.
        let last = self.conversation.ends().saturating_sub(rules.quiet_end());
        let publishes = (own as usize) < boards.len();
        let every = Duration::from_secs_f64(1.0 / rules.rate.0);
        // Not at once: connections that come together are to be there for the first message.
        let mut rhythm = publishes.then(|| Rhythm::new(every, own, now + every));
        let (mut looks, mut ready) = (now + LOOK, now);
        loop {
            if let Some(rhythm) = rhythm.as_mut().filter(|_| part.due.is_none()) {
                part.due = Some(rhythm.next(&mut self.user.rng));
            }
            let due = part.due.filter(|due| *due < last);
            match self.conversation.next(Some(due.map_or(looks, |due| due.min(looks)))).await {
                Event::Message(message) => self.received(&mut part, &message),
                Event::Due => {
                    let now = self.conversation.now();
                    if now >= looks {
                        self.settle(&mut part);
                        looks = now + LOOK;
                    }
                    if let Some(due) = due.filter(|due| now >= *due) {
                        part.due = None;
                        self.conversation.notes.sent(due.max(ready), now);
                        if let Err(Broken::Ended(end)) = self.publish(&part, due).await {
                            return end;
                        }
                        ready = self.conversation.now();
                    }
                }
                Event::Leave(code) => {
                    self.settle(&mut part);
                    return End::Close(code);
                }
                Event::Lost(failure) => {
                    self.settle(&mut part);
                    return End::Lost(failure);
                }
            }
        }
    }

    /// Sends the message that is due.
    async fn publish(&mut self, part: &Part<'_>, due: Duration) -> Result<(), Broken> {
        let (publisher, sent) = (self.user.number, self.conversation.now());
        let board = &part.boards[publisher as usize];
        let number = board.publish(due, sent);
        self.user.begin_connection_round();
        self.user.learn(vec![(MESSAGE_ID.into(), Value::from(format!("{publisher}-{number}")))]);
        let ticket = self.conversation.notes.begin(part.rules.publish, due);
        let handed_over = self.hand_over(&part.rules.message).await;
        self.user.iteration += 1;
        let failure = match &handed_over {
            Ok(()) => None,
            Err(Broken::Failed(failure) | Broken::Ended(End::Lost(failure))) => Some(failure.clone()),
            Err(Broken::Ended(_)) => {
                Some(Failure::new(ErrorClass::Unfinished, "the connection ended before the message was sent"))
            }
        };
        if failure.is_some() {
            board.take_back(number);
        }
        let done = self.conversation.now();
        let (response, service) = (done.saturating_sub(due), done.saturating_sub(sent));
        self.conversation.notes.finish(ticket, part.rules.publish, Outcome { response, service, failure, ..Outcome::default() });
        handed_over
    }

    /// A message has come: one of those that were published, or another.
    fn received(&self, part: &mut Part<'_>, message: &Bytes) {
        let Some((publisher, number)) = identity(part.rules, message) else { return };
        let Some((board, Some(receipts))) = part.boards.get(publisher).zip(part.receipts.get_mut(publisher)) else { return };
        let Some(receipt) = receipts.came(number, board) else { return };
        let Published::At(due, sent) = board.look_up(number) else { return };
        let now = self.conversation.now();
        let failure = match receipt {
            Receipt::Delivered => None,
            Receipt::Duplicate => Some(Failure::new(ErrorClass::Duplicate, "the message had come before")),
            Receipt::Reordered => {
                Some(Failure::new(ErrorClass::Reordered, "the message came after one that was published later"))
            }
        };
        let (response, service, bytes) = (now.saturating_sub(due), now.saturating_sub(sent), message.len() as u64);
        let outcome = Outcome { response, service, bytes, failure, ..Outcome::default() };
        self.conversation.notes.note(part.rules.delivery, now, outcome);
    }

    /// Notes what has not come in its time.
    fn settle(&self, part: &mut Part<'_>) {
        let (now, within) = (self.conversation.now(), part.rules.within);
        for (receipts, board) in part.receipts.iter_mut().zip(part.boards) {
            let Some(receipts) = receipts else { continue };
            for _ in 0..receipts.settle(board, now, within) {
                let message = format!("the message did not come within {}", units::duration(within));
                let outcome = Outcome::after(within, Some(Failure::told(ErrorClass::Lost, &message)));
                self.conversation.notes.note(part.rules.delivery, now, outcome);
            }
        }
    }
}

/// The publisher and the number of a message; `None` where it is not one of those that were published.
fn identity(rules: &Broadcast, message: &[u8]) -> Option<(usize, u64)> {
    let document: serde_json::Value = serde_json::from_slice(message).ok()?;
    let id = rules.id_from.first(&document)?;
    let (publisher, number) = id.as_str()?.split_once('-')?;
    Some((publisher.parse().ok()?, number.parse().ok()?))
}
