//! `baseline:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where earlier records live.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `file`: in a folder; `git`: on the branch `loadgate-baselines` of the repository.
    pub store: Option<String>,
    /// For `file`: the folder, relative to the configuration's own; `baselines` by default.
    pub dir: Option<String>,
    /// Branch whose comparisons teach what noise is usual; `main` by default.
    pub branch: Option<String>,
    /// Records kept per fingerprint; 50 by default.
    pub keep: Option<u64>,
    /// Which runs `gate` stores by itself; none where this is left out.
    pub promote: Option<Promote>,
}

/// Which runs `gate` stores by itself.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promote {
    /// `push_to_main`: those of builds of `baseline.branch` itself.
    pub from: Option<String>,
    /// `passed`: those that did not fail the build.
    pub only_if: Option<String>,
}
