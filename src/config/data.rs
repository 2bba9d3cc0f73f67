//! `data:` as written.

use serde::Deserialize;

/// A feeder: exactly one of `csv` and `inline`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feeder {
    /// A CSV file with a header row, relative to the configuration's folder.
    pub csv: Option<String>,
    /// Values, or maps of them.
    pub inline: Option<Vec<serde_yaml::Value>>,
    /// `sequential`, `random` or `shuffle`.
    pub order: Option<String>,
    /// `recycle` or `stop`.
    pub on_end: Option<String>,
    /// `per_worker`.
    pub partition: Option<String>,
}
