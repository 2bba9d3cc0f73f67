//! The rules a run is judged by, and when its verdict is told, as plain data. Reads nothing, decides nothing.

mod comment_mode;
mod metric;
mod regression;
mod threshold;
mod validity;

pub use comment_mode::CommentMode;
pub use metric::{Metric, MetricUnit, Quantile, UnknownMetric};
pub use regression::{Accept, Drift, ErrorRule, LatencyRule, MetricOverride, Mode, OnEvent, Override, Regression, Response};
pub use threshold::{Comparator, Severity, Threshold, ThresholdError};
pub use validity::Validity;

/// Most baseline runs a comparison uses, the newest ones: older ones are of other code.
pub const BASELINES_MAX: usize = 20;
/// Fewest blocks on each side of a comparison; fewer say too little of their own spread.
pub const BLOCKS_MIN: usize = 8;

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
