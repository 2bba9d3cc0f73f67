//! Where a window stands in a run that goes on, for those who judge it window by window.

use std::time::Duration;

/// A window of a measured stage as it was played: a stage may have begun earlier than planned, or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowPlace {
    /// Number of its stage.
    pub stage: usize,
    /// Its end, counted from the start of the run.
    pub ends: Duration,
    /// How much of it was played; less than a whole window only at the end of a stage.
    pub length: Duration,
    /// Whether it is the last one of its stage.
    pub is_last: bool,
}
