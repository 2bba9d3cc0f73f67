//! For systems without `timerfd`: tokio's timer for most of the time, then polling the clock between other tasks.

use std::{io, time::Duration};

use crate::clock::{self, Instant};

/// How long before the due time tokio's timer is set, as it may come back a millisecond late.
const COARSE: Duration = Duration::from_micros(1_500);

/// Everybody who waits for a time.
pub(in crate::mock_target) struct Delays;

impl Delays {
    /// Cannot fail; the signature is that of the other systems.
    #[expect(clippy::unnecessary_wraps, reason = "the Linux way can fail here")]
    pub(in crate::mock_target) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Nothing needs to be driven here.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::mock_target) async fn drive(&self) -> io::Result<()> {
        std::future::pending().await
    }

    /// Comes back when `due` is reached, never earlier.
    pub(in crate::mock_target) async fn until(&self, due: Instant) {
        if let Some(coarse) = due.checked_sub(COARSE).filter(|coarse| *coarse > clock::now()) {
            tokio::time::sleep_until(coarse.into()).await;
        }
        while clock::now() < due {
            tokio::task::yield_now().await;
        }
    }
}
