//! The rules a run is judged by, as plain data. Reads nothing, decides nothing.

mod metric;
mod regression;
mod threshold;
mod validity;

pub use metric::{Metric, MetricUnit, Quantile, UnknownMetric};
pub use regression::{CompareMode, ErrorRule, LatencyRule, MetricOverride, OnEvent, Override, Regression, Response};
pub use threshold::{Comparator, Severity, Threshold, ThresholdError};
pub use validity::Validity;

/// All rules of a configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Absolute promises: this run alone.
    pub thresholds: Vec<Threshold>,
    /// Relative promises: this run against another.
    pub regression: Regression,
    /// When a run counts as a measurement at all.
    pub validity: Validity,
}
