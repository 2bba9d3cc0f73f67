//! `thresholds:` (or `slo:`) as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::written::{Expected, TextOr, Time, Written};

/// `p95 < 250ms`, `preset.api`, or a map.
pub type ThresholdEntry = TextOr<Threshold>;

/// The long form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The promise.
    pub expr: String,
    /// `fail` (default) or `warn`.
    pub severity: Option<String>,
    /// Whether breaking it ends the run.
    #[serde(default)]
    pub abort: bool,
    /// Who looks after it, for reports.
    pub owner: Option<String>,
    /// Time of the run in which it does not.
    pub grace: Option<Written<Time>>,
}

impl Expected for Threshold {
    const EXPECTED: &'static str =
        "a promise such as p95 < 250ms, or a map with `expr`, `severity`, `owner`, `abort` and `grace`";
}

/// Ready-made lists of promises, by the name that stands in `thresholds:`.
pub const PRESETS: [(&str, &[&str]); 2] =
    [("preset.api", &["p99 < 200ms", "error_rate < 1%"]), ("preset.pre-release", &["error_rate < 0.5%", "p95 < 800ms"])];
