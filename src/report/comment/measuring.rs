//! The line on top of a comment while its next run is under way, or when that ended without a verdict.

use jiff::{Timestamp, tz::TimeZone};

use super::told::short;
use crate::report::escape::{capped, markdown, markdown_code};

const BEGIN: &str = "⏳ measuring ";
const NO_VERDICT: &str = "🚫 no verdict";

/// A comment with a line on top that says what is being measured since when; one that has such a line gets this one instead.
#[must_use]
pub fn measuring(body: &str, sha: &str, started: Timestamp) -> String {
    let time = started.to_zoned(TimeZone::UTC).strftime("%H:%M UTC").to_string();
    format!("{}started {time})…\n\n{}", begin(sha), without_line(without_line(body, BEGIN), NO_VERDICT))
}

/// The comment as it was before this commit was measured. A line on top that names another commit is not ours to take away.
#[must_use]
pub fn not_measuring<'a>(body: &'a str, sha: &str) -> &'a str {
    without_line(body, &begin(sha))
}

/// The line of a gate that ended without a verdict, and why: of a commit, where one is known. Only the first line of the reason is told.
#[must_use]
pub fn no_verdict(sha: Option<&str>, why: &str) -> String {
    let of = sha.map(|sha| format!(" for {}", markdown_code(&short(sha)))).unwrap_or_default();
    format!("{NO_VERDICT}{of}: {}", markdown(&capped(why.lines().next().unwrap_or_default())))
}

/// A comment with that line on top instead of the one that says that the commit is being measured. Where another commit is being
/// measured, the comment is left to it.
#[must_use]
pub fn without_verdict(body: &str, sha: &str, why: &str) -> String {
    let before = not_measuring(body, sha);
    match before.starts_with(BEGIN) {
        true => before.to_owned(),
        false => format!("{}\n\n{}", no_verdict(Some(sha), why), without_line(before, NO_VERDICT)),
    }
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

    #[test]
    fn a_gate_without_a_verdict_says_so_in_one_line_that_the_next_one_takes_away() {
        let at: Timestamp = "2026-11-20T12:03:04Z".parse().unwrap();
        let body = "### ✅ loadgate: fine\n\n<!-- loadgate:report key=\"x\" v=1 -->\n";
        let why = "loadgate.yml:3:1: unknown key @team\n  3 | @team: 1";
        let told = without_verdict(&measuring(body, "a1b2c3d4e5f6", at), "a1b2c3d4e5f6", why);
        let line = "🚫 no verdict for `a1b2c3d4e`: loadgate.yml:3:1: unknown key @&#8203;team";
        assert_eq!(told, format!("{line}\n\n{body}"));
        assert_eq!(without_verdict(&told, "a1b2c3d4e5f6", why), told);
        assert_eq!(measuring(&told, "f6e5d4c3b2a1", at), measuring(body, "f6e5d4c3b2a1", at));
        let of_another = measuring(body, "f6e5d4c3b2a1", at);
        assert_eq!(without_verdict(&of_another, "a1b2c3d4e5f6", why), of_another);
        assert_eq!(no_verdict(None, why), "🚫 no verdict: loadgate.yml:3:1: unknown key @&#8203;team");
    }
}
