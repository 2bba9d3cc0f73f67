//! The line on top of a comment while its next run is under way.

use jiff::{Timestamp, tz::TimeZone};

use super::told::short;
use crate::report::escape::markdown_code;

const BEGIN: &str = "⏳ measuring ";

/// A comment with a line on top that says what is being measured since when; one that has such a line gets this one instead.
#[must_use]
pub fn measuring(body: &str, sha: &str, started: Timestamp) -> String {
    let time = started.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string();
    format!("{BEGIN}{} (started {time})…\n\n{}", markdown_code(&short(sha)), not_measuring(body))
}

/// The comment as it was before.
#[must_use]
pub fn not_measuring(body: &str) -> &str {
    match body.split_once('\n') {
        Some((first, rest)) if first.starts_with(BEGIN) => rest.trim_start_matches(['\r', '\n']),
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_added_once_and_taken_away_again() {
        let at: Timestamp = "2026-11-20T12:03:04Z".parse().unwrap();
        let body = "### ✅ loadgate: fine\n\n<!-- loadgate:report key=\"x\" v=1 -->\n";
        let once = measuring(body, "a1b2c3d4e5f6", at);
        assert_eq!(once, format!("⏳ measuring `a1b2c3d4e` (started 12:03 UTC)…\n\n{body}"));
        let later = measuring(&once.replace('\n', "\r\n"), "<b>|", at);
        assert!(later.starts_with("⏳ measuring <code>&lt;b&gt;\\|</code> (started 12:03 UTC)…\n\n### "), "{later}");
        assert_eq!(not_measuring(&once), body);
        assert_eq!(not_measuring(body), body);
    }
}
