//! A heap of deadlines behind one Linux `timerfd`, which the kernel's high-resolution timers serve.

use std::{
    cell::{Cell, RefCell},
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    io,
    num::NonZeroU64,
    os::fd::OwnedFd,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use rustix::{
    thread::set_current_timer_slack,
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime},
};
use tokio::io::unix::AsyncFd;

use crate::clock::{self, Instant};

/// Everybody of one thread who waits for a time. Needs [`Delays::drive`] to run beside those who wait.
pub(in crate::mock_target) struct Delays {
    waiting: RefCell<BinaryHeap<Reverse<Waiting>>>,
    alarm: AsyncFd<OwnedFd>,
    /// When the alarm goes off, if it is set.
    armed: Cell<Option<Instant>>,
}

impl Delays {
    /// Must be called on the thread and within the runtime that will wait.
    #[expect(
        deprecated,
        reason = "its replacement is `unsafe` because any `AsRawFd` could name a foreign descriptor; an `OwnedFd` that stays inside cannot"
    )]
    pub(in crate::mock_target) fn new() -> io::Result<Self> {
        // Keeps the kernel from putting wake-ups of this thread together with others up to 50 us later. A refusal costs
        // accuracy only.
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        let alarm = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { waiting: RefCell::default(), alarm: AsyncFd::new(alarm)?, armed: Cell::new(None) })
    }

    /// Wakes those whose time has come, for ever.
    pub(in crate::mock_target) async fn drive(&self) -> io::Result<()> {
        loop {
            let mut ready = self.alarm.readable().await?;
            if let Ok(expired) = ready.try_io(|alarm| Ok(rustix::io::read(alarm, &mut [0; 8])?)) {
                expired?;
                self.wake_due()?;
            }
        }
    }

    /// Comes back when `due` is reached, never earlier.
    pub(in crate::mock_target) fn until(&self, due: Instant) -> Until<'_> {
        Until { delays: self, due, waker: None }
    }

    fn wake_due(&self) -> io::Result<()> {
        let now = clock::now();
        let mut waiting = self.waiting.borrow_mut();
        while waiting.peek().is_some_and(|Reverse(first)| first.due <= now) {
            if let Some(Reverse(first)) = waiting.pop() {
                first.waker.wake();
            }
        }
        self.armed.set(None);
        waiting.peek().map_or(Ok(()), |Reverse(next)| self.arm(next.due))
    }

    fn arm(&self, due: Instant) -> io::Result<()> {
        // A setting of zero would turn the alarm off.
        let left = due.saturating_duration_since(clock::now()).max(Duration::from_nanos(1));
        let once = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() },
        };
        timerfd_settime(&self.alarm, TimerfdTimerFlags::empty(), &once)?;
        self.armed.set(Some(due));
        Ok(())
    }

    fn register(&self, due: Instant, waker: &Waker) {
        self.waiting.borrow_mut().push(Reverse(Waiting { due, waker: waker.clone() }));
        if self.armed.get().is_none_or(|armed| due < armed) && self.arm(due).is_err() {
            // Without an alarm it has to look again and again.
            waker.wake_by_ref();
        }
    }
}

struct Waiting {
    due: Instant,
    waker: Waker,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.due.cmp(&other.due)
    }
}

/// See [`Delays::until`].
pub(in crate::mock_target) struct Until<'a> {
    delays: &'a Delays,
    due: Instant,
    /// Whom the heap will wake already.
    waker: Option<Waker>,
}

impl Future for Until<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if clock::now() >= self.due {
            return Poll::Ready(());
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.waker = Some(context.waker().clone());
            self.delays.register(self.due, context.waker());
        }
        Poll::Pending
    }
}
