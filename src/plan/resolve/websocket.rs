//! A scenario with `websocket:` -> connections of its own, and the stages they are played in where there are no others.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};

use super::{
    Problems, SafetySettings, broadcast, names, request, retries,
    scenarios::Builder,
    step, target,
    templates::{Reach, Source},
    websocket_steps,
};
use crate::{
    config::{Loaded, Path, scenarios as written, written::TextOr},
    plan::{
        Crowd, FeederId, Heartbeat, Load, Reconnect, Rendered, Request, SocketConnections, SocketEndpoints, SocketScenario, Stage,
    },
    policy::Mode,
    record::Part,
    units,
};

/// Most connections of a scenario; a process has about as many ports to one target.
const CONNECTIONS_MAX: u32 = 100_000;
/// Attempts to get a connection again where `reconnect` does not say how many.
const ATTEMPTS: u32 = 5;
/// Most attempts; beyond it a target is only being hammered.
const ATTEMPTS_MAX: u32 = 100;
/// Time between two pings where none is given.
const PING_EVERY: Duration = Duration::from_secs(30);
/// Most pings that may be without an answer at a time.
const PINGS_MAX: u32 = 20;
/// Time that the target is given to take a message.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest message where none is given.
const MESSAGE_BYTES: u64 = 1 << 20;
/// Largest message that can be asked for.
const MESSAGE_BYTES_MAX: u64 = 64 << 20;

/// Whether every scenario has connections of its own.
pub(super) fn is_all(loaded: &Loaded) -> bool {
    let is_one = |entry: &written::ScenarioEntry| matches!(entry, TextOr::Map(scenario) if scenario.websocket.is_some());
    loaded.document.scenarios.as_ref().is_some_and(|entries| !entries.is_empty() && entries.iter().all(is_one))
}

/// Keys that do nothing without a connection.
pub(super) fn refuse_keys(scenario: &written::Scenario, at: &Path, problems: &Problems<'_>) {
    let keys = [
        ("connections", scenario.connections.is_some()),
        ("heartbeat", scenario.heartbeat.is_some()),
        ("reconnect", scenario.reconnect.is_some()),
        ("rate", scenario.rate.is_some()),
        ("origin", scenario.origin.is_some()),
        ("subprotocols", scenario.subprotocols.is_some()),
        ("write_timeout", scenario.write_timeout.is_some()),
        ("max_message", scenario.max_message.is_some()),
        ("broadcast", scenario.broadcast.is_some()),
    ];
    for (key, _) in keys.into_iter().filter(|(_, is_there)| *is_there) {
        let hint = "add `websocket: /path` if the scenario is one of WebSocket connections, or remove the line";
        problems.add_at_key(&at.key(key), format!("'{key}' does nothing without `websocket`"), hint);
    }
}

pub(super) fn resolve(scenario: &written::Scenario, at: &Path, builder: &mut Builder<'_>) -> Option<SocketScenario> {
    refuse_request_keys(scenario, at, builder.problems);
    let Some(name) = &scenario.name else {
        builder.problems.add(at, "a scenario of WebSocket connections needs a name", "add `name:`");
        return None;
    };
    if !names::check(name, &at.key("name"), builder.problems) {
        return None;
    }
    let connections = connections(scenario, at, builder.problems);
    let feeds = feeds(scenario, connections, &at.key("feed"), builder);
    let fed = feeds.iter().map(|id| builder.scribe.feeders[*id].name.to_string()).collect();
    let mut reach = Reach { fed, ..Reach::default() };
    let opening = opening(scenario, at, &reach, builder);
    let heartbeat = heartbeat(scenario, &at.key("heartbeat"), builder.problems);
    let reconnect = reconnect(scenario, &at.key("reconnect"), builder.problems);
    let rate = scenario.rate.as_ref().and_then(|rate| builder.problems.read(rate, &at.key("rate")));
    if rate.is_some_and(|rate| rate.0 <= 0.0) {
        let hint = "write a rate above 0, for example 2/s, or remove the line to play the steps once";
        builder.problems.add(&at.key("rate"), "a rate of 0 plays nothing", hint);
    }
    let write_timeout = builder.problems.time_or(scenario.write_timeout.as_ref(), &at.key("write_timeout"), WRITE_TIMEOUT);
    let message_bytes_max = message_bytes_max(scenario, &at.key("max_message"), builder.problems);
    let asked = format!("WS {}", builder.loaded.written(&at.key("websocket")).unwrap_or_default());
    let mut endpoint = |of: &str| builder.endpoint(&format!("{name}.{of}"), name, &asked, at);
    let endpoints = SocketEndpoints {
        connect: endpoint("connect"),
        connection: endpoint("connection"),
        reconnect: endpoint("reconnect"),
        heartbeat: heartbeat.is_some().then(|| endpoint("heartbeat")),
    };
    let (setup, steps) = (scenario.setup.as_deref(), scenario.steps.as_deref());
    let setup = websocket_steps::resolve(setup, (Part::Setup, name.as_str()), &at.key("setup"), &mut reach, builder);
    let steps = websocket_steps::resolve(steps, (Part::Steps, name.as_str()), &at.key("steps"), &mut reach, builder)?;
    let broadcast =
        scenario.broadcast.as_ref().map(|written| broadcast::resolve(written, (scenario, name.as_str()), at, reach, builder));
    if rate.is_some() && steps.is_empty() {
        builder.problems.add_at_key(&at.key("rate"), "there are no steps to be played at a rate", "add `steps:`");
    }
    let ((opening, rendered), connections, broadcast) =
        (opening?, connections?, broadcast.map_or(Some(None), |one| one.map(Some))?);
    let name = name.clone();
    Some(SocketScenario {
        name,
        opening,
        rendered,
        feeds,
        connections,
        heartbeat,
        reconnect,
        rate,
        write_timeout,
        message_bytes_max,
        setup: setup?,
        steps,
        broadcast,
        endpoints,
    })
}

/// Keys of scenarios that make requests.
fn refuse_request_keys(scenario: &written::Scenario, at: &Path, problems: &Problems<'_>) {
    let keys = [
        ("weight", scenario.weight.is_some()),
        ("priority", scenario.priority.is_some()),
        ("teardown", scenario.teardown.is_some()),
        ("body", scenario.body.is_some()),
        ("json", scenario.json.is_some()),
        ("timeout", scenario.timeout.is_some()),
        ("check", scenario.check.is_some()),
    ];
    let keys = keys.into_iter().filter(|(_, is_there)| *is_there).map(|(key, _)| key);
    for key in keys.chain(scenario.as_step().requests().into_iter().map(|(key, _)| key)) {
        let hint = "remove it; `connections:` says how many there are, and `steps:` what they do";
        problems.add_at_key(&at.key(key), format!("'{key}' does nothing in a scenario of WebSocket connections"), hint);
    }
}

fn connections(scenario: &written::Scenario, at: &Path, problems: &Problems<'_>) -> Option<SocketConnections> {
    const EXAMPLE: &str = "for example connections: { ramp: 0..100, over: 10s, hold: 60s }";
    let Some(written) = &scenario.connections else {
        problems.add(at, "'connections' is missing here", format!("say how many there are and for how long, {EXAMPLE}"));
        return None;
    };
    let at = at.key("connections");
    let (Some(ramp), Some(hold)) = (&written.ramp, &written.hold) else {
        problems.add_at_key(&at, "'connections' needs 'ramp' and 'hold'", EXAMPLE);
        return None;
    };
    let (ramp, hold) = (problems.read(ramp, &at.key("ramp")), problems.time(hold, &at.key("hold")));
    let over = written.over.as_ref().map(|over| problems.read(over, &at.key("over")));
    let warmup = problems.time_or(written.warmup.as_ref(), &at.key("warmup"), Duration::ZERO);
    let ((from, to), hold, over) = (ramp?, hold?, over.unwrap_or(Some(Duration::ZERO))?);
    if from.max(to) == 0 || from.max(to) > CONNECTIONS_MAX {
        let message = format!("{} connections are out of range", from.max(to));
        problems.add(&at.key("ramp"), message, format!("write a number from 1 to {CONNECTIONS_MAX}"));
        return None;
    }
    if from == to && !over.is_zero() {
        let hint = "write from how many to how many, such as 0..100, or remove `over`";
        problems.add(&at.key("over"), format!("{to} connections throughout take no time to change"), hint);
    }
    if from != to && over.is_zero() {
        let message = "'over' is missing: the number of connections changes over a time";
        problems.add_at_key(&at, message, EXAMPLE);
        return None;
    }
    Some(SocketConnections { warmup, crowd: Crowd { from, to }, over, hold })
}

/// The feeders of which each connection keeps a row. Where a feeder ends, there must be a row for each.
fn feeds(
    scenario: &written::Scenario,
    connections: Option<SocketConnections>,
    at: &Path,
    builder: &Builder<'_>,
) -> Vec<FeederId> {
    let feeds: Vec<FeederId> = builder.feeds(scenario, at, &[("per_user", true)]).iter().map(|feed| feed.feeder).collect();
    let peak = connections.map_or(0, |connections| connections.peak());
    for feeder in feeds.iter().map(|id| &builder.scribe.feeders[*id]) {
        let rows = feeder.rows.len();
        if feeder.ends && rows < peak as usize {
            let message = format!("{peak} connections keep a row of '{}' each, which ends after {rows}", feeder.name);
            let hint = "add rows, open fewer connections, or write `on_end: recycle` for the feeder, so that some share a row";
            builder.problems.add_at_key(at, message, hint);
        }
    }
    feeds
}

/// The request that asks for a connection.
fn opening(
    scenario: &written::Scenario,
    at: &Path,
    reach: &Reach,
    builder: &mut Builder<'_>,
) -> Option<(Request, Option<Rendered>)> {
    let text = scenario.websocket.as_deref()?;
    let path = step::path(Source { text, at: &at.key("websocket"), offset: 0 }, &mut builder.scribe, reach);
    let mut rendered = Rendered::default();
    let mut headers = Vec::new();
    if let Some(written) = &scenario.headers {
        let at = at.key("headers");
        headers = request::headers(written, &at, builder.loaded, builder.problems);
        rendered.headers = step::header_templates(written, &headers, &at, &mut builder.scribe, reach);
    }
    let offered = scenario.subprotocols.as_ref().map(|offered| offered.join(", "));
    let further =
        [("origin", header::ORIGIN, scenario.origin.clone()), ("subprotocols", header::SEC_WEBSOCKET_PROTOCOL, offered)];
    for (key, name, value) in further {
        let Some(value) = value else { continue };
        match HeaderValue::from_str(&value) {
            Ok(_) if headers.iter().any(|(given, _)| *given == name) => {
                let message = format!("'{key}' is the header '{name}', which is there already");
                builder.problems.add_at_key(&at.key(key), message, "keep one of the two");
            }
            Ok(value) => headers.push((name, value)),
            Err(_) => {
                let hint = "leave out line breaks and control characters";
                builder.problems.add_at_key(&at.key(key), format!("'{key}' can't be sent"), hint);
            }
        }
    }
    let named = |name: &String| target::named(name, &at.key("target"), builder.loaded, builder.problems);
    let target = scenario.target.as_ref().map_or(Some(0), named)?;
    let (path, template) = path?;
    rendered.path = template;
    let request = Request { target, method: Method::GET, path, headers, body: Bytes::new() };
    Some((request, (!rendered.is_empty()).then_some(rendered)))
}

fn heartbeat(scenario: &written::Scenario, at: &Path, problems: &Problems<'_>) -> Option<Heartbeat> {
    let written = scenario.heartbeat.as_ref()?;
    let every = problems.time_or(written.ping_every.as_ref(), &at.key("ping_every"), PING_EVERY);
    let timeout = problems.time_or(written.pong_timeout.as_ref(), &at.key("pong_timeout"), every * 2);
    if timeout > every * PINGS_MAX {
        let hint = format!("write at most {}, or ping less often", units::duration(every * PINGS_MAX));
        problems.add(&at.key("pong_timeout"), "too many pings would be without an answer at a time", hint);
    }
    Some(Heartbeat { every, timeout })
}

fn reconnect(scenario: &written::Scenario, at: &Path, problems: &Problems<'_>) -> Reconnect {
    let Some(written) = &scenario.reconnect else { return Reconnect::default() };
    let max = written.max.unwrap_or(ATTEMPTS);
    if max > ATTEMPTS_MAX {
        let hint = format!("write a number from 0 to {ATTEMPTS_MAX}");
        problems.add(&at.key("max"), format!("{max} attempts are more than {ATTEMPTS_MAX}"), hint);
    }
    Reconnect { max, backoff: retries::backoff(&written.backoff, &at.key("backoff"), problems) }
}

fn message_bytes_max(scenario: &written::Scenario, at: &Path, problems: &Problems<'_>) -> usize {
    let bytes = scenario.max_message.as_ref().and_then(|size| problems.read(size, at)).unwrap_or(MESSAGE_BYTES);
    if bytes == 0 || bytes > MESSAGE_BYTES_MAX {
        let hint = format!("write a size up to {} MiB; the default is 1 MiB", MESSAGE_BYTES_MAX >> 20);
        problems.add(at, format!("a largest message of {bytes} bytes is out of range"), hint);
    }
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// What holds for all connections together.
pub(super) fn check(sockets: &[SocketScenario], loaded: &Loaded, mode: Mode, problems: &Problems<'_>) {
    let all: u64 = sockets.iter().map(|scenario| u64::from(scenario.connections.peak())).sum();
    if let Some(max) = loaded.document.safety.max_connections.filter(|max| all > *max as u64) {
        let at = Path::root().key("safety").key("max_connections");
        let message = format!("the scenarios have {all} WebSocket connections, beyond `safety.max_connections` ({max})");
        problems.add(&at, message, "open fewer connections, or raise the limit if this is meant");
    }
    for scenario in sockets {
        let Crowd { from, to } = scenario.connections.crowd;
        if mode == Mode::Ab && (from % 2 == 1 || to % 2 == 1) {
            let at = place(scenario, loaded).key("connections").key("ramp");
            let message = "two versions can't share an odd number of connections evenly, and each stays with one of them";
            problems.add(&at, message, "write even numbers");
        }
        if !scenario.connections.warmup.is_zero() && !is_all(loaded) {
            let message = "a warm-up of connections beside scenarios that make requests, which have the stages of the run";
            let at = place(scenario, loaded).key("connections").key("warmup");
            problems.add(&at, message, "remove it, and begin `stages` with one that has `warmup: true`");
        }
    }
}

/// Where a scenario stands in the configuration.
pub(super) fn place(scenario: &SocketScenario, loaded: &Loaded) -> Path {
    let is_it =
        |entry: &written::ScenarioEntry| matches!(entry, TextOr::Map(written) if written.name.as_ref() == Some(&scenario.name));
    let place = loaded.document.scenarios.iter().flatten().position(is_it);
    Path::root().key("scenarios").index(place.unwrap_or_default())
}

/// What is measured begins for all connections at the same time: behind the longest of their warm-ups.
pub(super) fn settle_warmup(sockets: &mut [SocketScenario]) {
    let longest = sockets.iter().map(|scenario| scenario.connections.warmup).max().unwrap_or_default();
    sockets.iter_mut().for_each(|scenario| scenario.connections.warmup = longest);
}

/// The stages of a run that has nothing but connections: a warm-up where one is asked for, then while their number changes, and while they
/// stay. The last two are measured: how connections come about is what one wants to know.
pub(super) fn stages(sockets: &[SocketScenario], safety: &SafetySettings, problems: &Problems<'_>) -> Vec<Stage> {
    let longest = |length: fn(&SocketConnections) -> Duration| {
        sockets.iter().map(|scenario| length(&scenario.connections)).max().unwrap_or_default()
    };
    let (warmup, over, all) = (longest(|of| of.warmup), longest(|of| of.over), longest(|of| of.over + of.hold));
    if let Some(max) = safety.max_duration.filter(|max| warmup + all > *max) {
        let (all, max) = (units::duration(warmup + all), units::duration(max));
        let message = format!("the connections stay for {all}, beyond `safety.max_duration` ({max})");
        let at = Path::root().key("safety").key("max_duration");
        problems.add(&at, message, "shorten `hold`, or raise the limit if this is meant");
    }
    let number = |pick: fn(Crowd) -> u32| sockets.iter().map(|scenario| pick(scenario.connections.crowd)).sum();
    let (from, to) = (number(|crowd| crowd.from), number(|crowd| crowd.to));
    let peak = number(|crowd| crowd.from.max(crowd.to));
    let stage = |name: &str, crowd: Crowd, duration: Duration, measured: bool| Stage {
        name: name.to_owned(),
        load: Load::Connections(crowd),
        duration,
        iterations: None,
        measured,
        step_of: None,
    };
    let stages = [
        stage("warm-up", Crowd { from: 0, to: peak }, warmup, false),
        stage("ramp", Crowd { from, to }, over, true),
        stage("hold", Crowd { from: to, to }, all - over, true),
    ];
    stages.into_iter().filter(|stage| !stage.duration.is_zero()).collect()
}
