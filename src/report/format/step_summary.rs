//! `step_summary.md`: the job summary, with everything unfolded.

use super::template;
use crate::report::{ReportError, View};

/// The whole summary; whoever appends it caps it to what the CI service takes.
pub(super) fn render(view: &View) -> Result<String, ReportError> {
    template::render("step_summary.md", view)
}
