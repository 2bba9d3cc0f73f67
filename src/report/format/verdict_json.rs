//! `verdict.json`.

use crate::report::{ReportError, VERDICT_FILE, View};

/// The verdict for other programs.
pub(super) fn render(view: &View) -> Result<String, ReportError> {
    serde_json::to_string_pretty(&view.file)
        .map(|text| text + "\n")
        .map_err(|error| ReportError::Render { file: VERDICT_FILE, reason: error.to_string() })
}
