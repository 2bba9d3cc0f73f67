//! A time limit that costs next to nothing where it is not reached.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::time::{Sleep, sleep_until};

use crate::clock::Instant;

/// The time limit of whatever a connection is doing.
///
/// Setting a timer and taking it back for every request costs more than reading the response. So the timer of a connection is
/// left where it is while requests come and go, and is moved on when it goes off before the limit of the present one, which
/// happens about once per length of the limit. Only a limit that is nearer than the timer moves it at once.
#[derive(Debug, Default)]
pub(super) struct Deadline(Option<Timer>);

#[derive(Debug)]
struct Timer {
    sleep: Pin<Box<Sleep>>,
    set_for: Instant,
}

impl Deadline {
    /// Ready when `limit` has passed; else the task is woken then.
    pub(super) fn poll(&mut self, limit: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let Timer { sleep, set_for } =
            self.0.get_or_insert_with(|| Timer { sleep: Box::pin(sleep_until(limit.into())), set_for: limit });
        if limit < *set_for {
            sleep.as_mut().reset(limit.into());
            *set_for = limit;
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if *set_for >= limit {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(limit.into());
            *set_for = limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use super::*;
    use crate::clock;

    async fn passed(deadline: &mut Deadline, limit: Instant) {
        poll_fn(|cx| deadline.poll(limit, cx)).await;
    }

    #[test]
    fn a_limit_holds_whether_it_is_before_or_behind_the_one_before_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut deadline = Deadline::default();
            let hour = clock::now() + Duration::from_secs(3_600);
            let pending = poll_fn(|cx| Poll::Ready(deadline.poll(hour, cx).is_pending())).await;
            assert!(pending, "an hour has not passed");
            for _ in 0..3 {
                let soon = clock::now() + Duration::from_millis(3);
                passed(&mut deadline, soon).await;
                assert!(clock::now() >= soon, "never early");
                let pending = poll_fn(|cx| Poll::Ready(deadline.poll(hour, cx).is_pending())).await;
                assert!(pending, "a timer that went off for one limit is set anew for the next");
            }
        });
    }
}
