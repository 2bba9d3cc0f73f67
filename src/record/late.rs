//! How late requests were sent, window by window: a slow moment that is the load generator's fault shows here.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units::Micros;

/// How late those requests of a window were sent that had waited for a time of their own. Of a fixed size, as it is noted for each of
/// them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Number of them.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub sent: u64,
    /// Their lateness, summed.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub sum_us: u64,
    /// The worst of them.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub max_us: u64,
    /// Those that were more than 1 ms late.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub over_1ms: u64,
}

impl Late {
    /// Counts one that was sent so late.
    pub fn note(&mut self, late: Duration) {
        let Micros(us) = Micros::from_duration(late);
        self.add(&Self { sent: 1, sum_us: us, max_us: us, over_1ms: u64::from(late > Duration::from_millis(1)) });
    }

    /// Adds another thread's, version's or window's. Saturates: records may come from anywhere.
    pub fn add(&mut self, other: &Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
        self.over_1ms = self.over_1ms.saturating_add(other.over_1ms);
    }

    /// The mean in microseconds; `None` when nothing was sent: a missing number is never zero.
    #[must_use]
    pub fn mean_us(&self) -> Option<f64> {
        (self.sent > 0).then(|| self.sum_us as f64 / self.sent as f64)
    }

    /// The worst in microseconds; `None` when nothing was sent.
    #[must_use]
    pub fn worst_us(&self) -> Option<f64> {
        (self.sent > 0).then_some(self.max_us as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_was_on_time_counts_and_a_window_without_any_has_no_lateness() {
        let mut late = Late::default();
        assert_eq!((late.mean_us(), late.worst_us()), (None, None));
        for us in [0, 40, 1_000, 1_001] {
            late.note(Duration::from_micros(us));
        }
        assert_eq!(late, Late { sent: 4, sum_us: 2_041, max_us: 1_001, over_1ms: 1 });
        assert_eq!((late.mean_us(), late.worst_us()), (Some(510.25), Some(1_001.0)));
    }

    #[test]
    fn zeros_take_no_room_in_a_file() {
        let window = |text: &str| serde_json::from_str::<Late>(text).unwrap();
        assert_eq!(serde_json::to_string(&Late::default()).unwrap(), "{}");
        assert_eq!(window("{}"), Late::default());
        let late = Late { sent: 7, sum_us: 350, max_us: 90, over_1ms: 0 };
        let text = serde_json::to_string(&late).unwrap();
        assert_eq!((text.as_str(), window(&text)), (r#"{"sent":7,"sum_us":350,"max_us":90}"#, late));
    }
}
