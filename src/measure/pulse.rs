//! The last moments of a run. Each thread keeps what has happened since its last pulse and hands it over ten times a second; the
//! conductor of the run puts the pulses of all threads together and steers by them. None of it goes into the record.

use std::{
    collections::VecDeque,
    sync::{Mutex, TryLockError},
    time::Duration,
};

use hdrhistogram::Histogram;

use crate::units::Micros;

/// Time between two pulses.
pub const PULSE: Duration = Duration::from_millis(100);
/// Significant digits: a display shows no more, and a histogram of two is small enough to be handed over often.
const DIGITS: u8 = 2;
/// Longest latency kept apart, an hour in microseconds.
const LONGEST_US: u64 = 3_600_000_000;

/// What happened in a short time.
#[derive(Clone, Debug)]
pub struct Recent {
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// How much too late the thread woke up for a pulse, at worst.
    pub lag: Duration,
    /// Response times of the successful requests.
    response: Histogram<u32>,
}

impl Default for Recent {
    fn default() -> Self {
        let mut response = Histogram::new(DIGITS).expect("two digits are valid");
        response.auto(true);
        Self { requests: 0, errors: 0, lag: Duration::ZERO, response }
    }
}

impl Recent {
    /// A request came to its outcome.
    pub fn request(&mut self, response_us: u64, failed: bool) {
        self.requests += 1;
        if failed {
            self.errors += 1;
        } else {
            self.response.record(response_us.clamp(1, LONGEST_US)).expect("an auto-resizing histogram grows to an hour");
        }
    }

    /// Adds what happened elsewhere or later.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.lag = self.lag.max(other.lag);
        if !other.response.is_empty() {
            self.response.add(&other.response).expect("auto-resizing histograms take any value");
        }
    }

    /// Begins anew.
    fn clear(&mut self) {
        (self.requests, self.errors, self.lag) = (0, 0, Duration::ZERO);
        self.response.reset();
    }

    /// The response time that a share `q` of the successful requests kept.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Micros> {
        (!self.response.is_empty()).then(|| Micros(self.response.value_at_quantile(q)))
    }

    /// The same over all requests, where a failed one counts as one that takes for ever: a target that answers nothing any more
    /// is not a fast one. In milliseconds; infinite when fewer than a share `q` succeeded.
    #[must_use]
    pub fn quantile_ms_of_all(&self, q: f64) -> Option<f64> {
        let (all, good) = (self.requests as f64, (self.requests - self.errors) as f64);
        match (self.requests, q * all <= good) {
            (0, _) => None,
            (_, true) => Some(self.response.value_at_quantile((q * all / good).min(1.0)) as f64 / 1e3),
            (_, false) => Some(f64::INFINITY),
        }
    }
}

/// Where a thread leaves its pulse.
#[derive(Debug, Default)]
pub struct PulseSlot(Mutex<Recent>);

impl PulseSlot {
    /// Hands over what happened, unless the slot is being looked at: then it stays for the next time. Never waits.
    pub(super) fn put(&self, recent: &mut Recent) {
        let mut slot = match self.0.try_lock() {
            Ok(slot) => slot,
            Err(TryLockError::Poisoned(slot)) => slot.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        slot.add(recent);
        recent.clear();
    }

    /// Adds all that was handed over to `sum`, and leaves nothing.
    pub fn take(&self, sum: &mut Recent) {
        let mut slot = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sum.add(&slot);
        slot.clear();
    }
}

/// The pulses of the last seconds, oldest first.
#[derive(Debug)]
pub struct History {
    pulses: VecDeque<Recent>,
    length: usize,
}

impl History {
    /// Keeps the pulses of a time.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        Self { pulses: VecDeque::new(), length: pulses(time) }
    }

    /// Adds a pulse; the oldest one goes when there are enough.
    pub fn push(&mut self, recent: Recent) {
        if self.pulses.len() == self.length {
            self.pulses.pop_front();
        }
        self.pulses.push_back(recent);
    }

    /// The last pulses that cover a time, added up.
    #[must_use]
    pub fn last(&self, time: Duration) -> Recent {
        let mut sum = Recent::default();
        self.pulses.iter().rev().take(pulses(time)).for_each(|pulse| sum.add(pulse));
        sum
    }

    /// The same, but up to the last pulse in which a request came to an outcome, if one did `within` a longer time.
    #[must_use]
    pub fn last_busy(&self, time: Duration, within: Duration) -> Recent {
        let mut sum = Recent::default();
        let looked_at = self.pulses.iter().rev().take(pulses(within.max(time)));
        looked_at.skip_while(|pulse| pulse.requests == 0).take(pulses(time)).for_each(|pulse| sum.add(pulse));
        sum
    }
}

/// Pulses that cover a time.
fn pulses(time: Duration) -> usize {
    usize::try_from(time.as_nanos().div_ceil(PULSE.as_nanos())).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(responses_ms: &[u64], errors: u64) -> Recent {
        let mut recent = Recent::default();
        responses_ms.iter().for_each(|ms| recent.request(ms * 1_000, false));
        (0..errors).for_each(|_| recent.request(1, true));
        recent
    }

    #[test]
    fn a_pulse_that_cannot_be_handed_over_is_kept_for_the_next_time() {
        let (slot, mut mine) = (PulseSlot::default(), recent(&[5, 5], 1));
        let looked_at = slot.0.lock().unwrap();
        slot.put(&mut mine);
        assert_eq!(mine.requests, 3, "nothing is lost");
        drop(looked_at);
        mine.add(&recent(&[7], 0));
        slot.put(&mut mine);
        assert_eq!(mine.requests, 0);
        let mut sum = Recent::default();
        slot.take(&mut sum);
        assert_eq!((sum.requests, sum.errors), (4, 1));
        slot.take(&mut sum);
        assert_eq!(sum.requests, 4, "nothing is counted twice");
    }

    #[test]
    fn history_keeps_the_last_pulses_only() {
        let mut history = History::of(Duration::from_millis(300));
        (1..=5).for_each(|ms| history.push(recent(&[ms], 0)));
        assert_eq!(history.last(Duration::from_secs(60)).requests, 3);
        assert_eq!(history.last(PULSE).quantile(0.5), Some(Micros(5_023)), "to two digits");
    }

    #[test]
    fn where_nothing_came_in_the_last_moment_the_one_before_it_is_looked_at() {
        let mut history = History::of(PULSE * 9);
        [vec![1_u64], vec![5], vec![], vec![]].iter().for_each(|ms| history.push(recent(ms, 0)));
        let busy = |within: u32| history.last_busy(PULSE, PULSE * within).quantile(0.5);
        assert_eq!([1, 2, 3, 9].map(busy), [None, None, Some(Micros(5_023)), Some(Micros(5_023))]);
        assert_eq!(history.last_busy(PULSE * 2, PULSE * 9).requests, 2);
    }

    #[test]
    fn a_failed_request_counts_as_one_that_takes_for_ever() {
        assert_eq!(Recent::default().quantile_ms_of_all(0.95), None);
        assert!(recent(&[10; 90], 10).quantile_ms_of_all(0.95).unwrap().is_infinite());
        let p95 = recent(&[10; 99], 1).quantile_ms_of_all(0.95).unwrap();
        assert!((10.0..10.1).contains(&p95), "{p95}");
    }
}
