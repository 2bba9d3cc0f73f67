//! The connections of a route, for messages that go to all of them.

use std::cell::RefCell;

use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};
use tokio_tungstenite::tungstenite::Message;

/// Messages that wait for one connection; those beyond it are dropped and counted.
const WAITING_MAX: usize = 10_000;

/// All who are there.
#[derive(Default)]
pub(super) struct Room(RefCell<Vec<Sender<Message>>>);

impl Room {
    /// One more is there; what is sent to all comes out here, until it is dropped.
    pub(super) fn enter(&self) -> (Sender<Message>, Receiver<Message>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        self.0.borrow_mut().push(sender.clone());
        (sender, receiver)
    }

    /// Everybody who is there now.
    pub(super) fn everybody(&self) -> Vec<Sender<Message>> {
        let mut everybody = self.0.borrow_mut();
        everybody.retain(|one| !one.is_closed());
        everybody.clone()
    }
}

/// Hands a message over; false when it had to be dropped.
pub(super) fn hand_over(to: &Sender<Message>, message: Message) -> bool {
    !matches!(to.try_send(message), Err(TrySendError::Full(_)))
}
