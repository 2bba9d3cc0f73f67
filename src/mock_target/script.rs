//! The script of a mock target exactly as it is written, in YAML or JSON.

use serde::{Deserialize, Serialize};

use super::{
    latency::Latency,
    phase::{SlowStart, Stall},
    quantity::{Share, Size},
    websocket::WebSocketScript,
};

/// Largest script that is read.
pub(super) const SCRIPT_BYTES_MAX: usize = 1 << 20;

/// Everything a mock target does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a map with seed, defaults, routes or count_headers")]
pub struct Script {
    /// Seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// What routes do that do not say otherwise, and what requests get that match no route.
    #[serde(default)]
    pub defaults: RouteScript,
    /// The first that matches a request answers it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteScript>,
    /// Names of request headers whose values are counted, beside `x-load-test`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub count_headers: Vec<String>,
}

/// What one route does; every part that is absent comes from [`Script::defaults`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteScript {
    /// Path without query, exact or with a `*` at its end. Required in `routes`, refused in `defaults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests with this method; all when absent. Refused in `defaults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// How long it takes to answer; no time at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// Seed of this route; made from [`Script::seed`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What is sent; `ok` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyScript>,
    /// Status of a good answer; 200 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answers that are errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorScript>,
    /// Times without any answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall: Option<Stall>,
    /// How many requests are worked on at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitScript>,
    /// Slowness after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_start: Option<SlowStart>,
    /// Requests whose connection is reset instead of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets: Option<ResetScript>,
    /// What becomes of connections that ask to be WebSocket ones; without it they are answered like any other request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocketScript>,
}

/// A response body: so many bytes of text, or a literal text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyScript {
    /// Length of a made-up text that is always the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `Content-Type`; `text/plain` when absent.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// Answers that are errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorScript {
    /// Share of the requests.
    pub share: Share,
    /// Their status.
    #[serde(default = "internal_server_error")]
    pub status: u16,
}

fn internal_server_error() -> u16 {
    500
}

/// A concurrency limit of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitScript {
    /// Requests worked on at a time.
    pub concurrency: usize,
    /// What becomes of the others.
    #[serde(default)]
    pub mode: LimitMode,
}

/// What becomes of requests above a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitMode {
    /// They wait for their turn, first come, first served.
    #[default]
    Queue,
    /// They are answered 503 at once.
    Reject,
}

/// Requests whose connection is reset (HTTP/1.1) or whose stream is reset (HTTP/2).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetScript {
    /// Share of the requests.
    pub share: Share,
}

/// A script that can't be played. `message` says where and what, `hint` what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    /// What is wrong, with the offending text.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ScriptError {
    pub(super) fn new(message: impl Into<String>, hint: &str) -> Self {
        Self { message: message.into(), hint: Some(hint.to_owned()) }
    }
}

impl Script {
    /// Reads a script in YAML or JSON.
    ///
    /// # Errors
    /// Anything that is not a script, with line and column.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        if text.len() > SCRIPT_BYTES_MAX {
            return Err(ScriptError::new(
                format!("the script has {} bytes, more than {SCRIPT_BYTES_MAX}", text.len()),
                "use body.size instead of long literal texts",
            ));
        }
        if text.trim().is_empty() {
            return Err(ScriptError::new(
                "the script is empty",
                "write at least {} for a server that answers 'ok' to everything",
            ));
        }
        serde_yaml::from_str(text).map_err(|error| ScriptError { message: error.to_string(), hint: None })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mock_target::quantity::Time;

    const FULL: &str = "
seed: 3
defaults: {latency: 1ms}
count_headers: [traceparent]
routes:
  - path: /items/*
    method: GET
    latency: {lognormal: {median: 5ms, sigma: 0.5}}
    body: {size: 2kB, type: application/json}
    errors: {share: 1%}
    stall: {every: 2s, for: 200ms}
    limit: {concurrency: 4, mode: reject}
    slow_start: {for: 10s, factor: 3}
    resets: {share: 0.1%}
";

    #[test]
    fn every_part_of_a_script_is_read_and_shown_again_as_json() {
        let script = Script::parse(FULL).unwrap();
        let route = &script.routes[0];
        assert_eq!(route.latency, Some(Latency::LogNormal { median: Duration::from_millis(5), sigma: 0.5 }));
        assert_eq!(route.errors.map(|errors| errors.status), Some(500));
        assert_eq!(route.stall.map(|stall| stall.length), Some(Time(Duration::from_millis(200))));
        assert_eq!(route.limit.map(|limit| limit.mode), Some(LimitMode::Reject));
        assert_eq!(Script::parse(&serde_json::to_string(&script).unwrap()), Ok(script));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let messages: Vec<String> = [
            "rotues: []",
            "routes:\n  - path: /a\n    latency: 5",
            "routes:\n  - path: /a\n    latency: {pareto: {mean: 5ms}}",
            "routes:\n  - path: /a\n    latency: {uniform: {min: 9ms, max: 1ms}}",
            "defaults:\n  errors: {share: 150%}",
            "defaults:\n  limit: {concurrency: 4, mode: drop}",
            "- a",
            "",
        ]
        .into_iter()
        .map(|text| Script::parse(text).unwrap_err().message)
        .collect();
        insta::assert_snapshot!(messages.join("\n"), @r"
        unknown field `rotues`, expected one of `seed`, `defaults`, `routes`, `count_headers`
        routes[0].latency: '5' has no unit (write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s) at line 3 column 14
        routes[0].latency: unknown variant `pareto`, expected one of `fixed`, `uniform`, `lognormal`, `exponential` at line 3 column 15
        routes[0].latency: the uniform latency begins at 9ms and ends below it (write min, then max) at line 3 column 14
        defaults.errors: '150%' is more than all requests (write a share from 0% to 100%) at line 2 column 11
        defaults.limit.mode: unknown variant `drop`, expected `queue` or `reject` at line 2 column 33
        invalid type: sequence, expected a map with seed, defaults, routes or count_headers
        the script is empty
        ");
    }
}
