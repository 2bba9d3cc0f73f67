//! When a run counts as a measurement at all.

use std::time::Duration;

/// Limits beyond which a run says more about the generator than about the service.
#[derive(Clone, Debug, PartialEq)]
pub struct Validity {
    /// Smallest started share of the offered arrivals.
    pub achieved_share_min: f64,
    /// Largest lateness that 99 % of the sends may have.
    pub late_p99_max: Duration,
}

impl Default for Validity {
    fn default() -> Self {
        Self { achieved_share_min: 0.98, late_p99_max: Duration::from_millis(10) }
    }
}
