//! A Linux `timerfd`: the kernel's high-resolution timer, which the runtime's own epoll waits for.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
use tokio::io::{Interest, unix::AsyncFd};

/// Goes off once each time it is set; for one task to wait for.
#[derive(Debug)]
pub struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    /// A timer of the current runtime that is not set.
    ///
    /// # Errors
    /// The system gives no timer, for want of file descriptors.
    pub fn new() -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        #[expect(deprecated, reason = "sound for an `OwnedFd`, which keeps its descriptor; the successor is an unsafe function")]
        AsyncFd::with_interest(fd, Interest::READABLE).map(Self)
    }

    /// Makes it go off after `time`, counted from now, whatever it was set to before.
    ///
    /// # Errors
    /// The system refuses the time.
    pub fn set(&self, time: Duration) -> io::Result<()> {
        // A setting of zero would turn the timer off.
        let time = time.max(Duration::from_nanos(1));
        let it_value =
            Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: time.subsec_nanos().into() };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        // This also forgets an expiration nobody has read, so none need be read for the next one to be seen.
        Ok(timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once).map(drop)?)
    }

    /// Waits until it has gone off. When it is set again at the very moment it goes off, this may come back for the setting
    /// before: whoever waits looks at the clock.
    ///
    /// # Errors
    /// The runtime is coming to its end.
    pub async fn gone_off(&self) -> io::Result<()> {
        self.0.readable().await?.clear_ready();
        Ok(())
    }
}
