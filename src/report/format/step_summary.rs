//! `step_summary.md`: the job summary, with everything unfolded.

use crate::report::{ReportError, View, comment};

/// The whole summary; whoever appends it caps it to what the CI service takes.
pub(super) fn render(view: &View) -> Result<String, ReportError> {
    comment::summary(view)
}
