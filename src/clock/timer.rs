//! A timer that is true to some tens of microseconds. Tokio's own moves in steps of a millisecond, which would send paced
//! requests in bursts and add up to a millisecond to every latency.

#[cfg(any(test, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", expect(unreachable_pub, reason = "built here for its tests only"))]
mod portable;
#[cfg(target_os = "linux")]
mod timerfd;

#[cfg(not(target_os = "linux"))]
pub use portable::Timer;
#[cfg(target_os = "linux")]
pub use timerfd::Timer;

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, time::Duration};

    use super::portable;
    #[cfg(target_os = "linux")]
    use super::timerfd;
    use crate::clock;

    const SOON: Duration = Duration::from_micros(3_300);
    const NEVER: Duration = Duration::from_secs(3_600);

    fn in_runtime(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    }

    /// Each claim holds for both ways; they have no trait in common, as only one of them is ever built into the program.
    macro_rules! for_both_ways {
        ($timer:ident => $test:expr) => {
            #[cfg(target_os = "linux")]
            in_runtime(async {
                let $timer = timerfd::Timer::new().unwrap();
                $test
            });
            in_runtime(async {
                let $timer = portable::Timer::new().unwrap();
                $test
            });
        };
    }

    #[test]
    fn a_timer_never_goes_off_early_and_can_be_set_again() {
        for_both_ways!(timer => {
            for _ in 0..3 {
                let due = clock::now() + SOON;
                timer.set(SOON).unwrap();
                timer.gone_off().await.unwrap();
                assert!(clock::now() >= due);
            }
        });
    }

    #[test]
    fn a_timer_set_to_nothing_goes_off_at_once() {
        for_both_ways!(timer => {
            timer.set(Duration::ZERO).unwrap();
            timer.gone_off().await.unwrap();
        });
    }

    #[test]
    fn a_timer_can_be_set_earlier_while_it_is_waited_for() {
        for_both_ways!(timer => {
            timer.set(NEVER).unwrap();
            let mut gone_off = pin!(timer.gone_off());
            tokio::select! {
                biased;
                _ = &mut gone_off => panic!("an hour has not passed"),
                () = tokio::task::yield_now() => {}
            }
            timer.set(SOON).unwrap();
            gone_off.await.unwrap();
        });
    }
}
