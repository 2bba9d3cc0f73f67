//! The line on top of a comment while its next run is under way.

use jiff::{Timestamp, tz::TimeZone};

use super::told::short;
use crate::report::escape::markdown_code;

const BEGIN: &str = "⏳ measuring ";

/// A comment with a line on top that says what is being measured since when; one that has such a line gets this one instead.
#[must_use]
pub fn measuring(body: &str, sha: &str, started: Timestamp) -> String {
    let time = started.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string();
    format!("{}started {time})…\n\n{}", begin(sha), without_line(body, BEGIN))
}

/// The comment as it was before this commit was measured. A line on top that names another commit is not ours to take away.
#[must_use]
pub fn not_measuring<'a>(body: &'a str, sha: &str) -> &'a str {
    without_line(body, &begin(sha))
}

/// How the line of a commit begins.
fn begin(sha: &str) -> String {
    format!("{BEGIN}{} (", markdown_code(&short(sha)))
}

/// The comment without its first line, if that begins so.
fn without_line<'a>(body: &'a str, begin: &str) -> &'a str {
    match body.split_once('\n') {
        Some((first, rest)) if first.starts_with(begin) => rest.trim_start_matches(['\r', '\n']),
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
        assert_eq!(not_measuring(&once, "a1b2c3d4e5f6"), body);
        assert_eq!(not_measuring(&once, "b1b2c3d4e5f6"), once, "somebody else's line");
        assert_eq!(not_measuring(body, "a1b2c3d4e5f6"), body);
    }
}
