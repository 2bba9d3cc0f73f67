//! A token bucket that all threads share without a lock.
//!
//! It is kept as one number, the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371, annex A): the moment
//! at which the bucket would be full but for one token. Taking a token moves it on by the time in which one comes back. That is
//! the textbook bucket (a level, refilled by the time that has passed, never above its capacity) with nothing to refill.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::{plan::RateLimit, units::nanoseconds};

/// Full at the start of the run.
#[derive(Debug)]
pub(super) struct TokenBucket {
    /// Nanoseconds in which one token comes back; rounded up, so that the rate is never exceeded.
    interval: u64,
    /// How far the theoretical time may be ahead: all tokens but one.
    ahead: u64,
    theoretical: AtomicU64,
}

impl TokenBucket {
    pub(super) fn new(limit: RateLimit) -> Self {
        let interval = (1e9 / limit.rate.0).ceil() as u64;
        let ahead = interval.saturating_mul(u64::from(limit.burst.saturating_sub(1)));
        Self { interval, ahead, theoretical: AtomicU64::new(0) }
    }

    /// Takes a token for something due at a moment of the run. Returns the moment from `due` on at which there is one; `None`,
    /// and no token is taken, when that would not be before `until`.
    pub(super) fn take(&self, due: Duration, until: Duration) -> Option<Duration> {
        let (due, until) = (nanoseconds(due), nanoseconds(until));
        let mut theoretical = self.theoretical.load(Ordering::Relaxed);
        loop {
            let at = due.max(theoretical.saturating_sub(self.ahead));
            if at >= until {
                return None;
            }
            let next = at.max(theoretical).saturating_add(self.interval);
            match self.theoretical.compare_exchange_weak(theoretical, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(Duration::from_nanos(at)),
                Err(seen) => theoretical = seen,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, thread};

    use proptest::prelude::*;

    use super::*;
    use crate::units::PerSecond;

    fn bucket(rate: f64, burst: u32) -> TokenBucket {
        TokenBucket::new(RateLimit { rate: PerSecond(rate), burst })
    }

    /// The bucket of the textbook: `level` tokens, refilled by elapsed time, never more than `capacity`.
    struct Model {
        rate: f64,
        capacity: f64,
        level: f64,
        moment: f64,
    }

    impl Model {
        /// Seconds at which there is a token for something due at `due`; it is taken.
        fn take(&mut self, due: f64) -> f64 {
            let now = due.max(self.moment);
            self.level = (self.level + (now - self.moment) * self.rate).min(self.capacity);
            let wait = ((1.0 - self.level) / self.rate).max(0.0);
            self.level = (self.level + wait * self.rate - 1.0).max(0.0);
            self.moment = now + wait;
            self.moment
        }
    }

    #[test]
    fn a_full_bucket_lets_a_burst_through_and_then_one_at_a_time() {
        let bucket = bucket(10.0, 3);
        let at: Vec<_> = (0..5).filter_map(|_| bucket.take(Duration::ZERO, Duration::MAX)).collect();
        assert_eq!(at, [0, 0, 0, 100, 200].map(Duration::from_millis));
    }

    #[test]
    fn what_would_come_too_late_takes_no_token() {
        let (bucket, second) = (bucket(1.0, 1), Duration::from_secs(1));
        assert_eq!(bucket.take(Duration::ZERO, second), Some(Duration::ZERO));
        (0..100).for_each(|_| assert_eq!(bucket.take(Duration::ZERO, second), None));
        assert_eq!(bucket.take(second, second * 9), Some(second), "the next one has its token in time");
    }

    proptest! {
        #[test]
        fn it_lets_through_when_the_textbook_bucket_does(
            rate in 0.5..2_000.0_f64,
            burst in 1_u32..100,
            gaps in prop::collection::vec(0.0..0.05_f64, 1..300),
        ) {
            let (bucket, mut due) = (bucket(rate, burst), 0.0);
            let mut model = Model { rate, capacity: f64::from(burst), level: f64::from(burst), moment: 0.0 };
            for gap in gaps {
                due += gap;
                let at = bucket.take(Duration::from_secs_f64(due), Duration::MAX).unwrap().as_secs_f64();
                let model = model.take(due);
                prop_assert!((at - model).abs() < 1e-5, "{at} s, the model says {model} s");
            }
        }

        #[test]
        fn no_interval_holds_more_than_the_burst_and_the_rate_allow_whoever_asks_first(
            rate in 1.0..2_000.0_f64,
            burst in 1_u32..50,
            dues in prop::collection::vec(0.0..1.0_f64, 1..200),
        ) {
            let bucket = bucket(rate, burst);
            // In no order at all, as threads may ask.
            let mut at: Vec<f64> = dues.iter()
                .map(|due| bucket.take(Duration::from_secs_f64(*due), Duration::MAX).unwrap().as_secs_f64())
                .collect();
            at.sort_by(f64::total_cmp);
            for (n, begin) in at.iter().enumerate() {
                for (m, end) in at.iter().enumerate().skip(n) {
                    let allowed = f64::from(burst) + rate * (end - begin) + 1e-3;
                    prop_assert!((m - n + 1) as f64 <= allowed, "{} in {} s, {allowed} allowed", m - n + 1, end - begin);
                }
            }
        }
    }

    #[test]
    fn threads_that_share_it_keep_to_the_rate_together() {
        let (bucket, all) = (bucket(1_000.0, 10), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mine: Vec<_> = (0..1_000).filter_map(|_| bucket.take(Duration::ZERO, Duration::MAX)).collect();
                    all.lock().unwrap().extend(mine);
                });
            }
        });
        let mut all = all.into_inner().unwrap();
        all.sort();
        assert_eq!(all.len(), 4_000);
        assert_eq!(all[3_999], Duration::from_millis(3_990), "a burst of 10, then one each millisecond");
        assert!(all[10..].windows(2).all(|pair| pair[0] < pair[1]), "no token is given twice");
    }
}
