//! What GitHub refuses, and what can be done about it.

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

/// Longest text of GitHub's that is repeated.
const MESSAGE_CHARS_MAX: usize = 300;

/// A request that did not do what it should.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct ApiError {
    /// What was asked for: `GET /repos/a/b/issues/1/comments`.
    pub what: String,
    /// What GitHub or the network says.
    pub reason: String,
    /// What can be done about it.
    pub kind: Trouble,
}

/// What can be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing: the token may not do that. It is so for every pull request from a fork.
    Forbidden,
    /// There is no such thing, or the token may not see it.
    Missing,
    /// Too many requests: nothing was done, and after some time it will be. `None`: GitHub does not say how long.
    Limited(Option<Duration>),
    /// The text is longer than GitHub takes.
    TooLong,
    /// The server or the network is at fault. Whether the request was carried out is unknown.
    Passing,
    /// The request is wrong.
    Refused,
}

impl ApiError {
    /// An answer that is no success.
    pub(super) fn answered(what: &str, status: u16, headers: &HeaderMap, body: &[u8], now: i64) -> Self {
        let message = message(body);
        let kind = kind(status, &message, headers, now);
        let said = if message.is_empty() { String::new() } else { format!(": {}", shortened(&message)) };
        Self { what: what.to_owned(), reason: format!("GitHub answers {status}{said}"), kind }
    }

    /// No answer.
    pub(super) fn unreachable(what: &str, reason: &str) -> Self {
        let reason = format!("GitHub can't be reached: {}", shortened(reason));
        Self { what: what.to_owned(), reason, kind: Trouble::Passing }
    }

    /// Nothing was asked: what time there was is over.
    pub(super) fn too_late(what: &str) -> Self {
        Self { what: what.to_owned(), reason: "no time was left to ask GitHub".to_owned(), kind: Trouble::Passing }
    }

    /// An answer that is not what it should be.
    pub(super) fn strange(what: &str, reason: &str) -> Self {
        Self { what: what.to_owned(), reason: format!("GitHub's answer {reason}"), kind: Trouble::Refused }
    }
}

/// The sentence of an error, with those of its parts.
fn message(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let mut words = vec![value["message"].as_str().unwrap_or_default()];
    let parts = value["errors"].as_array().into_iter().flatten();
    words.extend(parts.filter_map(|part| part["message"].as_str().or_else(|| part.as_str())));
    words.retain(|word| !word.is_empty());
    words.join(": ")
}

fn kind(status: u16, message: &str, headers: &HeaderMap, now: i64) -> Trouble {
    let said = message.to_ascii_lowercase();
    // A secondary limit comes as 403 or 429, with or without a header; only its words tell it from a missing permission.
    let is_limit =
        said.contains("rate limit") || said.contains("abuse detection") || number(headers, "x-ratelimit-remaining") == Some(0);
    match status {
        429 => Trouble::Limited(wait(headers, now)),
        403 if is_limit || headers.contains_key("retry-after") => Trouble::Limited(wait(headers, now)),
        401 | 403 => Trouble::Forbidden,
        404 | 410 => Trouble::Missing,
        413 => Trouble::TooLong,
        422 if said.contains("too long") || said.contains("too_long") => Trouble::TooLong,
        408 | 500.. => Trouble::Passing,
        _ => Trouble::Refused,
    }
}

/// How long GitHub says to wait.
fn wait(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let seconds = number(headers, "retry-after").or_else(|| {
        let is_spent = number(headers, "x-ratelimit-remaining") == Some(0);
        number(headers, "x-ratelimit-reset").filter(|_| is_spent).map(|reset| (reset - now).max(1))
    });
    seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

    fn answered(status: u16, message: &str, headers: &[(&'static str, &str)]) -> Trouble {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let body = serde_json::json!({ "message": message }).to_string();
        ApiError::answered("GET /x", status, &headers, body.as_bytes(), 1_000).kind
    }

    #[test]
    fn a_limit_is_told_from_a_missing_permission_by_its_words() {
        assert_eq!(answered(403, "Resource not accessible by integration", &[]), Trouble::Forbidden);
        assert_eq!(answered(403, SECONDARY, &[]), Trouble::Limited(None));
        assert_eq!(answered(403, SECONDARY, &[("x-ratelimit-remaining", "57")]), Trouble::Limited(None));
        assert_eq!(answered(429, "", &[]), Trouble::Limited(None));
        assert_eq!(answered(403, SECONDARY, &[("retry-after", "7")]), Trouble::Limited(Some(Duration::from_secs(7))));
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")];
        assert_eq!(answered(403, "API rate limit exceeded", &spent), Trouble::Limited(Some(Duration::from_secs(60))));
    }

    #[test]
    fn what_may_pass_is_told_from_what_never_will() {
        assert_eq!(answered(502, "", &[]), Trouble::Passing);
        assert_eq!(answered(404, "Not Found", &[]), Trouble::Missing);
        assert_eq!(answered(401, "Bad credentials", &[]), Trouble::Forbidden);
        assert_eq!(answered(422, "Validation Failed", &[]), Trouble::Refused);
    }

    #[test]
    fn the_reason_of_a_refusal_is_repeated_in_short() {
        let body = br#"{"message":"Validation Failed","errors":[{"message":"Body is too long (maximum is 65536 characters)"}]}"#;
        let error = ApiError::answered("POST /x", 422, &HeaderMap::new(), body, 0);
        assert_eq!(error.kind, Trouble::TooLong);
        let expected = "POST /x: GitHub answers 422: Validation Failed: Body is too long (maximum is 65536 characters)";
        assert_eq!(error.to_string(), expected);
        let long = ApiError::answered(
            "GET /x",
            400,
            &HeaderMap::new(),
            format!("{{\"message\":\"{}\"}}", "ä".repeat(900)).as_bytes(),
            0,
        );
        assert!(long.reason.chars().count() < 350);
    }
}
