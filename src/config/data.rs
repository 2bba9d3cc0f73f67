//! `data:` as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// A feeder: exactly one of `csv` and `inline`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feeder {
    /// A CSV file with a header row, relative to the configuration's folder.
    pub csv: Option<String>,
    /// Values, or maps of them.
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub inline: Option<Vec<serde_yaml::Value>>,
    /// `sequential`, `random` or `shuffle`.
    pub order: Option<String>,
    /// `recycle` or `stop`.
    pub on_end: Option<String>,
    /// `per_worker`.
    pub partition: Option<String>,
}
