//! What one publisher has sent, for receivers on all threads to look up. It has one writer, and nothing is locked.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::plan::Broadcast;

/// Messages beyond those of the time they may take that are remembered: for receivers that are late to look.
const SPARE: f64 = 256.0;
/// Most messages that are remembered, 16 bytes each.
const REMEMBERED_MAX: usize = 1 << 20;
/// Stands for the moment of a message that was not sent after all.
const TAKEN_BACK: u64 = u64::MAX;

/// The messages of one publisher, by number; the first one is 1.
#[derive(Debug)]
pub(in crate::engine) struct Board {
    published: AtomicU64,
    remembered: Box<[Entry]>,
}

/// Moments of the run in microseconds.
#[derive(Debug, Default)]
struct Entry {
    due: AtomicU64,
    sent: AtomicU64,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// When it was due and when it was sent.
    At(Duration, Duration),
    /// It could not be sent: nobody waits for it.
    Never,
    /// So long ago that nobody remembers.
    LongAgo,
}

impl Board {
    pub(in crate::engine) fn new(broadcast: &Broadcast) -> Self {
        let open = broadcast.rate.0 * broadcast.within.as_secs_f64() * 2.0 + SPARE;
        let remembered = (open.ceil() as usize).min(REMEMBERED_MAX);
        Self { published: AtomicU64::new(0), remembered: (0..remembered).map(|_| Entry::default()).collect() }
    }

    /// The number of the message that is sent now. Receivers may get it before the publisher knows that it went out, so it is written down
    /// before that.
    pub(super) fn publish(&self, due: Duration, now: Duration) -> u64 {
        let number = self.published.load(Ordering::Relaxed) + 1;
        let entry = self.entry(number);
        entry.due.store(micros(due), Ordering::Relaxed);
        entry.sent.store(micros(now), Ordering::Relaxed);
        self.published.store(number, Ordering::Release);
        number
    }

    /// The message could not be sent.
    pub(super) fn take_back(&self, number: u64) {
        self.entry(number).sent.store(TAKEN_BACK, Ordering::Release);
    }

    /// The number of the latest message.
    pub(super) fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// What is known of a message that was published.
    pub(super) fn look_up(&self, number: u64) -> Published {
        let entry = self.entry(number);
        let (due, sent) = (entry.due.load(Ordering::Relaxed), entry.sent.load(Ordering::Acquire));
        // Asked last: where a later message has taken its place meanwhile, this shows it.
        if self.published() >= number + self.remembered.len() as u64 {
            return Published::LongAgo;
        }
        if sent == TAKEN_BACK {
            return Published::Never;
        }
        Published::At(Duration::from_micros(due), Duration::from_micros(sent))
    }

    fn entry(&self, number: u64) -> &Entry {
        &self.remembered[(number % self.remembered.len() as u64) as usize]
    }
}

fn micros(moment: Duration) -> u64 {
    u64::try_from(moment.as_micros()).unwrap_or(TAKEN_BACK - 1)
}
