//! The steps of a WebSocket connection.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    body, expect, names,
    scenarios::Builder,
    step,
    templates::{Reach, Source},
};
use crate::{
    config::{
        Path, scenarios as written,
        websocket::{Listen as WrittenListen, SendEntry},
        written::TextOr,
    },
    plan::{
        JsonPath, Listen, OneWay, Outgoing, Piece, SocketStep,
        template::{Purpose, is_template},
    },
    record::Part,
};

/// The steps of one part of a scenario; all of them are looked at, whatever is wrong with one. What they take from messages is within
/// reach from then on.
pub(super) fn resolve(
    steps: Option<&[written::Step]>,
    (part, scenario): (Part, &str),
    at: &Path,
    reach: &mut Reach,
    builder: &mut Builder<'_>,
) -> Option<Vec<SocketStep>> {
    let written = steps.unwrap_or_default();
    let steps: Vec<Option<SocketStep>> =
        written.iter().enumerate().map(|(n, step)| one(step, (part, scenario), &at.index(n), reach, builder)).collect();
    let steps = steps.into_iter().collect::<Option<Vec<SocketStep>>>()?;
    let closes = |step: &SocketStep| matches!(step, SocketStep::Close(_));
    if let Some(early) = steps.iter().position(closes).filter(|place| part == Part::Setup || place + 1 < steps.len()) {
        let hint = "make it the last of `steps`";
        builder.problems.add_at_key(&at.index(early).key("close"), "nothing can follow a `close`", hint);
    }
    Some(steps)
}

fn one(
    step: &written::Step,
    (part, scenario): (Part, &str),
    at: &Path,
    reach: &mut Reach,
    builder: &mut Builder<'_>,
) -> Option<SocketStep> {
    if step.think.is_some() && step.of_websocket().is_empty() {
        return step::think(step, at, builder.problems).map(SocketStep::Think);
    }
    if let Some((key, _)) = step.requests().first() {
        let hint = "a connection sends and takes messages: send, expect, listen, think, close";
        builder.problems.add_at_key(&at.key(key), "a WebSocket connection makes no requests", hint);
        return None;
    }
    let keys = step.of_websocket();
    let [key] = keys[..] else {
        let message = if keys.is_empty() {
            "this step does nothing".to_owned()
        } else {
            format!("a step does one thing, and here are '{}'", keys.join("' and '"))
        };
        builder.problems.add(at, message, "write one of send, expect, listen, think and close");
        return None;
    };
    let think = step.think.is_some().then_some("think");
    if let Some(stray) = step.keys_of_a_request().chain(think).next() {
        let hint = format!("write it into the braces of `{key}`, where it knows it, or remove it");
        builder.problems.add_at_key(&at.key(stray), format!("'{stray}' stands beside '{key}', where it does nothing"), hint);
        return None;
    }
    let at = at.key(key);
    match (&step.send, &step.expect, &step.listen, step.close) {
        (Some(entry), ..) => send(entry, &at, reach, builder).map(SocketStep::Send),
        (_, Some(written), ..) => {
            expect::resolve(written, (part, scenario), &at, reach, builder).map(|step| SocketStep::Expect(Box::new(step)))
        }
        (_, _, Some(written), _) => listen(written, scenario, &at, builder).map(|step| SocketStep::Listen(Box::new(step))),
        (_, _, _, Some(code)) => close(code, &at, builder),
        (None, None, None, None) => None,
    }
}

fn close(code: u16, at: &Path, builder: &Builder<'_>) -> Option<SocketStep> {
    // RFC 6455, section 7.4: what an endpoint may send.
    let may_be_sent = matches!(code, 1000..=1003 | 1007..=1011 | 3000..=4999);
    if !may_be_sent {
        builder.problems.add(at, format!("{code} is no code to close with"), "write 1000, or one from 3000 to 4999");
    }
    may_be_sent.then_some(SocketStep::Close(code))
}

/// A message to send, in which templates may name what is in reach.
pub(super) fn send(entry: &SendEntry, at: &Path, reach: &Reach, builder: &mut Builder<'_>) -> Option<Outgoing> {
    let map = match entry {
        TextOr::Text(text) => return self::text(text, at, reach, builder),
        TextOr::Map(map) => map,
    };
    match (&map.text, &map.json, &map.binary) {
        (Some(text), None, None) => self::text(text, &at.key("text"), reach, builder),
        (None, Some(value), None) => {
            let (written, rendered) = body::json(value, &at.key("json"), &mut builder.scribe, reach)?;
            Some(Outgoing { is_text: true, written, rendered })
        }
        (None, None, Some(base64)) => {
            let at = at.key("binary");
            match STANDARD.decode(base64.trim()) {
                Ok(bytes) => Some(Outgoing { is_text: false, written: Bytes::from(bytes), rendered: Vec::new() }),
                Err(error) => {
                    builder.problems.add(
                        &at,
                        format!("this is not Base64: {error}"),
                        "write the bytes in Base64, such as aGVsbG8=",
                    );
                    None
                }
            }
        }
        _ => {
            let hint = "write one of them, for example send: { json: { type: ping } }";
            builder.problems.add_at_key(at, "a message is either 'text' or 'json' or 'binary'", hint);
            None
        }
    }
}

fn text(text: &str, at: &Path, reach: &Reach, builder: &mut Builder<'_>) -> Option<Outgoing> {
    let rendered = if is_template(text) {
        vec![Piece::Rendered(builder.scribe.compile(Source { text, at, offset: 0 }, Purpose::Text, reach)?)]
    } else {
        Vec::new()
    };
    Some(Outgoing { is_text: true, written: Bytes::from(text.to_owned()), rendered })
}

/// An endpoint by its given name, else by the scenario's and what it is.
pub(super) fn endpoint(
    given: Option<&String>,
    usual: &str,
    scenario: &str,
    at: &Path,
    builder: &mut Builder<'_>,
) -> Option<usize> {
    if let Some(name) = given
        && !names::check(name, &at.key("name"), builder.problems)
    {
        return None;
    }
    let name = given.cloned().unwrap_or_else(|| format!("{scenario}.{usual}"));
    Some(builder.endpoint(&name, scenario, &format!("WS {usual}"), at))
}

fn listen(written: &WrittenListen, scenario: &str, at: &Path, builder: &mut Builder<'_>) -> Option<Listen> {
    let Some(length) = &written.length else {
        builder.problems.add_at_key(at, "'for' is missing here", "say how long, for example listen: { for: 30s }");
        return None;
    };
    let length = builder.problems.time(length, &at.key("for"));
    let latency = match &written.latency_from {
        None => {
            if written.name.is_some() {
                let hint = "add `latency_from:`, such as $.sent_at_ms, or remove the line";
                builder.problems.add_at_key(&at.key("name"), "without `latency_from` there is nothing to name", hint);
            }
            None
        }
        Some(path) => {
            let parsed = JsonPath::parse(path);
            let refuse =
                |message: String| builder.problems.add(&at.key("latency_from"), message, "write a path such as $.sent_at_ms");
            let sent_at = parsed.map_err(refuse).ok()?;
            let endpoint = endpoint(written.name.as_ref(), "message_latency", scenario, at, builder)?;
            Some(OneWay { endpoint, sent_at })
        }
    };
    Some(Listen { length: length?, latency })
}
