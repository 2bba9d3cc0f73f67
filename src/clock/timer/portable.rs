//! For systems without `timerfd`: tokio's timer for most of the time, then looking at the clock between other tasks.

use std::{cell::Cell, io, time::Duration};

use tokio::sync::Notify;

use crate::clock::{self, Instant};

/// How long before the due time tokio's timer is set, as it may come back a millisecond late.
const COARSE: Duration = Duration::from_micros(1_500);

/// Goes off once each time it is set; for one task to wait for.
#[derive(Debug)]
pub struct Timer {
    due: Cell<Option<Instant>>,
    set_anew: Notify,
}

impl Timer {
    /// A timer that is not set.
    ///
    /// # Errors
    /// None; the signature is that of Linux.
    pub fn new() -> io::Result<Self> {
        Ok(Self { due: Cell::new(None), set_anew: Notify::new() })
    }

    /// Makes it go off after `time`, counted from now, whatever it was set to before.
    ///
    /// # Errors
    /// None; the signature is that of Linux.
    pub fn set(&self, time: Duration) -> io::Result<()> {
        self.due.set(Some(clock::now() + time));
        self.set_anew.notify_one();
        Ok(())
    }

    /// Waits until it has gone off.
    ///
    /// # Errors
    /// None; the signature is that of Linux.
    pub async fn gone_off(&self) -> io::Result<()> {
        loop {
            let Some(due) = self.due.get() else {
                self.set_anew.notified().await;
                continue;
            };
            let left = due.saturating_duration_since(clock::now());
            if left.is_zero() {
                self.due.set(None);
                return Ok(());
            }
            match left.checked_sub(COARSE) {
                Some(coarse) => tokio::select! {
                    () = tokio::time::sleep(coarse) => {}
                    () = self.set_anew.notified() => {}
                },
                None => tokio::task::yield_now().await,
            }
        }
    }
}
