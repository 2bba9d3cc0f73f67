//! Waking up at a moment, to some tens of microseconds. Tokio's own timer moves in steps of a millisecond, which would send
//! paced requests in bursts and add up to a millisecond to every latency.

use std::io;

use crate::clock::{self, Duration, Instant};

/// Longest single wait, so that a wish to stop is seen soon.
const NAP_MAX: Duration = Duration::from_millis(50);

/// Wakes one task at given moments.
#[derive(Debug)]
pub(super) struct Alarm(system::Timer);

impl Alarm {
    /// An alarm of the current runtime.
    ///
    /// # Errors
    /// The system gives no timer, for want of file descriptors.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(system::Timer::new()?))
    }

    /// Waits until `moment`, or until `give_up` says so. Returns whether the moment has come.
    pub(super) async fn until(&mut self, moment: Instant, give_up: impl Fn() -> bool) -> bool {
        loop {
            if give_up() {
                return false;
            }
            let left = moment.saturating_duration_since(clock::now());
            if left.is_zero() {
                return true;
            }
            self.0.wait(left.min(NAP_MAX)).await;
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{io, os::fd::OwnedFd, time::Duration};

    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
    use tokio::io::{Interest, unix::AsyncFd};

    /// A kernel timer that the runtime's own epoll waits for.
    #[derive(Debug)]
    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            #[expect(
                deprecated,
                reason = "sound for an `OwnedFd`, which keeps its descriptor; the successor is an unsafe function"
            )]
            AsyncFd::with_interest(fd, Interest::READABLE).map(Self)
        }

        /// Returns after about `time`, now and then early: whoever waits looks at the clock again.
        pub(super) async fn wait(&mut self, time: Duration) {
            let it_value = Timespec {
                tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(time.subsec_nanos()).max(1),
            };
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
            // Setting a timer also forgets an expiration nobody has read, so it need not be read to be seen again.
            if timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once).is_err() {
                return tokio::time::sleep(time).await;
            }
            if let Ok(mut guard) = self.0.readable().await {
                guard.clear_ready();
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{io, time::Duration};

    /// Tokio's timer for all but the last step, then looking at the clock between other tasks.
    #[derive(Debug)]
    pub(super) struct Timer;

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn wait(&mut self, time: Duration) {
            const STEP: Duration = Duration::from_millis(2);
            match time.checked_sub(STEP) {
                Some(most) => tokio::time::sleep(most).await,
                None => tokio::task::yield_now().await,
            }
        }
    }
}
