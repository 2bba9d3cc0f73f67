//! `reproduce.sh`: sends the request of each endpoint that failed once, and says whether the answer is as promised.

use crate::report::{ReportError, View};

/// The script; nothing where nothing failed, or nothing is known of what was sent.
pub(super) fn render(view: &View) -> Option<Result<String, ReportError>> {
    view.judged.diagnosis.as_ref()?.script.clone().map(Ok)
}
