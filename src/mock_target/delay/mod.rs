//! Waiting until an instant, to within some ten microseconds, though tokio's own timer has steps of a millisecond.

#[cfg(any(test, not(target_os = "linux")))]
mod portable;
#[cfg(target_os = "linux")]
mod timerfd;

#[cfg(not(target_os = "linux"))]
pub(super) use portable::Delays;
#[cfg(target_os = "linux")]
pub(super) use timerfd::Delays;

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc, time::Duration};

    use super::{portable, timerfd};
    use crate::clock;

    fn runtime() -> tokio::runtime::LocalRuntime {
        tokio::runtime::Builder::new_current_thread().enable_all().build_local(tokio::runtime::LocalOptions::default()).unwrap()
    }

    #[test]
    fn nobody_is_woken_before_the_time_and_all_in_the_order_of_their_times() {
        runtime().block_on(async {
            let delays = Rc::new(timerfd::Delays::new().unwrap());
            let driver = Rc::clone(&delays);
            tokio::task::spawn_local(async move { driver.drive().await });
            let (begin, order) = (clock::now(), Rc::new(RefCell::new(Vec::new())));
            let sleepers: Vec<_> = [30_u64, 5, 20, 1, 0, 10]
                .into_iter()
                .map(|ms| {
                    let (delays, order) = (Rc::clone(&delays), Rc::clone(&order));
                    tokio::task::spawn_local(async move {
                        let due = begin + Duration::from_millis(ms);
                        delays.until(due).await;
                        assert!(clock::now() >= due);
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
    fn a_time_that_has_passed_is_not_waited_for() {
        runtime().block_on(async {
            // Nobody drives these delays: waiting would never end.
            timerfd::Delays::new().unwrap().until(clock::now()).await;
            portable::Delays::new().unwrap().until(clock::now()).await;
        });
    }

    #[test]
    fn the_portable_way_is_never_early_either() {
        runtime().block_on(async {
            let due = clock::now() + Duration::from_micros(3_300);
            portable::Delays::new().unwrap().until(due).await;
            assert!(clock::now() >= due);
        });
    }
}
