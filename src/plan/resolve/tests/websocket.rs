//! WebSocket scenarios, right and wrong.

use std::time::Duration;

use super::{refusal, resolved};
use crate::plan::{Crowd, Heartbeat, Load, Piece, RuleTemplate, SocketStep, Wanted, WantedTemplate};

/// The scenario `live-feed` with these lines.
fn feed(lines: &str) -> String {
    let lines = lines.trim().replace('\n', "\n    ");
    format!("target: http://127.0.0.1:8080\nscenarios:\n  - name: live-feed\n    {lines}\n")
}

const RIGHT: &str = "websocket: /ws?user={{ vu }}
connections: { ramp: 0..2000, over: 30s, hold: 60s }";

const FULL: &str = "websocket: /ws?user={{ vu }}
connections: { ramp: 0..2000, over: 30s, hold: 60s }
heartbeat: { ping_every: 30s, pong_timeout: 60s }
reconnect: { max: 5, backoff: { initial: 500ms, factor: 2, max: 30s } }
steps:
  - send: { json: { type: subscribe, id: \"{{ uuid() }}\" } }
  - expect: { json: { type: ack }, within: 2s, name: subscribe-ack }
  - listen: { for: 50s, latency_from: $.sent_at_ms }";

#[test]
fn a_scenario_of_connections_means_what_it_says() {
    let plan = resolved(&feed(FULL)).plan;
    let [feed] = &plan.workload.sockets[..] else { panic!("{:?}", plan.workload.sockets) };
    assert_eq!(feed.connections.to_string(), "0..2000 over 30s, then 1m");
    assert_eq!(feed.heartbeat, Some(Heartbeat { every: Duration::from_secs(30), timeout: Duration::from_secs(60) }));
    assert_eq!((feed.reconnect.max, feed.reconnect.backoff.initial), (5, Duration::from_millis(500)));
    assert!(feed.rendered.as_ref().is_some_and(|rendered| rendered.path.is_some()), "each connection has a path of its own");
    let [SocketStep::Send(send), SocketStep::Expect(expect), SocketStep::Listen(listen)] = &feed.steps[..] else {
        panic!("{:?}", feed.steps)
    };
    assert!(send.is_text && send.rendered.iter().any(|piece| matches!(piece, Piece::JsonString(_) | Piece::Rendered(_))));
    assert!(matches!(&expect.wanted, Wanted::Json(rules) if rules.len() == 1), "{:?}", expect.wanted);
    assert_eq!((expect.within, listen.length), (Duration::from_secs(2), Duration::from_secs(50)));
    let names: Vec<&str> = plan.workload.measured_endpoints().map(|endpoint| endpoint.name.as_str()).collect();
    let own = ["live-feed.connect", "live-feed.connection", "live-feed.reconnect", "live-feed.heartbeat"];
    assert_eq!(names, [&own[..], &["subscribe-ack", "live-feed.message_latency"]].concat());
}

#[test]
fn connections_alone_make_the_stages_they_are_played_in() {
    let loads = |text: &str| {
        resolved(&feed(text)).plan.stages.iter().map(|stage| (stage.load, stage.duration.as_secs())).collect::<Vec<_>>()
    };
    let connections = |from, to| Load::Connections(Crowd { from, to });
    assert_eq!(loads(RIGHT), [(connections(0, 2000), 30), (connections(2000, 2000), 60)]);
    assert_eq!(loads("websocket: /ws\nconnections: { ramp: 50, hold: 10s }"), [(connections(50, 50), 10)]);
    let warm = resolved(&feed(&RIGHT.replace("{ ramp", "{ warmup: 20s, ramp"))).plan;
    let measured: Vec<bool> = warm.stages.iter().map(|stage| stage.measured).collect();
    assert_eq!(measured, [false, true, true]);
    assert_eq!((warm.stages[0].load, warm.stages[0].duration.as_secs()), (connections(0, 2000), 20));
}

#[test]
fn what_is_done_on_connections_is_part_of_what_makes_runs_comparable() {
    let hash = |text: &str| resolved(&feed(text)).plan.workload.hash;
    let own = hash(FULL);
    assert_eq!(hash(FULL), own);
    for (from, to) in [
        ("0..2000", "0..1000"),
        ("pong_timeout: 60s", "pong_timeout: 90s"),
        ("subscribe,", "unsubscribe,"),
        ("type: ack", "type: nack"),
        ("max: 5", "max: 4"),
        ("for: 50s", "for: 40s"),
    ] {
        assert_ne!(hash(&FULL.replace(from, to)), own, "{to}");
    }
}

#[test]
fn wrong_scenarios_of_connections_are_refused_with_a_hint() {
    for (lines, message, hint) in [
        ("websocket: /ws", "'connections' is missing here", "say how many there are"),
        ("websocket: ws\nconnections: { ramp: 5, hold: 1s }", "the path 'ws' does not begin with '/'", "write it from the root"),
        ("websocket: /ws\nconnections: { ramp: 5 }", "'connections' needs 'ramp' and 'hold'", "for example connections:"),
        ("websocket: /ws\nconnections: { ramp: 0..5, hold: 1s }", "'over' is missing", "for example connections:"),
        (
            "websocket: /ws\nconnections: { ramp: 5, over: 1s, hold: 1s }",
            "5 connections throughout take no time to change",
            "remove `over`",
        ),
        ("websocket: /ws\nconnections: { ramp: 0, hold: 1s }", "0 connections are out of range", "write a number from 1"),
        ("websocket: /ws\nconnections: { ramp: 5, hold: 0s }", "'0s' is no time at all", "write a duration above 0"),
        ("get: /items\nheartbeat: {}", "'heartbeat' does nothing without `websocket`", "add `websocket: /path`"),
    ] {
        let error = refusal(&feed(lines));
        assert!(error.contains(message) && error.contains(hint), "{lines}:\n{error}");
    }
    for (line, message, hint) in [
        ("weight: 3", "'weight' does nothing in a scenario of WebSocket connections", "remove it"),
        ("get: /items", "'get' does nothing in a scenario of WebSocket connections", "remove it"),
        ("heartbeat: { ping_every: 1s, pong_timeout: 1m }", "too many pings would be without an answer", "write at most 20s"),
        ("reconnect: { max: 1000 }", "1000 attempts are more than 100", "write a number from 0 to 100"),
        ("rate: 2/s", "there are no steps to be played at a rate", "add `steps:`"),
        ("rate: 0/s\nsteps: [ { send: x } ]", "a rate of 0 plays nothing", "write a rate above 0"),
        ("max_message: 1GB", "is out of range", "up to 64 MiB"),
        ("steps: [ { get: /x } ]", "a WebSocket connection makes no requests", "send, expect, listen, think, close"),
        ("steps: [ { send: x, expect: {} } ]", "a step does one thing, and here are 'send' and 'expect'", "write one of"),
        ("steps: [ { send: x, name: y } ]", "'name' stands beside 'send'", "write it into the braces of `send`"),
        (
            "steps: [ { send: x, depends_on: [redis] } ]",
            "'depends_on' stands beside 'send'",
            "write it into the braces of `send`",
        ),
        ("steps: [ {} ]", "this step does nothing", "write one of"),
        ("steps: [ { send: { text: a, json: b } } ]", "a message is either 'text' or 'json' or 'binary'", "write one of them"),
        ("steps: [ { send: { binary: '%%' } } ]", "this is not Base64", "aGVsbG8="),
        ("steps: [ { send: '{{ nobody }}' } ]", "nothing is called 'nobody' here", "names that templates know"),
        ("steps: [ { expect: { json: { a: 1 }, regex: b } } ]", "a message is looked at by 'json' or by 'regex'", "keep one"),
        ("steps: [ { expect: { json: { '$[': 1 } } } ]", "'$[' is not a JSONPath", "write a key, or a JSONPath"),
        ("steps: [ { expect: { regex: '(' } } ]", "", "write a regular expression"),
        ("steps: [ { expect: { within: 0s } } ]", "'0s' is no time at all", "write a duration above 0"),
        ("steps: [ { listen: { latency_from: $.t } } ]", "'for' is missing here", "listen: { for: 30s }"),
        ("steps: [ { listen: { for: 1s, latency_from: t } } ]", "'t' is not a JSONPath", "$.sent_at_ms"),
        ("steps: [ { listen: { for: 1s, name: t } } ]", "without `latency_from` there is nothing to name", "add `latency_from:`"),
        ("steps: [ { close: 1005 } ]", "1005 is no code to close with", "write 1000"),
        ("steps: [ { close: 1000 }, { send: x } ]", "nothing can follow a `close`", "make it the last"),
        ("headers: { Upgrade: x }", "the header 'Upgrade' can't be set", "remove it"),
        ("origin: a\nheaders: { Origin: b }", "'origin' is the header 'origin', which is there already", "keep one of the two"),
    ] {
        let error = refusal(&feed(&format!("{RIGHT}\n{line}")));
        assert!(error.contains(message) && error.contains(hint), "{line}:\n{error}");
    }
}

#[test]
fn a_promise_about_heartbeats_is_one_about_pings() {
    let thresholds =
        resolved(&format!("thresholds: [ live-feed.heartbeat_survival >= 99.9% ]\n{}", feed(FULL))).policy.thresholds;
    assert_eq!(
        (thresholds[0].scope.as_deref(), thresholds[0].expr.as_str()),
        (Some("live-feed.heartbeat"), "live-feed.heartbeat_survival >= 99.9%")
    );
    for (promise, config, message) in [
        ("heartbeat_survival > 99%", FULL, "heartbeats are those of a scenario, and none is named"),
        ("live-feed.heartbeat_survival > 99%", RIGHT, "'live-feed' has no heartbeat"),
        ("feed.heartbeat_survival > 99%", FULL, "'feed' has no heartbeat"),
    ] {
        let error = refusal(&format!("thresholds: [ {promise} ]\n{}", feed(config)));
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_promise_about_messages_is_one_about_the_connections_they_are_sent_on() {
    let promised = |promise: &str| {
        let thresholds = resolved(&format!("thresholds: [ {promise} ]\n{}", feed(RIGHT))).policy.thresholds;
        (thresholds[0].scope.clone(), thresholds[0].limit)
    };
    assert_eq!(promised("live-feed.messages_per_s >= 900/s"), (Some("live-feed.connect".to_owned()), 900.0));
    assert_eq!(promised("messages_per_s >= 1000/s"), (None, 1000.0));
    assert_eq!(promised("live-feed.connections >= 2000"), (Some("live-feed.connect".to_owned()), 2000.0));
    let error = refusal(&format!("thresholds: [ feed.connections >= 900 ]\n{}", feed(RIGHT)));
    assert!(error.contains("connections are those of a scenario of WebSocket connections"), "{error}");
    let error = refusal(&format!("thresholds: [ {{ expr: live-feed.connections >= 9, abort: true }} ]\n{}", feed(RIGHT)));
    assert!(error.contains("the most connections at a time are not known before the end"), "{error}");
    let error = refusal(&format!("thresholds: [ feed.messages_per_s >= 900/s ]\n{}", feed(RIGHT)));
    assert!(error.contains("messages are those of a scenario of WebSocket connections"), "{error}");
}

#[test]
fn what_can_not_be_promised_of_connections_is_refused() {
    for (promise, message) in [
        ("live-feed.connection.p95 < 1s", "'live-feed.connection' counts connections, which have no latency"),
        (
            "{ expr: live-feed.connection.error_rate < 1%, abort: true }",
            "can't abort the run: what becomes of connections is known in the end",
        ),
    ] {
        let error = refusal(&format!("thresholds: [ {promise} ]\n{}", feed(RIGHT)));
        assert!(error.contains(message), "{error}");
    }
    let promised = resolved(&format!("thresholds: [ live-feed.connection.error_rate < 1% ]\n{}", feed(RIGHT)));
    assert_eq!(promised.policy.thresholds[0].scope.as_deref(), Some("live-feed.connection"));
}

#[test]
fn what_needs_a_connection_is_refused_where_there_is_none() {
    let error = refusal(
        "target: http://127.0.0.1:8080\nstages: [ { rate: 5/s, duration: 9s } ]\nscenarios: [ { name: a, steps: [ { send: x } ] } ]\n",
    );
    assert!(error.contains("'send' needs a WebSocket connection") && error.contains("`websocket: /path`"), "{error}");
    let error = refusal(&format!("stages: [ {{ rate: 5/s, duration: 9s }} ]\n{}", feed(RIGHT)));
    assert!(error.contains("there is no scenario that makes requests, so stages have nothing to play"), "{error}");
    let error = refusal(&format!("safety: {{ max_connections: 500 }}\n{}", feed(RIGHT)));
    assert!(error.contains("the scenarios have 2000 WebSocket connections, beyond `safety.max_connections` (500)"), "{error}");
    let error = refusal(&format!("safety: {{ max_duration: 1m }}\n{}", feed(RIGHT)));
    assert!(error.contains("the connections stay for 1m30s, beyond `safety.max_duration` (1m)"), "{error}");
    let beside = format!("{}  - GET /items\nstages: [ {{ rate: 5/s, duration: 9s }} ]\n", feed(RIGHT));
    let error = refusal(&beside.replace("{ ramp", "{ warmup: 20s, ramp"));
    assert!(error.contains("a warm-up of connections beside scenarios that make requests"), "{error}");
    let odd = feed("websocket: /ws\nconnections: { ramp: 5, hold: 10s }");
    let error = refusal(&format!(
        "regression: {{ compare: ab }}\n{}",
        odd.replace(
            "target: http://127.0.0.1:8080",
            "target: { base_url: http://127.0.0.1:8080, baseline_url: http://127.0.0.1:8081 }"
        )
    ));
    assert!(error.contains("two versions can't share an odd number of connections evenly"), "{error}");
}

#[test]
fn rounds_that_take_any_message_for_the_reply_are_noted_unless_a_late_one_breaks_a_promise() {
    let noted = |steps: &str, rest: &str| {
        let config = format!("{}{rest}", feed(&format!("{RIGHT}\n{steps}")));
        resolved(&config).notes.into_iter().any(|note| note.contains("'echo' takes any message for the reply"))
    };
    let rounds = "rate: 2/s\nsteps: [ { send: x }, { expect: { name: echo } } ]";
    assert!(noted(rounds, "") && noted(rounds, "thresholds: [ echo.p95 < 1s ]\n"));
    assert!(!noted(rounds, "thresholds: [ echo.errors.timeout.message < 0.1% ]\n"));
    assert!(!noted("steps: [ { send: x }, { expect: { name: echo } } ]", ""), "once on each connection");
    assert!(!noted("rate: 2/s\nsteps: [ { send: x }, { expect: { regex: ^x, name: echo } } ]", ""));
    let own = "steps: [ { send: { json: { id: \"{{ iteration }}\" } } }, { expect: { json: { id: \"{{ iteration }}\" }, name: echo } } ]";
    assert!(!noted(&format!("rate: 2/s\n{own}"), ""), "each round waits for its own reply");
    let notes = resolved(&feed(&format!("{RIGHT}\n{rounds}"))).notes;
    assert!(
        notes.iter().any(|note| note.contains("such as `json: { id: \"{{ iteration }}\" }`, and write the same")),
        "{notes:?}"
    );
}

const LOGIN: &str = "websocket: /ws
connections: { ramp: 10, hold: 30s }
rate: 2/s
setup:
  - send: login
  - expect: { json: { type: welcome }, extract: { token: $.token, room: { regex: 'room=([a-z]+)', default: lobby } } }
steps:
  - send: { json: { id: \"{{ iteration }}\", token: \"{{ token }}\" } }
  - expect: { json: { id: \"{{ iteration }}\", room: \"of {{ room }}\", $.n: \"> {{ vu }}\", type: reply }, name: echo }
  - expect: { regex: \"^bye {{ room }}\" }";

#[test]
fn a_message_is_waited_for_by_templates_and_values_are_taken_from_it() {
    let plan = resolved(&feed(LOGIN)).plan;
    let feed_of = &plan.workload.sockets[0];
    let SocketStep::Expect(login) = &feed_of.setup[1] else { panic!("{:?}", feed_of.setup) };
    let names: Vec<&str> = login.extract.iter().map(|extract| &*extract.name).collect();
    assert_eq!((names, login.is_setup), (vec!["room", "token"], true));
    let [_, SocketStep::Expect(echo), SocketStep::Expect(bye)] = &feed_of.steps[..] else { panic!("{:?}", feed_of.steps) };
    let Wanted::Rendered(WantedTemplate::Json(rules)) = &echo.wanted else { panic!("{:?}", echo.wanted) };
    let kind = |rule: &RuleTemplate| match rule {
        RuleTemplate::Fixed(_) => "fixed",
        RuleTemplate::Comparison { .. } => "comparison",
        RuleTemplate::Value { .. } => "value",
    };
    let kinds: Vec<&str> = rules.iter().map(|(_, rule)| kind(rule)).collect();
    assert_eq!(kinds, ["comparison", "value", "value", "fixed"], "in the order of the alphabet");
    assert!(echo.wanted.to_string().contains("{{ iteration }}"), "{} is told as it was written", echo.wanted);
    assert!(matches!(&bye.wanted, Wanted::Rendered(WantedTemplate::Matches { .. })) && !bye.is_setup);
    let hash = |text: &str| resolved(&feed(text)).plan.workload.hash;
    for (from, to) in
        [("token: $.token", "token: $.secret"), ("> {{ vu }}", ">= {{ vu }}"), ("^bye", "^so long"), ("lobby", "hall")]
    {
        assert_ne!(hash(&LOGIN.replace(from, to)), hash(LOGIN), "{to}");
    }
}

#[test]
fn what_is_waited_for_can_name_only_what_is_known_then() {
    for (from, to, message, hint) in [
        ("\"{{ token }}\"", "\"{{ tokn }}\"", "nothing is called 'tokn' here", "token"),
        ("^bye {{ room }}", "^bye {{ nobody }}", "nothing is called 'nobody' here", "names that templates know"),
        ("type: reply", "'{{ room }}': reply", "the name of a key can't be a template here", "values may be templates"),
        ("type: welcome }", "type: '{{ token }}' }", "nothing is called 'token' here", "names that templates know"),
        ("token: $.token", "token: { header: x-token }", "a message has no headers", "a JSONPath"),
        ("token: $.token", "vu: $.token, token: $.token", "'vu' means something else in templates", "my_vu"),
        ("token: $.token", "token: '$.['", "'$.[' is not a JSONPath", "write a path such as"),
    ] {
        let error = refusal(&feed(&LOGIN.replacen(from, to, 1)));
        assert!(error.contains(message) && error.contains(hint), "{to}:\n{error}");
    }
}

const FED: &str = "websocket: /ws?user={{ users.name }}
connections: { ramp: 3, hold: 10s }
feed: users
steps: [ { send: \"{{ users.name }}\" } ]";

#[test]
fn each_connection_keeps_the_row_of_its_number() {
    let config = |rules: &str, lines: &str| {
        format!("data: {{ users: {{ inline: [ {{ name: ann }}, {{ name: bob }} ]{rules} }} }}\n{}", feed(lines))
    };
    let plan = resolved(&config("", FED)).plan;
    let rows = |number: u32| plan.workload.sockets[0].rows(number, &plan);
    let names: Vec<String> = (0..3).map(|number| rows(number)[0].1.get_attr("name").unwrap().to_string()).collect();
    assert_eq!((&*rows(0)[0].0, names), ("users", vec!["ann".to_owned(), "bob".to_owned(), "ann".to_owned()]));
    let hash = |text: &str| resolved(&config("", text)).plan.workload.hash;
    let plain = "websocket: /ws\nconnections: { ramp: 3, hold: 10s }";
    assert_ne!(hash(plain), hash(&format!("{plain}\nfeed: users")));
    for (rules, from, to, message) in [
        (", on_end: stop", "", "", "3 connections keep a row of 'users' each, which ends after 2"),
        ("", "feed: users", "feed: nobody", "there is no feeder 'nobody'"),
        ("", "feed: users", "feed: { users: per_iteration }", "'per_iteration' is not a value of"),
        ("", "feed: users\n", "", "this scenario takes no rows of 'users'"),
    ] {
        let lines = if from.is_empty() { FED.to_owned() } else { FED.replace(from, to) };
        let told = refusal(&config(rules, &lines));
        assert!(told.contains(message), "{to}: {told}");
    }
    let enough = FED.replace("ramp: 3", "ramp: 2");
    assert_eq!(resolved(&config(", on_end: stop", &enough)).plan.workload.sockets[0].feeds, [0]);
}

const BROADCAST: &str = "websocket: /room
connections: { ramp: 10, hold: 30s }
broadcast: { publishers: 2, rate: 10/s, send: { json: { id: \"{{ message_id }}\" } } }";

#[test]
fn a_broadcast_means_what_it_says() {
    let plan = resolved(&feed(BROADCAST)).plan;
    let broadcast = plan.workload.sockets[0].broadcast.as_ref().unwrap();
    assert_eq!((broadcast.publishers, broadcast.rate.0, broadcast.within), (2, 10.0, Duration::from_secs(5)));
    assert_eq!(broadcast.id_from.to_string(), "$.id");
    let names: Vec<&str> = plan.workload.measured_endpoints().map(|endpoint| endpoint.name.as_str()).collect();
    let own = ["live-feed.connect", "live-feed.connection", "live-feed.reconnect"];
    assert_eq!(names, [&own[..], &["live-feed.publish", "live-feed.delivery"]].concat());
    let hash = |text: &str| resolved(&feed(text)).plan.workload.hash;
    for (from, to) in [("publishers: 2", "publishers: 1"), ("10/s", "20/s"), ("{ id:", "{ n: 1, id:")] {
        assert_ne!(hash(&BROADCAST.replace(from, to)), hash(BROADCAST), "{to}");
    }
}

/// Two versions in replicates with fresh processes.
fn replicated(config: &str, count: usize) -> String {
    let target = "target: { start: ./new --port $PORT, baseline_start: ./old --port $PORT }";
    format!("regression: {{ replicates: {count} }}\n{}", config.replace("target: http://127.0.0.1:8080", target))
}

#[test]
fn a_broadcast_without_time_to_publish_is_refused_before_any_load() {
    let short = BROADCAST.replace("hold: 30s", "hold: 5s");
    let told = refusal(&feed(&short));
    let message = "nothing would be published: publishers are there for 5s, and publish nothing in the last 5.5s of it, in which messages are waited for";
    assert!(told.contains(message) && told.contains("write a longer `hold`, or a shorter `within`"), "{told}");
    let told = refusal(&replicated(&feed(&BROADCAST.replace("rate: 10/s", "rate: 10/s, within: 10s")), 3));
    assert!(told.contains("publishers are there for 10s of each replicate, and publish nothing in the last 10.5s"), "{told}");
    assert!(!resolved(&replicated(&feed(&BROADCAST.replace("rate: 10/s", "rate: 10/s, within: 9s")), 3)).plan.stages.is_empty());
}

#[test]
fn few_pings_in_a_replicate_are_noted() {
    let lines = "websocket: /ws\nconnections: { warmup: 5s, ramp: 10, hold: 60s }\nheartbeat: { ping_every: 30s }";
    let noted = |config: &str| resolved(config).notes.into_iter().find(|note| note.contains("pings are sent"));
    assert_eq!(noted(&feed(lines)), None, "20 of them");
    assert_eq!(
        noted(&replicated(&feed(lines), 6)).unwrap(),
        "about 2 pings are sent on the connections of 'live-feed' in the measured time of each replicate: too few to tell anything by; \
         write a shorter `heartbeat.ping_every` than 30s"
    );
}

#[test]
fn a_broadcast_that_could_not_be_counted_is_refused() {
    for (from, to, message) in [
        ("publishers: 2", "publishers: 10", "10 of 10 connections can't publish to the others"),
        ("publishers: 2", "publishers: 0", "0 of 10 connections can't publish to the others"),
        ("rate: 10/s, ", "", "'rate' is missing here"),
        ("10/s", "0/s", "a publisher can't send 0/s"),
        ("10/s", "20000/s", "a publisher can't send 20000/s"),
        (", send: { json: { id: \"{{ message_id }}\" } }", "", "'send' is missing here"),
        ("message_id", "vu", "receivers can't tell one message from another without an identity"),
        ("publishers: 2", "publishers: 2, within: 0s", "'0s' is no time at all"),
        ("publishers: 2", "publishers: 2, id_from: '$.['", "hint: write a path such as $.id"),
        ("hold: 30s }", "hold: 30s }\nrate: 2/s", "'rate' does nothing beside 'broadcast'"),
        ("hold: 30s }", "hold: 30s }\nsteps: [ send: x ]", "'steps' does nothing beside 'broadcast'"),
    ] {
        let told = refusal(&feed(&BROADCAST.replace(from, to)));
        assert!(told.contains(message), "{to}: {told}");
    }
}
