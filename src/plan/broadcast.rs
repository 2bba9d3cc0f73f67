//! Messages that some connections of a scenario send, and that all the others are to get.

use std::time::Duration;

use super::{EndpointId, JsonPath, Outgoing};
use crate::units::PerSecond;

/// The name by which the template of a message calls its identity.
pub const MESSAGE_ID: &str = "message_id";

/// Who publishes what, and when a message is lost.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// The first so many connections of each version publish; all receive.
    pub publishers: u32,
    /// Messages that each of them sends.
    pub rate: PerSecond,
    /// What is sent; its template names [`MESSAGE_ID`].
    pub message: Outgoing,
    /// Where in a message its identity stands.
    pub id_from: JsonPath,
    /// A receiver that has not got a message so long after it was sent has lost it.
    pub within: Duration,
    /// Each message that is published.
    pub publish: EndpointId,
    /// Each message at each of its receivers.
    pub delivery: EndpointId,
}

impl Broadcast {
    /// Time that is left beyond `within` for seeing that a message did not come.
    pub const SETTLING: Duration = Duration::from_millis(500);

    /// Nothing is published so long before the end: what became of it could not be seen.
    #[must_use]
    pub fn quiet_end(&self) -> Duration {
        self.within + Self::SETTLING
    }

    /// How many boards a run of so many versions needs: as many connections are looked at to find who publishes.
    #[must_use]
    pub fn boards(&self, sides: usize) -> usize {
        self.publishers as usize * sides
    }
}
