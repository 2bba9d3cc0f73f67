//! That a stored run must not be removed. The serde attributes *are* the file format `loadgate/pin/v1`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name and major version of the format.
pub const PIN_SCHEMA: &str = "loadgate/pin/v1";

/// Since when, and as what, a stored run must not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Always [`PIN_SCHEMA`] in files this version writes.
    pub schema: String,
    /// When it was pinned.
    pub at: Timestamp,
    /// What it is: `release 1.4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Pin {
    /// A pin of now.
    #[must_use]
    pub fn new(at: Timestamp, label: Option<String>) -> Self {
        Self { schema: PIN_SCHEMA.to_owned(), at, label }
    }
}
