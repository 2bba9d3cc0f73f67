//! The only reader of time, and the only waiter for a moment that must not be missed. Everything else is given instants, so that
//! it can be tested without waiting.

mod delays;
mod timer;

use jiff::Timestamp;
pub use std::time::{Duration, Instant};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
};

pub use delays::{Delays, Until};
pub use timer::Timer;

/// The monotonic clock: the one latencies are measured with.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the monotonic clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for the dates that people read.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub fn wall() -> Timestamp {
    Timestamp::now()
}

/// Lets a moment pass before one looks again, for what nobody tells of when it happens: other processes and their groups. For
/// everything else there is something to wait for.
#[expect(clippy::disallowed_methods, reason = "this is the one place that sleeps")]
pub fn pause(moment: Duration) {
    std::thread::sleep(moment);
}

/// Between 0 and 1, so that those who wait for one another don't wait equally long. The hasher's keys come from the system's random
/// numbers, anew for each.
#[must_use]
pub fn chance() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
