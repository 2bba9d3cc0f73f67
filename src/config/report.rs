//! `report:` as written.

use std::collections::BTreeMap;

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
    /// Own templates by what they fill: `md` (step_summary.md), `html` (report.html), or a file of their own, such as `figures.csv`.
    pub templates: Option<BTreeMap<String, String>>,
}
