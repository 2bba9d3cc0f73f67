//! Counters that the progress display reads while threads write them. Each has one writer, so a plain store is enough: the
//! hot path does no atomic read-modify-write.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{PulseSlot, machine};

/// A counter with one writer and any readers.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to the counter. Only its one writer may call this.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + n, Ordering::Relaxed);
    }

    /// Sets a figure that is not counted up one by one. Only its one writer may call this.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One thread's counters, warm-up included.
#[derive(Debug, Default)]
pub struct LiveShard {
    /// Arrivals sent.
    pub started: Counter,
    /// Arrivals that are over: their steps are done, or some of them were left out.
    pub finished: Counter,
    /// Arrivals in play that pause between two steps.
    pub pausing: Counter,
    /// Arrivals not sent.
    pub dropped: Counter,
    /// Arrivals left in the middle, because too many were in flight when their next request was due.
    pub broken_off: Counter,
    /// Arrivals held back on purpose.
    pub held_back: Counter,
    /// Requests that came to an outcome.
    pub requests: Counter,
    /// Requests that failed.
    pub errors: Counter,
    /// The system's number of the thread; 0 where it has none.
    pub thread_id: Counter,
    /// Processor time the thread has used, in nanoseconds.
    pub cpu_ns: Counter,
    /// What happened since somebody looked.
    pub pulse: PulseSlot,
}

impl LiveShard {
    /// Tells which thread it is that counts here; called on that thread.
    pub fn introduce(&self) {
        self.thread_id.set(machine::thread_id());
    }

    /// Tells how much processor time the calling thread has used.
    pub(super) fn tell_cpu_time(&self) {
        let ns = machine::thread_cpu_time().map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        self.cpu_ns.set(ns);
    }

    /// Arrivals in play, those that pause between two steps included.
    #[must_use]
    pub fn in_play(&self) -> u64 {
        self.started.get().saturating_sub(self.finished.get())
    }
}

/// The counters of all threads.
#[derive(Clone, Debug, Default)]
pub struct Live(pub Vec<Arc<LiveShard>>);

impl Live {
    /// Requests that came to an outcome.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.iter().map(|shard| shard.requests.get()).sum()
    }

    /// Requests that failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.0.iter().map(|shard| shard.errors.get()).sum()
    }

    /// Arrivals that fell due, sent or not.
    #[must_use]
    pub fn due(&self) -> u64 {
        self.0.iter().map(|shard| shard.started.get() + shard.dropped.get()).sum()
    }

    /// Arrivals not sent, or left in the middle.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.iter().map(|shard| shard.dropped.get() + shard.broken_off.get()).sum()
    }

    /// Arrivals held back on purpose.
    #[must_use]
    pub fn held_back(&self) -> u64 {
        self.0.iter().map(|shard| shard.held_back.get()).sum()
    }

    /// Arrivals in flight: those in play that do not pause. Nothing of those that do is on its way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let in_flight = |shard: &Arc<LiveShard>| {
            // Read first: one who goes on meanwhile counts as in flight rather than as nowhere.
            let pausing = shard.pausing.get();
            shard.in_play().saturating_sub(pausing)
        };
        self.0.iter().map(in_flight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_that_pause_are_not_in_flight() {
        let live = Live(vec![Arc::default(), Arc::default()]);
        live.0[0].started.add(5);
        live.0[0].finished.add(2);
        live.0[0].pausing.add(2);
        live.0[1].started.add(4);
        assert_eq!((live.0[0].in_play(), live.in_flight()), (3, 5), "three in play, of whom two pause, and four others");
    }
}
