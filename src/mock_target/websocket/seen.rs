//! What WebSocket connections did.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::mock_target) struct Seen {
    /// Connections that became WebSocket ones.
    pub(super) opened: u64,
    /// Most of them at a time.
    pub(super) most_open: u64,
    /// Open just now.
    pub(super) open: u64,
    /// Those that answer nothing.
    pub(super) silent: u64,
    /// Those ended by the server on purpose.
    pub(super) killed: u64,
    /// Messages read.
    pub(super) received: u64,
    /// Messages written.
    pub(super) sent: u64,
    /// Answers that were lost on purpose.
    pub(super) lost: u64,
    /// Messages to connections that did not take them as fast as they came.
    pub(super) dropped: u64,
    /// Pings read, and answered.
    pub(super) pings: u64,
    /// Connections that clients closed, by code; 1005 stands for none.
    pub(super) closed: BTreeMap<u16, u64>,
    /// Connections that ended without a close message.
    pub(super) broken_off: u64,
}

impl Seen {
    /// Whether there was none at all.
    pub(in crate::mock_target) fn is_empty(&self) -> bool {
        self.opened == 0
    }

    /// The counts anew; connections that are open stay so.
    pub(in crate::mock_target) fn reset(&self) -> Self {
        Self { open: self.open, most_open: self.open, ..Self::default() }
    }
}
