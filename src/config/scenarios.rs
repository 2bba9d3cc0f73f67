//! `scenarios:` as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    checks::Check,
    feed::Feed,
    websocket::{Broadcast, Connections, Expect, Heartbeat, Listen, Reconnect, SendEntry},
    written::{Expected, Rate, Size, TextOr, Think, Time, Written},
};

/// `GET /api/items`, or a map.
pub type ScenarioEntry = TextOr<Scenario>;

/// A scenario of several `steps`, or a shorthand of one request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name; of a shorthand also the endpoint's.
    pub name: Option<String>,
    /// Share of the arrivals, relative to the other scenarios; 1 by default.
    pub weight: Option<u32>,
    /// From 1 to 10; 5 by default.
    pub priority: Option<u8>,
    /// Feeders that rows are taken of.
    pub feed: Option<Feed>,
    /// What a user does once, before its first iteration.
    pub setup: Option<Vec<Step>>,
    /// What one arrival does, in order.
    pub steps: Option<Vec<Step>>,
    /// What a user does once, at the end of the run.
    pub teardown: Option<Vec<Step>>,
    /// Path of a GET.
    pub get: Option<String>,
    /// Path of a POST.
    pub post: Option<String>,
    /// Path of a PUT.
    pub put: Option<String>,
    /// Path of a PATCH.
    pub patch: Option<String>,
    /// Path of a DELETE.
    pub delete: Option<String>,
    /// Path of a HEAD.
    pub head: Option<String>,
    /// Headers of the request.
    pub headers: Option<BTreeMap<String, String>>,
    /// Body as it is sent.
    pub body: Option<String>,
    /// Body that is sent as JSON.
    #[schemars(with = "Option<serde_json::Value>")]
    pub json: Option<serde_yaml::Value>,
    /// Name under `targets:` of the service that is asked.
    pub target: Option<String>,
    /// Until the response is complete.
    pub timeout: Option<Written<Time>>,
    /// What the response must be.
    pub check: Option<Check>,
    /// Path of a WebSocket connection.
    pub websocket: Option<String>,
    /// How many of them there are.
    pub connections: Option<Connections>,
    /// Their pings.
    pub heartbeat: Option<Heartbeat>,
    /// What is done when one is lost.
    pub reconnect: Option<Reconnect>,
    /// How often each of them plays its steps.
    pub rate: Option<Written<Rate>>,
    /// Messages from some of them to the others.
    pub broadcast: Option<Broadcast>,
    /// The header `Origin` of their handshake.
    pub origin: Option<String>,
    /// Subprotocols that they offer.
    pub subprotocols: Option<Vec<String>>,
    /// Time that the target is given to take a message.
    pub write_timeout: Option<Written<Time>>,
    /// Largest message that is taken.
    pub max_message: Option<Written<Size>>,
    /// Services and stores that all its requests need, for finding a common cause.
    pub depends_on: Option<Vec<String>>,
}

impl Expected for Scenario {
    const EXPECTED: &'static str = "a request such as GET /api/items, or a map with `name` and `get` or `steps`";
}

impl Scenario {
    /// The request of a shorthand.
    #[must_use]
    pub fn as_step(&self) -> Step {
        Step {
            name: self.name.clone(),
            get: self.get.clone(),
            post: self.post.clone(),
            put: self.put.clone(),
            patch: self.patch.clone(),
            delete: self.delete.clone(),
            head: self.head.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            json: self.json.clone(),
            target: self.target.clone(),
            timeout: self.timeout.clone(),
            check: self.check.clone(),
            ..Step::default()
        }
    }
}

/// One request, or a pause.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The endpoint's name.
    pub name: Option<String>,
    /// Path of a GET.
    pub get: Option<String>,
    /// Path of a POST.
    pub post: Option<String>,
    /// Path of a PUT.
    pub put: Option<String>,
    /// Path of a PATCH.
    pub patch: Option<String>,
    /// Path of a DELETE.
    pub delete: Option<String>,
    /// Path of a HEAD.
    pub head: Option<String>,
    /// Headers of the request.
    pub headers: Option<BTreeMap<String, String>>,
    /// Body as it is sent.
    pub body: Option<String>,
    /// Body that is sent as JSON.
    #[schemars(with = "Option<serde_json::Value>")]
    pub json: Option<serde_yaml::Value>,
    /// Name under `targets:` of the service that is asked.
    pub target: Option<String>,
    /// Until the response is complete.
    pub timeout: Option<Written<Time>>,
    /// What the response must be.
    pub check: Option<Check>,
    /// What later steps need of the response, by the names they use.
    pub extract: Option<BTreeMap<String, ExtractEntry>>,
    /// False: played, but not measured.
    pub measure: Option<bool>,
    /// Services and stores that the request needs, for finding a common cause.
    pub depends_on: Option<Vec<String>>,
    /// A pause instead of a request.
    pub think: Option<Written<Think>>,
    /// A message to send, on a WebSocket connection.
    pub send: Option<SendEntry>,
    /// A message to wait for, on a WebSocket connection.
    pub expect: Option<Expect>,
    /// Taking messages for a time, on a WebSocket connection.
    pub listen: Option<Listen>,
    /// Code to close a WebSocket connection with.
    pub close: Option<u16>,
}

impl Step {
    /// Keys that are written and say something of a request, beside its method.
    pub fn keys_of_a_request(&self) -> impl Iterator<Item = &'static str> + use<> {
        let keys = [
            ("name", self.name.is_some()),
            ("headers", self.headers.is_some()),
            ("body", self.body.is_some()),
            ("json", self.json.is_some()),
            ("target", self.target.is_some()),
            ("timeout", self.timeout.is_some()),
            ("check", self.check.is_some()),
            ("extract", self.extract.is_some()),
            ("measure", self.measure.is_some()),
            ("depends_on", self.depends_on.is_some()),
        ];
        keys.into_iter().filter(|(_, is_there)| *is_there).map(|(key, _)| key)
    }

    /// The keys of this step that WebSocket connections alone have.
    #[must_use]
    pub fn of_websocket(&self) -> Vec<&'static str> {
        let keys = [
            ("send", self.send.is_some()),
            ("expect", self.expect.is_some()),
            ("listen", self.listen.is_some()),
            ("close", self.close.is_some()),
        ];
        keys.into_iter().filter(|(_, is_there)| *is_there).map(|(key, _)| key).collect()
    }

    /// The methods this step gives a path for, each with its key and path; a right step gives one.
    #[must_use]
    pub fn requests(&self) -> Vec<(&'static str, &str)> {
        [
            ("get", &self.get),
            ("post", &self.post),
            ("put", &self.put),
            ("patch", &self.patch),
            ("delete", &self.delete),
            ("head", &self.head),
        ]
        .into_iter()
        .filter_map(|(key, path)| Some((key, path.as_deref()?)))
        .collect()
    }
}

/// `$.items[0].id`, or a map.
pub type ExtractEntry = TextOr<Extract>;

/// Where a value is taken from: exactly one of `json`, `regex` and `header`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// A JSONPath.
    pub json: Option<String>,
    /// A regular expression over the body; its first group is the value.
    pub regex: Option<String>,
    /// The name of a header.
    pub header: Option<String>,
    /// Stands in when there is no such value.
    #[schemars(with = "Option<serde_json::Value>")]
    pub default: Option<serde_yaml::Value>,
}

impl Expected for Extract {
    const EXPECTED: &'static str = "a JSONPath such as $.items[0].id, or a map with `json`, `regex` or `header`";
}
