//! Quantiles of many durations in constant memory.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest duration kept apart: an hour in nanoseconds.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Durations counted in a histogram of nanoseconds with three significant digits.
pub(super) struct Spread(Histogram<u64>);

/// Quantiles in microseconds; `null` when nothing was counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Quantiles {
    pub(super) p50: Option<f64>,
    pub(super) p90: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) p999: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Default for Spread {
    fn default() -> Self {
        let mut histogram = Histogram::new(3).expect("three digits are valid");
        histogram.auto(true);
        Self(histogram)
    }
}

impl Spread {
    pub(super) fn record(&mut self, duration: Duration) {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).clamp(1, LONGEST_NS);
        // Not `saturating_record`, which would clamp to the range so far instead of growing it.
        self.0.record(ns).expect("an auto-resizing histogram grows to an hour");
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("auto-resizing histograms take any value");
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        let at = |q: f64| (!self.0.is_empty()).then(|| self.0.value_at_quantile(q) as f64 / 1e3);
        Quantiles { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}
