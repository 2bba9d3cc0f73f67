//! `websocket:` of a route exactly as it is written.

use serde::{Deserialize, Serialize};

use crate::mock_target::{
    latency::Latency,
    quantity::{Share, Time},
    script::ScriptError,
};

/// What a WebSocket route does with its connections.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSocketScript {
    /// What becomes of a message.
    #[serde(default)]
    pub answer: AnswerScript,
    /// How long an answer takes; no time at all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Latency>,
    /// Share of the answers that are not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lose: Option<Share>,
    /// Messages that come by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushScript>,
    /// Share of the connections that answer nothing once they are open, not even a ping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<Share>,
    /// Connections that are ended by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kill: Option<KillScript>,
    /// Pause after each message that is read: a slow consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_every: Option<Time>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerScript {
    /// It comes back.
    #[default]
    Echo,
    /// It goes to every connection of the route, the sender's too.
    Broadcast,
    /// It is read, and that is all.
    Nothing,
}

/// Messages that come by themselves, to each connection: `{"id": 1, "sent_at_ms": 1795262400000.25}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushScript {
    /// Time between two of them.
    pub every: Time,
}

/// Connections that are ended by the server.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillScript {
    /// Share of the connections.
    pub share: Share,
    /// How long after they were opened.
    #[serde(default)]
    pub after: Time,
    /// The code they are closed with; without one they are reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl WebSocketScript {
    pub(in crate::mock_target) fn check(&self) -> Result<(), ScriptError> {
        if let Some(delay) = &self.delay {
            delay.check().map_err(|error| ScriptError { message: error.message, hint: Some(error.hint) })?;
        }
        if self.push.is_some_and(|push| push.every.0.is_zero()) {
            return Err(ScriptError::new("websocket.push: every 0s", "write a time between two messages, such as 100ms"));
        }
        if let Some(code) =
            self.kill.and_then(|kill| kill.code).filter(|code| !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999))
        {
            return Err(ScriptError::new(
                format!("websocket.kill: {code} is no code to close with"),
                "write a code such as 1011",
            ));
        }
        Ok(())
    }
}
