//! What services said before they spoilt a run.

use serde::{Deserialize, Serialize};

use super::Side;

/// The end of what a service said that loadgate had started, and that never got ready or did not stay up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWords {
    /// The version it is.
    pub side: Side,
    /// The file with all it said.
    pub log: String,
    /// Its last lines, masked and fit for a terminal; none where it said nothing.
    pub lines: Vec<String>,
}
