//! `report:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// What is written after a run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Folder, relative to the configuration's own; `loadgate-report` by default.
    pub dir: Option<String>,
    /// `json`, `html`, `md`, `junit`, `csv`, `gitlab`, `openmetrics`; all by default.
    pub formats: Option<Vec<String>>,
}
