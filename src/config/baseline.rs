//! `baseline:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where earlier records live.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `file`.
    pub store: Option<String>,
    /// Folder, relative to the configuration's own; `baselines` by default.
    pub dir: Option<String>,
    /// Branch whose comparisons teach what noise is usual; `main` by default.
    pub branch: Option<String>,
    /// Records kept per fingerprint; 50 by default.
    pub keep: Option<u64>,
}
