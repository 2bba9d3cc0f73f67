//! What scenarios of WebSocket connections have that others have not, as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    http::Backoff,
    scenarios::ExtractEntry,
    written::{Expected, Rate, TextOr, Time, Users, Written},
};

/// `connections:`: how many there are, and for how long.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// Time before, not measured, in which all of them come, play and go again.
    pub warmup: Option<Written<Time>>,
    /// So many, or from so many to so many.
    pub ramp: Option<Written<Users>>,
    /// Time in which their number changes.
    pub over: Option<Written<Time>>,
    /// Time that they stay then.
    pub hold: Option<Written<Time>>,
}

/// `heartbeat:`: pings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Time between two pings; 30s by default.
    pub ping_every: Option<Written<Time>>,
    /// A peer that does not answer a ping for so long is dead; twice `ping_every` by default.
    pub pong_timeout: Option<Written<Time>>,
}

/// `reconnect:`: what is done about a connection that is lost.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reconnect {
    /// Attempts; 5 by default.
    pub max: Option<u32>,
    /// Pauses before them.
    #[serde(default)]
    pub backoff: Backoff,
}

/// Text, or a map that says of what kind the message is.
pub type SendEntry = TextOr<Send>;

/// `send:`: exactly one of `text`, `json` and `binary`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Text as it is sent.
    pub text: Option<String>,
    /// What is sent as JSON.
    #[schemars(with = "Option<serde_json::Value>")]
    pub json: Option<serde_yaml::Value>,
    /// Bytes in Base64.
    pub binary: Option<String>,
}

impl Expected for Send {
    const EXPECTED: &'static str = "a text, or a map with `text`, `json` or `binary`";
}

/// `broadcast:`: messages from some of the connections to the others.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Broadcast {
    /// How many connections of each version publish; 1 by default.
    pub publishers: Option<u32>,
    /// Messages that each of them sends.
    pub rate: Option<Written<Rate>>,
    /// The message.
    pub send: Option<SendEntry>,
    /// A JSONPath to a message's identity; $.id by default.
    pub id_from: Option<String>,
    /// A message that does not come in this time is lost; 5s by default.
    pub within: Option<Written<Time>>,
}

/// `expect:`: the message that is waited for. Any, where neither `json` nor `regex` says more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What JSON must hold, by key or JSONPath.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub json: Option<BTreeMap<String, serde_yaml::Value>>,
    /// What must match somewhere in it.
    pub regex: Option<String>,
    /// What later steps need of it, by the names they use.
    pub extract: Option<BTreeMap<String, ExtractEntry>>,
    /// How long it is waited for; 5s by default.
    pub within: Option<Written<Time>>,
    /// The endpoint's name.
    pub name: Option<String>,
    /// False: played, but not measured.
    pub measure: Option<bool>,
}

/// `listen:`: taking whatever comes for a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// How long.
    #[serde(rename = "for")]
    pub length: Option<Written<Time>>,
    /// A JSONPath to the moment that a message was sent at.
    pub latency_from: Option<String>,
    /// The endpoint's name.
    pub name: Option<String>,
}
