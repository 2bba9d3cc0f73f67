//! Waiting until an instant: a heap of deadlines behind one exact timer.

use std::{
    cell::{Cell, RefCell},
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{Instant, Timer, now};

/// Everybody of one thread who waits for a time. Needs [`Delays::drive`] to run beside those who wait.
#[derive(Debug)]
pub struct Delays {
    waiting: RefCell<BinaryHeap<Reverse<Waiting>>>,
    timer: Timer,
    /// When the timer goes off, if it is set.
    armed: Cell<Option<Instant>>,
}

impl Delays {
    /// Must be called on the thread and within the runtime that will wait.
    ///
    /// # Errors
    /// The system gives no timer, for want of file descriptors.
    pub fn new() -> io::Result<Self> {
        Ok(Self { waiting: RefCell::default(), timer: Timer::new()?, armed: Cell::new(None) })
    }

    /// Wakes those whose time has come, for ever.
    ///
    /// # Errors
    /// The runtime is coming to its end, or the system's timer fails.
    pub async fn drive(&self) -> io::Result<()> {
        loop {
            self.timer.gone_off().await?;
            self.wake_due()?;
        }
    }

    /// Comes back when `due` is reached, never earlier.
    #[must_use]
    pub fn until(&self, due: Instant) -> Until<'_> {
        Until { delays: self, due, waker: None }
    }

    /// The same, or earlier: as soon as `is_over`, which is asked at first and whenever all [look again](Self::look_again).
    pub async fn until_or(&self, due: Instant, is_over: impl Fn() -> bool) {
        let mut until = self.until(due);
        poll_fn(|context| if is_over() { Poll::Ready(()) } else { Pin::new(&mut until).poll(context) }).await;
    }

    /// Lets everybody who waits look whether the wait is over before its time.
    pub fn look_again(&self) {
        self.waiting.borrow().iter().for_each(|Reverse(waiting)| waiting.waker.wake_by_ref());
    }

    fn wake_due(&self) -> io::Result<()> {
        let moment = now();
        let mut waiting = self.waiting.borrow_mut();
        while waiting.peek().is_some_and(|Reverse(first)| first.due <= moment) {
            if let Some(Reverse(first)) = waiting.pop() {
                first.waker.wake();
            }
        }
        self.armed.set(None);
        waiting.peek().map_or(Ok(()), |Reverse(next)| self.arm(next.due))
    }

    fn arm(&self, due: Instant) -> io::Result<()> {
        self.timer.set(due.saturating_duration_since(now()))?;
        self.armed.set(Some(due));
        Ok(())
    }

    fn register(&self, due: Instant, waker: &Waker) {
        self.waiting.borrow_mut().push(Reverse(Waiting { due, waker: waker.clone() }));
        if self.armed.get().is_none_or(|armed| due < armed) && self.arm(due).is_err() {
            // Without a timer it has to look again and again.
            waker.wake_by_ref();
        }
    }
}

#[derive(Debug)]
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
#[derive(Debug)]
pub struct Until<'a> {
    delays: &'a Delays,
    due: Instant,
    /// Whom the heap will wake already.
    waker: Option<Waker>,
}

impl Future for Until<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if now() >= self.due {
            return Poll::Ready(());
        }
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.waker = Some(context.waker().clone());
            self.delays.register(self.due, context.waker());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
        time::Duration,
    };

    use super::{Delays, now};

    fn runtime() -> tokio::runtime::LocalRuntime {
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(tokio::runtime::LocalOptions::default()).unwrap()
    }

    #[test]
    fn nobody_is_woken_before_the_time_and_all_in_the_order_of_their_times() {
        runtime().block_on(async {
            let delays = Rc::new(Delays::new().unwrap());
            let driver = Rc::clone(&delays);
            tokio::task::spawn_local(async move { driver.drive().await });
            let (begin, order) = (now(), Rc::new(RefCell::new(Vec::new())));
            let sleepers: Vec<_> = [30_u64, 5, 20, 1, 0, 10]
                .into_iter()
                .map(|ms| {
                    let (delays, order) = (Rc::clone(&delays), Rc::clone(&order));
                    tokio::task::spawn_local(async move {
                        let due = begin + Duration::from_millis(ms);
                        delays.until(due).await;
                        assert!(now() >= due);
                        order.borrow_mut().push(ms);
                    })
                })
                .collect();
            for sleeper in sleepers {
                sleeper.await.unwrap();
            }
            assert_eq!(*order.borrow(), [0, 1, 5, 10, 20, 30]);
        });
    }

    #[test]
    fn a_wait_ends_before_its_time_when_it_is_over_and_told_to_look_again() {
        runtime().block_on(async {
            let (delays, is_over) = (Rc::new(Delays::new().unwrap()), Rc::new(Cell::new(false)));
            let waiting = tokio::task::spawn_local({
                let (delays, is_over) = (Rc::clone(&delays), Rc::clone(&is_over));
                async move { delays.until_or(now() + Duration::from_secs(3_600), || is_over.get()).await }
            });
            for over in [false, true] {
                tokio::task::yield_now().await;
                assert!(!waiting.is_finished());
                is_over.set(over);
                delays.look_again();
            }
            waiting.await.unwrap();
        });
    }

    #[test]
    fn a_time_that_has_passed_is_not_waited_for() {
        runtime().block_on(async {
            // Nobody drives these delays: waiting would never end.
            Delays::new().unwrap().until(now()).await;
        });
    }
}
