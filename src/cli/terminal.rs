//! The two streams: results to stdout, talk to stderr. A reader that went away is no error.

use std::io::Write as _;

/// A result.
pub(super) fn out(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end_matches('\n'));
}

/// Talk: progress, warnings, errors.
pub(super) fn err(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}
