//! Behaviour that follows the clock: stalls and the slow start. Pure functions of the time since the first request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quantity::Time;

/// Every `every` the server answers nothing for `for`, as in a garbage collection or a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Length of a period.
    pub every: Time,
    /// Length of the stall in each period; it begins in the middle of the period.
    #[serde(rename = "for")]
    pub length: Time,
}

impl Stall {
    /// When something that is due at `at` can really happen: at the end of the stall it falls into, else at once.
    ///
    /// ```text
    /// |<------------- every ------------->|
    /// |                 |<-- for -->|     |      both counted from the first request
    /// 0               every/2           every
    /// ```
    #[must_use]
    pub fn released(&self, at: Duration) -> Duration {
        let (period, length) = (self.every.0.as_nanos(), self.length.0.as_nanos());
        if period == 0 {
            return at;
        }
        let (phase, begin) = (at.as_nanos() % period, period / 2);
        if (begin..begin + length).contains(&phase) { at + nanoseconds(begin + length - phase) } else { at }
    }
}

/// After the start everything takes longer, as in a process with cold caches or a compiler that still warms up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowStart {
    /// How long it lasts.
    #[serde(rename = "for")]
    pub length: Time,
    /// What latencies are multiplied by at the very start; decays in a straight line to 1.
    pub factor: f64,
}

impl SlowStart {
    /// What a latency is multiplied by at a time.
    #[must_use]
    pub fn factor_at(&self, at: Duration) -> f64 {
        if at >= self.length.0 {
            return 1.0;
        }
        let left = 1.0 - at.as_secs_f64() / self.length.0.as_secs_f64();
        1.0 + (self.factor - 1.0) * left
    }
}

fn nanoseconds(n: u128) -> Duration {
    Duration::from_nanos(u64::try_from(n).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_stall_holds_back_what_falls_into_it_and_nothing_else() {
        let stall = Stall { every: Time(ms(2000)), length: Time(ms(200)) };
        for (at, released) in [(0, 0), (999, 999), (1000, 1200), (1150, 1200), (1199, 1200), (1200, 1200), (1900, 1900)] {
            assert_eq!(stall.released(ms(at)), ms(released), "{at} ms");
            assert_eq!(stall.released(ms(at + 8000)), ms(released + 8000), "{at} ms, fifth period");
        }
    }

    #[test]
    fn the_share_of_held_requests_is_the_stalled_share_of_time() {
        let stall = Stall { every: Time(ms(2000)), length: Time(ms(200)) };
        let held = (0..20_000).filter(|&at| stall.released(ms(at)) > ms(at)).count();
        assert_eq!(held, 2_000);
    }

    #[test]
    fn a_slow_start_decays_in_a_straight_line() {
        let slow = SlowStart { length: Time(ms(1000)), factor: 5.0 };
        for (at, factor) in [(0, 5.0), (250, 4.0), (500, 3.0), (1000, 1.0), (9000, 1.0)] {
            assert!((slow.factor_at(ms(at)) - factor).abs() < 1e-9, "{at} ms");
        }
    }
}
