//! The wish to end a run early. Comes from outside: a signal, a test.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// Shared by all threads of a run; cheap to look at.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Asks the run to end. The first time no more arrivals are sent and those in flight are awaited; the second time they
    /// are not.
    pub fn ask(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |times| Some(times.saturating_add(1)));
    }

    /// Wishes what another one wishes, and what was wished here before.
    pub fn follow(&self, other: &Self) {
        self.0.fetch_max(other.0.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether the run shall end.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Whether it shall end without waiting for anything.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}
