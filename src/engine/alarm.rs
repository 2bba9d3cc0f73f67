//! Waking up at a moment, unless the run shall end before.

use std::io;

use crate::clock::{self, Duration, Instant, Timer};

/// Longest single wait, so that a wish to stop is seen soon.
const NAP_MAX: Duration = Duration::from_millis(50);

/// Wakes one task at given moments.
#[derive(Debug)]
pub(super) struct Alarm(Timer);

impl Alarm {
    /// An alarm of the current runtime.
    ///
    /// # Errors
    /// The system gives no timer, for want of file descriptors.
    pub(super) fn new() -> io::Result<Self> {
        Timer::new().map(Self)
    }

    /// Waits until `moment`, or until `give_up` says so. Returns whether the moment has come.
    ///
    /// # Errors
    /// The system's timer fails.
    pub(super) async fn until(&self, moment: Instant, give_up: impl Fn() -> bool) -> io::Result<bool> {
        loop {
            if give_up() {
                return Ok(false);
            }
            let left = moment.saturating_duration_since(clock::now());
            if left.is_zero() {
                return Ok(true);
            }
            self.0.set(left.min(NAP_MAX))?;
            self.0.gone_off().await?;
        }
    }
}
