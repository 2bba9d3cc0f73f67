//! The last lines of a comment: invisible to people, read by later runs to find and update their comment.

use serde::Serialize;

use crate::{record::RunRecord, verdict::Verdict};

/// What a later run must know of this one.
#[derive(Clone, Debug)]
pub(super) struct Marker {
    key: String,
    state: State,
}

#[derive(Clone, Debug, Serialize)]
struct State {
    run: Option<serde_json::Value>,
    attempt: Option<u32>,
    sha: Option<String>,
    verdict: &'static str,
}

impl Marker {
    pub(super) fn of(verdict: &Verdict, candidate: &[RunRecord]) -> Self {
        let first = candidate.first();
        let ci = first.and_then(|run| run.provenance.ci.as_ref());
        Self {
            key: first.map_or_else(String::new, |run| encoded(&run.suite)),
            state: State {
                run: ci.map(|ci| ci.run_id.parse::<u64>().map_or_else(|_| ci.run_id.clone().into(), Into::into)),
                attempt: ci.map(|ci| ci.attempt),
                sha: first.and_then(|run| run.provenance.commit.clone()),
                verdict: verdict.kind.name(),
            },
        }
    }

    /// Two lines of HTML comments, the one that names the comment last.
    pub(super) fn lines(&self) -> String {
        let state = serde_json::to_string(&self.state).unwrap_or_default();
        // JSON may spell any character as \uXXXX; these could end the comment early.
        let state = state.replace('<', "\\u003c").replace('>', "\\u003e").replace("--", "-\\u002d");
        format!("<!-- loadgate:state {state} -->\n<!-- loadgate:report key=\"{}\" v=1 -->\n", self.key)
    }
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
        let state = State { run: Some("--><b>".into()), attempt: Some(1), sha: None, verdict: "pass" };
        let lines = Marker { key: encoded("x"), state }.lines();
        assert_eq!(lines.matches("-->").count(), 2, "{lines}");
        assert!(lines.ends_with("<!-- loadgate:report key=\"x\" v=1 -->\n"));
    }
}
