//! The last lines of a comment, invisible to people: which comment it is, and what it says of which run.

use serde_json::{Value, json};

use super::event::Run;

const STATE: &str = "<!-- loadgate:state ";
const REPORT: &str = "<!-- loadgate:report ";
const END: &str = " -->";

/// What a comment says of the run that wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Number of the run.
    pub run: u64,
    /// Its attempt.
    pub attempt: u64,
    /// The commit it judged.
    pub sha: Option<String>,
    /// `pass`, `warn`, `fail`, `inconclusive`, `invalid`.
    pub verdict: String,
}

impl State {
    pub(super) fn new(run: &Run, sha: Option<&str>, verdict: &str) -> Self {
        Self { run: run.id, attempt: run.attempt, sha: sha.map(str::to_owned), verdict: verdict.to_owned() }
    }

    /// Whether it was written by a later run.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        (self.run, self.attempt) > (other.run, other.attempt)
    }

    /// The state that a comment holds; of several the last, which is ours: what stands before it is a report's text.
    pub(super) fn of(body: &str) -> Option<Self> {
        let line = body.lines().rev().find_map(|line| line.trim().strip_prefix(STATE)?.strip_suffix(END.trim_start()))?;
        let value: Value = serde_json::from_str(line.trim()).ok()?;
        let number = |name: &str| value[name].as_u64().or_else(|| value[name].as_str()?.parse().ok());
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self {
            run: number("run").unwrap_or_default(),
            attempt: number("attempt").unwrap_or(1),
            sha: text("sha"),
            verdict: text("verdict").unwrap_or_default(),
        })
    }
}

/// The whole comment: the text, then the two lines. Lines of this kind that the text brought along go.
pub(super) fn body(text: &str, key: &str, state: &State) -> String {
    let is_ours = |line: &&str| line.trim_start().starts_with(STATE) || line.trim_start().starts_with(REPORT);
    let text: Vec<&str> = text.lines().filter(|line| !is_ours(line)).collect();
    let state = json!({ "run": state.run, "attempt": state.attempt, "sha": state.sha, "verdict": state.verdict }).to_string();
    // JSON may spell any character as \uXXXX; these could end the comment early.
    let state = state.replace('<', "\\u003c").replace('>', "\\u003e").replace("--", "-\\u002d");
    format!("{}\n\n{STATE}{state}{END}\n{}", text.join("\n").trim_end(), marker(key))
}

/// The line that names a comment.
pub(super) fn marker(key: &str) -> String {
    let tame = |byte: u8| byte.is_ascii_alphanumeric() || b"_./".contains(&byte);
    // A single hyphen is common in names and harmless; two end a comment.
    let is_harmless = !key.contains("--") && !key.ends_with('-');
    let part = |byte: u8| match byte {
        b'-' if is_harmless => "-".to_owned(),
        byte if tame(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    format!("{REPORT}key=\"{}\" v=1{END}", key.bytes().map(part).collect::<String>())
}

/// Whether a comment is the one of this key: its last line says so.
pub(super) fn is_of(body: &str, key: &str) -> bool {
    body.trim_end().lines().last().is_some_and(|line| line.trim() == marker(key))
}

/// The same text, however the server keeps the ends of lines.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(run: u64, attempt: u64) -> State {
        State { run, attempt, sha: Some("abc".into()), verdict: "fail".into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let body = body("### verdict\n", "staging/api", &state(12, 2));
        assert_eq!(State::of(&body), Some(state(12, 2)));
        assert!(is_of(&body, "staging/api") && !is_of(&body, "staging"));
        assert!(is_of(&format!("{}\r\n", body.replace('\n', "\r\n")), "staging/api"));
    }

    #[test]
    fn the_order_is_that_of_runs_and_then_of_attempts() {
        assert!(state(13, 1).is_newer_than(&state(12, 2)) && state(12, 2).is_newer_than(&state(12, 1)));
        assert!(!state(12, 1).is_newer_than(&state(12, 1)) && !state(9, 9).is_newer_than(&state(12, 1)));
    }

    #[test]
    fn a_text_cannot_name_another_comment_or_another_state() {
        let forged = format!("text\n{}\n<!-- loadgate:state {{\"run\":999999}} -->\nmore", marker("other"));
        let body = body(&forged, "own", &state(1, 1));
        assert_eq!(State::of(&body), Some(state(1, 1)));
        assert!(is_of(&body, "own") && !body.contains("999999") && !body.contains("other"), "{body}");
    }

    #[test]
    fn nothing_in_a_key_or_a_state_ends_the_comment_early() {
        let odd = State { verdict: "--><b>".into(), ..state(1, 1) };
        let body = body("x", "a\" --> b", &odd);
        assert_eq!(body.matches("-->").count(), 2, "{body}");
        assert_eq!(State::of(&body), Some(odd));
    }

    #[test]
    fn a_comment_of_an_earlier_version_has_a_state_too() {
        let lines = "<!-- loadgate:state {\"run\":null,\"attempt\":null,\"sha\":null,\"verdict\":\"pass\"} -->";
        assert_eq!(State::of(lines), Some(State { run: 0, attempt: 1, sha: None, verdict: "pass".into() }));
        assert_eq!(State::of("no state"), None);
    }
}
