//! `broadcast:` of a scenario of WebSocket connections.

use std::time::Duration;

use super::{scenarios::Builder, templates::Reach, websocket_steps};
use crate::{
    config::{Path, scenarios as written, websocket::Broadcast as Written},
    plan::{Broadcast, JsonPath, MESSAGE_ID},
    units::PerSecond,
};

/// How long a message may take where that is not said.
const WITHIN: Duration = Duration::from_secs(5);
/// Where the identity of a message stands where that is not said.
const ID_FROM: &str = "$.id";
/// Messages a second of one publisher; beyond it several are needed.
const RATE_MAX: f64 = 10_000.0;

pub(super) fn resolve(
    written: &Written,
    (scenario, name): (&written::Scenario, &str),
    scenario_at: &Path,
    mut reach: Reach,
    builder: &mut Builder<'_>,
) -> Option<Broadcast> {
    for (key, is_there) in [("steps", scenario.steps.is_some()), ("rate", scenario.rate.is_some())] {
        if is_there {
            let hint = "remove it: what is sent, and how often, is said in `broadcast`; what comes before it goes into `setup`";
            builder.problems.add_at_key(&scenario_at.key(key), format!("'{key}' does nothing beside 'broadcast'"), hint);
        }
    }
    let at = scenario_at.key("broadcast");
    let publishers = publishers(written, scenario, &at, builder);
    let rate = rate(written, &at, builder);
    let within = builder.problems.time_or(written.within.as_ref(), &at.key("within"), WITHIN);
    let refuse = |message: String| builder.problems.add(&at.key("id_from"), message, "write a path such as $.id");
    let id_from = JsonPath::parse(written.id_from.as_deref().unwrap_or(ID_FROM)).map_err(refuse).ok();
    let message = match &written.send {
        Some(entry) => {
            reach.extracted.insert(MESSAGE_ID.to_owned());
            websocket_steps::send(entry, &at.key("send"), &reach, builder)
        }
        None => {
            let hint = "say what is published, for example send: { json: { id: \"{{ message_id }}\" } }";
            builder.problems.add_at_key(&at, "'send' is missing here", hint);
            None
        }
    };
    let names_id = |written: &[u8]| String::from_utf8_lossy(written).contains(MESSAGE_ID);
    if message.as_ref().is_some_and(|message| !names_id(&message.written)) {
        let hint = "write \"{{ message_id }}\" where `id_from` looks for it";
        builder.problems.add_at_key(&at.key("send"), "receivers can't tell one message from another without an identity", hint);
    }
    let mut endpoint = |of: &str| builder.endpoint(&format!("{name}.{of}"), name, &format!("WS {of}"), scenario_at);
    let (publish, delivery) = (endpoint("publish"), endpoint("delivery"));
    Some(Broadcast { publishers: publishers?, rate: rate?, message: message?, id_from: id_from?, within, publish, delivery })
}

/// There must be somebody left to receive.
fn publishers(written: &Written, scenario: &written::Scenario, at: &Path, builder: &Builder<'_>) -> Option<u32> {
    let publishers = written.publishers.unwrap_or(1);
    let ramp = scenario.connections.as_ref().and_then(|connections| connections.ramp.as_ref());
    // What is wrong with it is told where it stands.
    let (from, to) = ramp.and_then(|ramp| ramp.parse().ok())?;
    let most = from.max(to);
    if publishers == 0 || publishers >= most {
        let message = format!("{publishers} of {most} connections can't publish to the others");
        builder.problems.add(&at.key("publishers"), message, "write at least 1, and fewer than there are connections");
        return None;
    }
    Some(publishers)
}

fn rate(written: &Written, at: &Path, builder: &Builder<'_>) -> Option<PerSecond> {
    let Some(rate) = &written.rate else {
        let hint = "say how many messages each publisher sends, for example rate: 10/s";
        builder.problems.add_at_key(at, "'rate' is missing here", hint);
        return None;
    };
    let rate = builder.problems.read(rate, &at.key("rate"))?;
    let is_sound = rate.0 > 0.0 && rate.0 <= RATE_MAX;
    if !is_sound {
        let message = format!("a publisher can't send {rate}");
        builder.problems.add(&at.key("rate"), message, "write a rate above 0, at most 10000/s; raise `publishers` for more");
    }
    is_sound.then_some(rate)
}
