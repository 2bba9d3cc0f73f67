//! The last lines of a comment: invisible to people, read by later runs to find and update their comment.

use serde::{Deserialize, Serialize};

use crate::report::{ComparisonRow, VerdictFile, escape::capped};

/// How the line that holds the state begins.
const STATE_BEGIN: &str = "<!-- loadgate:state ";
/// How the line that names the comment begins.
const MARKER_BEGIN: &str = "<!-- loadgate:report key=\"";
const END: &str = " -->";
/// How it ends.
const MARKER_END: &str = "\" v=1 -->";
/// Most findings that the next run is told of; they are there for one sentence, not for the record.
pub(super) const FAILING_MAX: usize = 5;

/// What a later run must know of the run that wrote a comment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The CI service's id of the run: a number where it is one.
    pub run: Option<serde_json::Value>,
    /// Attempt of that run, from 1.
    pub attempt: Option<u32>,
    /// Full hash of the commit that was measured.
    pub sha: Option<String>,
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`.
    pub verdict: String,
    /// What failed, the worst first; a few only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<Failing>,
}

/// Something that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failing {
    /// Which of several measurements it was found in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<String>,
    /// What it was.
    #[serde(flatten)]
    pub what: FailingWhat,
}

/// A regression or a broken threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FailingWhat {
    /// A metric that regressed.
    Row {
        /// Endpoint, or `*`.
        endpoint: String,
        /// `p99`
        metric: String,
        /// As in `verdict.json`.
        change: f64,
    },
    /// A threshold that was broken.
    Threshold {
        /// As written.
        threshold: String,
        /// In the metric's unit.
        actual: f64,
    },
}

impl State {
    /// What the next run must know of this one.
    #[must_use]
    pub fn of(file: &VerdictFile) -> Self {
        let ci = file.candidate.ci.as_ref();
        let fails = |row: &&ComparisonRow| row.outcome == "regressed" && row.level.as_deref() == Some("fail");
        // What is meant to be has not failed, and so is never "fixed".
        let rows = file.comparisons.iter().filter(|_| file.accepted.is_none()).filter(fails);
        let rows = rows.filter_map(|row| {
            let (endpoint, metric) = (capped(&row.endpoint), capped(&row.metric));
            Some(FailingWhat::Row { endpoint, metric, change: row.change? })
        });
        let broken = file.thresholds.iter().filter(|row| row.outcome == "fail");
        let broken = broken.filter_map(|row| Some(FailingWhat::Threshold { threshold: capped(&row.expr), actual: row.actual? }));
        Self {
            run: ci.map(|ci| ci.run_id.parse::<u64>().map_or_else(|_| capped(&ci.run_id).into(), Into::into)),
            attempt: ci.map(|ci| ci.attempt),
            sha: file.candidate.commit.as_deref().map(capped),
            verdict: file.verdict.clone(),
            failing: rows.chain(broken).take(FAILING_MAX).map(|what| Failing { leg: None, what }).collect(),
        }
    }

    /// The state of a comment that was found; `None` where it has none that can be read.
    #[must_use]
    pub fn read(body: &str) -> Option<Self> {
        let line = body.lines().rev().map(str::trim).find(|line| line.starts_with(STATE_BEGIN))?;
        serde_json::from_str(line.strip_prefix(STATE_BEGIN)?.strip_suffix(END)?).ok()
    }

    /// Whether this is of a later run, or a later attempt of the same run; `false` where nobody can tell.
    #[must_use]
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let order = |state: &Self| Some((state.run.as_ref()?.as_u64()?, state.attempt.unwrap_or(1)));
        order(self).zip(order(other)).is_some_and(|(own, other)| own > other)
    }

    /// The line of a comment that holds it.
    pub(super) fn line(&self) -> String {
        let state = serde_json::to_string(self).unwrap_or_default();
        // JSON may spell any character as \uXXXX; these could end the comment early.
        let state = state.replace('<', "\\u003c").replace('>', "\\u003e").replace("--", "-\\u002d");
        format!("{STATE_BEGIN}{state}{END}")
    }
}

/// The last line of the comment of a key: how it is found again.
#[must_use]
pub fn marker(key: &str) -> String {
    format!("{MARKER_BEGIN}{}{MARKER_END}", encoded(key))
}

/// Whether a comment is the one of a key. Who wrote it is for the caller to ask: anybody can write this line.
#[must_use]
pub fn has_marker(body: &str, key: &str) -> bool {
    body.lines().rev().map(str::trim).find(|line| !line.is_empty()) == Some(marker(key).as_str())
}

/// Percent-encoding of all that could end an attribute or a comment.
fn encoded(key: &str) -> String {
    let tame = |byte: u8| byte.is_ascii_alphanumeric() || b"_./".contains(&byte);
    let parts = key.bytes().map(|byte| if tame(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    let mut encoded: String = parts.collect();
    // A single hyphen is common in names and harmless; two end a comment.
    if !key.contains("--") && !key.ends_with('-') {
        encoded = encoded.replace("%2D", "-");
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_cannot_be_ended_early() {
        assert_eq!(encoded("checkout-api"), "checkout-api");
        assert_eq!(encoded("a\" --> b"), "a%22%20%2D%2D%3E%20b");
        let state =
            State { run: Some("--><b>".into()), attempt: Some(1), sha: None, verdict: "pass".to_owned(), failing: Vec::new() };
        assert_eq!(state.line().matches("-->").count(), 1, "{}", state.line());
        assert_eq!(marker("x"), "<!-- loadgate:report key=\"x\" v=1 -->");
    }

    #[test]
    fn a_state_is_read_back_as_it_was_written() {
        let row = FailingWhat::Row { endpoint: "--> <b>".to_owned(), metric: "p99".to_owned(), change: 0.31 };
        let threshold = FailingWhat::Threshold { threshold: "error_rate < 1%".to_owned(), actual: 0.02 };
        let failing = vec![Failing { leg: None, what: row }, Failing { leg: Some("arm".to_owned()), what: threshold }];
        let state =
            State { run: Some(123.into()), attempt: Some(2), sha: Some("a1".to_owned()), verdict: "fail".to_owned(), failing };
        let body = format!("text\r\n{}\r\n{}\r\n\r\n", state.line(), marker("staging/api"));
        assert_eq!(State::read(&body), Some(state));
        assert!(has_marker(&body, "staging/api") && !has_marker(&body, "staging"));
        assert!(!has_marker(&format!("{body}and an answer to it"), "staging/api"));
        assert_eq!(State::read("<!-- loadgate:state {broken -->"), None);
    }

    #[test]
    fn later_runs_and_attempts_are_newer_and_nobody_knows_of_others() {
        let state = |run: serde_json::Value, attempt| State { run: Some(run), attempt: Some(attempt), ..State::default() };
        assert!(state(2.into(), 1).is_newer_than(&state(1.into(), 3)));
        assert!(state(2.into(), 2).is_newer_than(&state(2.into(), 1)));
        assert!(!state(2.into(), 1).is_newer_than(&state(2.into(), 1)));
        assert!(!state("jenkins-7".into(), 1).is_newer_than(&state(1.into(), 1)));
    }
}
