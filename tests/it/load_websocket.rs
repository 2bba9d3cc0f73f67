//! WebSocket connections as a user meets them: what loadgate tells of them is what the target saw.

use std::process::{Command, Stdio};

use loadgate::{
    mock_target::{Identity, MockTarget, Script},
    record::{self, Ended, ErrorClass, Errors, RunRecord, Totals},
};
use serde_json::Value;

use crate::{
    bench::Bench,
    certificates::Authority,
    program::{loadgate, transcript},
};

const RECORD: &str = "loadgate-report/record.json.gz";

/// A configuration of connections alone.
fn config(connections: &str, rest: &str) -> String {
    format!(
        "name: feed\ntarget: TARGET\nrecord: {{ window: 500ms }}\nscenarios:\n  - name: feed\n    websocket: /ws?user={{{{ vu }}}}\n    \
         connections: {connections}\n    {}\n",
        rest.trim().replace('\n', "\n    ")
    )
}

fn routes(websocket: &str) -> String {
    format!("seed: 7\nroutes: [ {{ path: /ws, {websocket} }} ]")
}

fn total(record: &RunRecord, endpoint: &str) -> Totals {
    record.endpoint(endpoint).unwrap_or_else(|| panic!("no endpoint {endpoint}")).total()
}

fn count(seen: &Value, key: &str) -> u64 {
    seen["websocket"][key].as_u64().unwrap_or_else(|| panic!("no {key} in {seen:#}"))
}

#[test]
fn load_of_connections_sends_takes_and_counts_messages_and_says_goodbye() {
    let steps = "origin: http://example.com
subprotocols: [ chat ]
rate: 10/s
setup: [ { send: hello }, { expect: { regex: ^hello$, name: greeting, measure: true } } ]
steps:
  - send: { json: { type: ping, user: \"{{ vu }}\", n: \"{{ iteration }}\" } }
  - expect: { json: { type: ping, $.n: \">= 0\" }, within: 5s, name: echo }";
    let bench = Bench::new(
        &format!("{}\ncount_headers: [ origin, sec-websocket-protocol, x-load-test ]", routes("websocket: { delay: 20ms }")),
        &config("{ ramp: 0..20, over: 1s, hold: 2s }", steps),
    );
    let text = bench.ends_with(0, &["run"]);
    let (record, seen) = (bench.record(RECORD), bench.seen());
    assert_eq!((count(&seen, "opened"), count(&seen, "most_open"), count(&seen, "open")), (20, 20, 0), "{seen:#}");
    assert_eq!(seen["websocket"]["closed"], serde_json::json!({ "1000": 20 }), "each says goodbye: {seen:#}");
    assert_eq!(seen["headers"]["origin"]["values"], serde_json::json!({ "http://example.com": 20 }));
    assert_eq!(seen["headers"]["sec-websocket-protocol"]["requests"], 20);
    assert_eq!(seen["headers"]["x-load-test"]["requests"], 20, "the target's headers go along");
    let (connect, greeting, echo) = (total(&record, "feed.connect"), total(&record, "greeting"), total(&record, "echo"));
    assert_eq!((connect.requests, connect.error_count(), greeting.requests), (20, 0, 20));
    assert_eq!(echo.requests + greeting.requests, count(&seen, "received"), "one reply is waited for after each message");
    assert_eq!(
        connect.messages,
        count(&seen, "received") + count(&seen, "sent"),
        "each message is counted where its connection is"
    );
    assert_eq!(echo.errors, Errors::new(), "{text}");
    // 20 connections at 10/s for 2 to 3 seconds.
    assert!((350..=600).contains(&echo.requests), "{}", echo.requests);
    assert!(echo.response.min() >= Some(20_000), "the target takes 20 ms: {:?}", echo.response.min());
    assert_eq!(
        record.plan.stages.iter().map(|stage| stage.shape.as_str()).collect::<Vec<_>>(),
        ["0..20 connections", "20 connections"]
    );
    assert_eq!(total(&record, "feed.reconnect").requests, 0);
    let connections = total(&record, "feed.connection");
    assert_eq!((connections.requests, connections.error_count(), connections.response.count()), (20, 0, 0), "none was lost");
}

#[test]
fn load_of_connections_is_late_when_the_target_is_and_says_so() {
    let steps = "rate: 10/s\nsteps: [ { send: x }, { expect: { name: echo, within: 20s } } ]";
    let bench = Bench::new(&routes("websocket: { delay: 400ms }"), &config("{ ramp: 2, hold: 3s }", steps));
    bench.ends_with(0, &["run"]);
    let echo = total(&bench.record(RECORD), "echo");
    // Each takes four times as long as there is time for it: the last ones are due long before they are sent.
    assert!(echo.service.quantile(0.5) < Some(500_000), "{:?}", echo.service.quantile(0.5));
    assert!(echo.response.max() >= Some(1_500_000), "counted from when they were due: {:?}", echo.response.max());
}

#[test]
fn load_of_many_connections_tells_exactly_how_many_were_refused_and_silent() {
    let rest = "heartbeat: { ping_every: 1s, pong_timeout: 2s }";
    let bench = Bench::new(
        &routes("errors: { share: 1%, status: 503 }, websocket: { silent: 1% }"),
        &config("{ ramp: 0..1000, over: 2s, hold: 5s }", rest),
    );
    let text = bench.ends_with(0, &["run"]);
    let (record, seen) = (bench.record(RECORD), bench.seen());
    let refused = seen["routes"][0]["statuses"]["503"].as_u64().unwrap();
    let silent = count(&seen, "silent");
    assert!(refused > 0 && silent > 0 && refused + count(&seen, "opened") == 1_000, "{seen:#}");
    let connect = total(&record, "feed.connect");
    assert_eq!((connect.requests, connect.errors), (1_000, Errors::from([(ErrorClass::Status5xx, refused)])), "{text}");
    let heartbeat = total(&record, "feed.heartbeat");
    let answered = heartbeat.requests - heartbeat.error_count();
    assert!(
        answered <= count(&seen, "pings") && answered + 1_000 > count(&seen, "pings"),
        "{answered} of {}",
        count(&seen, "pings")
    );
    // When a silent peer is found dead, two pings have gone unanswered, and a third one may just have been sent.
    assert_eq!(heartbeat.errors.keys().collect::<Vec<_>>(), [&ErrorClass::TimeoutPong]);
    assert!((2 * silent..=3 * silent).contains(&heartbeat.error_count()), "{silent} silent, {:?}", heartbeat.errors);
    let lost = total(&record, "feed.reconnect");
    assert_eq!(lost.errors, Errors::from([(ErrorClass::Status5xx, refused), (ErrorClass::TimeoutPong, silent)]), "{text}");
    assert!(text.contains("no answer to a ping within 2s"), "{text}");
    assert!(text.contains("status 503 instead of a WebSocket connection"), "{text}");
}

#[test]
fn load_of_connections_that_are_killed_comes_back_and_tells_how_long_it_took() {
    let rest = "heartbeat: { ping_every: 300ms }\nreconnect: { max: 3, backoff: { initial: 100ms, factor: 1, jitter: none } }";
    let bench =
        Bench::new(&routes("websocket: { kill: { share: 20%, after: 500ms } }"), &config("{ ramp: 200, hold: 4s }", rest));
    bench.ends_with(0, &["run"]);
    let (record, seen) = (bench.record(RECORD), bench.seen());
    let (reconnect, connect) = (total(&record, "feed.reconnect"), total(&record, "feed.connect"));
    let killed = count(&seen, "killed");
    assert!(killed > 20, "{seen:#}");
    let late = reconnect.error_count();
    assert_eq!(reconnect.requests, killed, "each that was killed is counted");
    let connections = total(&record, "feed.connection");
    assert_eq!(
        (connections.requests, connections.error_count()),
        (connect.requests - connect.error_count(), killed),
        "of all there were"
    );
    assert!(late < killed / 2 && reconnect.errors.keys().all(|class| *class == ErrorClass::Unfinished), "{:?}", reconnect.errors);
    assert_eq!((connect.requests, connect.error_count()), (200 + killed - late, 0), "and came back, if there was time");
    assert!(reconnect.response.min() >= Some(100_000), "not before the pause is over: {:?}", reconnect.response.min());
    assert_eq!(reconnect.response.count(), killed - late, "each that came back has its time");
    assert_eq!(count(&seen, "most_open"), 200);
    assert_eq!(seen["websocket"]["closed"], serde_json::json!({ "1000": 200 - late }), "as many as there were to be");
    // The target answers each ping that it gets: what died is what was on its way when a connection was killed, a few of each at most.
    let (heartbeat, pings) = (total(&record, "feed.heartbeat"), count(&seen, "pings"));
    let answered = heartbeat.requests - heartbeat.error_count();
    assert!(
        answered <= pings && answered + 2 * killed + 200 >= pings,
        "{answered} of {pings} pings were answered, {killed} killed"
    );
    assert!(heartbeat.error_count() <= 2 * killed, "{:?} of {killed} killed", heartbeat.errors);
}

#[test]
fn load_of_connections_gives_up_after_so_many_attempts_and_names_the_close_code() {
    let rest = "reconnect: { max: 2, backoff: { initial: 10ms, jitter: none } }";
    let bench =
        Bench::new(&routes("errors: { share: 100%, status: 403 }, websocket: {}"), &config("{ ramp: 10, hold: 2s }", rest));
    bench.ends_with(0, &["run"]);
    let record = bench.record(RECORD);
    assert_eq!(total(&record, "feed.connect").errors, Errors::from([(ErrorClass::Status4xx, 30)]), "three attempts each");
    assert_eq!(total(&record, "feed.reconnect").errors, Errors::from([(ErrorClass::Status4xx, 10)]), "each gives up once");
    bench.behave(&routes("websocket: { kill: { share: 100%, after: 200ms, code: 1011 } }"));
    bench.configure(&config("{ ramp: 10, hold: 2s }", ""));
    let text = bench.ends_with(0, &["run"]);
    let lost = total(&bench.record(RECORD), "feed.reconnect");
    assert_eq!(lost.errors, Errors::from([(ErrorClass::Close1011, 10)]));
    assert!(text.contains("the target closed the connection with code 1011"), "{text}");
}

#[test]
fn load_of_connections_gives_up_on_a_target_that_takes_them_and_drops_them_at_once() {
    let rest = "reconnect: { max: 2, backoff: { initial: 1s, factor: 1, jitter: none } }";
    let routes = routes("websocket: { kill: { share: 100%, after: 0s, code: 1011 } }");
    let bench = Bench::new(&routes, &config("{ ramp: 10, hold: 5s }", rest));
    bench.ends_with(0, &["run"]);
    let record = bench.record(RECORD);
    let (connect, reconnect) = (total(&record, "feed.connect"), total(&record, "feed.reconnect"));
    assert_eq!((connect.requests, connect.error_count()), (30, 0), "each is opened three times");
    assert_eq!(reconnect.errors, Errors::from([(ErrorClass::Close1011, 10)]), "and was never back");
    assert_eq!(reconnect.requests, 10);
}

#[test]
fn load_of_connections_gives_up_where_a_new_one_can_not_be_set_up() {
    let rest = "reconnect: { max: 1, backoff: { initial: 10ms, jitter: none } }\nsetup: [ { expect: { within: 300ms } } ]";
    let bench = Bench::new(&routes("websocket: {}"), &config("{ ramp: 10, hold: 3s }", rest));
    bench.ends_with(0, &["run"]);
    let record = bench.record(RECORD);
    assert_eq!(total(&record, "feed.connect").requests, 20, "one attempt more of each, long as it lived");
    assert_eq!(total(&record, "feed.reconnect").errors, Errors::from([(ErrorClass::TimeoutMessage, 10)]));
}

#[test]
fn load_of_connections_measures_how_long_pushed_messages_are_on_their_way() {
    let steps = "steps: [ { listen: { for: 10s, latency_from: $.sent_at_ms } } ]";
    let bench = Bench::new(&routes("websocket: { push: { every: 50ms } }"), &config("{ ramp: 20, hold: 2s }", steps));
    bench.ends_with(0, &["run"]);
    let (latency, seen) = (total(&bench.record(RECORD), "feed.message_latency"), bench.seen());
    assert_eq!(latency.errors, Errors::new());
    let sent = count(&seen, "sent");
    assert!(latency.requests <= sent && latency.requests + 40 > sent, "{} of {sent}", latency.requests);
    assert!(latency.bytes > latency.requests * 20, "what came is counted");
}

#[test]
fn load_of_connections_waits_for_one_message_and_no_longer() {
    let steps = "rate: 4/s\nsteps: [ { send: x }, { expect: { regex: ^y, within: 100ms, name: answer } } ]";
    let bench = Bench::new(&routes("websocket: {}"), &config("{ ramp: 4, hold: 2s }", steps));
    let text = bench.ends_with(0, &["run"]);
    let answer = total(&bench.record(RECORD), "answer");
    assert_eq!(answer.errors, Errors::from([(ErrorClass::TimeoutMessage, answer.requests)]), "an echo of x is no y");
    assert!(answer.requests >= 16, "a failed round does not end the connection: {}", answer.requests);
    assert!(text.contains("a message ~ ^y did not come within 100ms"), "{text}");
}

#[test]
fn load_of_connections_takes_no_late_reply_for_the_one_of_a_round_that_waits_for_its_own() {
    let steps = "rate: 4/s
steps:
  - send: { json: { id: \"{{ iteration }}\" } }
  - expect: { json: { id: \"{{ iteration }}\" }, within: 200ms, name: own }";
    // Each reply comes in the time of the round after it.
    let bench = Bench::new(&routes("websocket: { delay: 300ms }"), &config("{ ramp: 4, hold: 3s }", steps));
    let text = bench.ends_with(0, &["run"]);
    let own = total(&bench.record(RECORD), "own");
    assert_eq!(own.errors, Errors::from([(ErrorClass::TimeoutMessage, own.requests)]), "{text}");
    assert!(own.requests >= 24 && text.contains("{{ iteration }} did not come within 200ms"), "{text}");
    bench.behave(&routes("websocket: { delay: 20ms }"));
    bench.ends_with(0, &["run"]);
    let own = total(&bench.record(RECORD), "own");
    assert!(own.requests >= 24 && own.error_count() * 4 < own.requests, "{:?} of {}", own.errors, own.requests);
}

#[test]
fn load_of_connections_takes_values_from_messages_for_those_it_sends_and_waits_for() {
    let steps = "rate: 10/s
setup:
  - send: { json: { type: welcome, token: \"abc+({{ vu }}\" } }
  - expect: { json: { type: welcome }, extract: { token: $.token, number: { regex: '[(]([0-9]+)' } } }
steps:
  - send: { json: { id: \"{{ iteration }}\", token: \"{{ token }}\" } }
  - expect: { json: { token: \"abc+({{ vu }}\", $.id: \">= {{ iteration }}\" }, name: json }
  - send: \"number {{ number }} of {{ token }}.\"
  - expect: { regex: \"^number {{ vu }} of {{ token }}[.]$\", name: text }";
    let bench = Bench::new(&routes("websocket: {}"), &config("{ ramp: 4, hold: 2s }", steps));
    let text = bench.ends_with(0, &["run"]);
    let record = bench.record(RECORD);
    let (json, plain) = (total(&record, "json"), total(&record, "text"));
    assert!(json.requests >= 40 && plain.requests >= 40, "{text}");
    assert_eq!((json.errors, plain.errors), (Errors::new(), Errors::new()), "{text}");
}

#[test]
fn load_of_connections_whose_setup_does_not_find_a_value_is_lost_and_shows_nothing_of_the_message() {
    let steps = "setup: [ { send: pass-w0rd }, { expect: { extract: { token: $.token } } } ]";
    let bench = Bench::new(&routes("websocket: {}"), &config("{ ramp: 4, hold: 1s }", steps));
    let text = bench.ends_with(0, &["run"]);
    assert_eq!(total(&bench.record(RECORD), "feed.reconnect").errors, Errors::from([(ErrorClass::ExtractFailed, 4)]), "{text}");
    assert!(text.contains("token: nothing at $.token (what came back is not shown in `setup`)"), "{text}");
    assert!(!text.contains("w0rd"), "{text}");
}

#[test]
fn load_of_connections_gives_each_a_row_that_it_keeps_when_it_comes_back() {
    let rest = "feed: users
headers: { X-User: \"{{ vu }} is {{ users.name }}\" }
reconnect: { max: 3, backoff: { initial: 100ms, factor: 1, jitter: none } }
rate: 5/s
steps: [ { send: \"{{ users.name }}\" }, { expect: { regex: \"^{{ users.name }}$\", name: echo } } ]";
    let script = format!("{}\ncount_headers: [ x-user ]", routes("websocket: { kill: { share: 100%, after: 700ms } }"));
    let data = "data: { users: { inline: [ { name: ann }, { name: bob } ] } }\n";
    let bench = Bench::new(&script, &(config("{ ramp: 3, hold: 2s }", rest) + data));
    let text = bench.ends_with(0, &["check"]);
    assert!(text.contains("feed (one per connection)"), "{text}");
    assert!(text.contains("note: 3 connections of 'feed' keep a row of 'users', which has 2: some share one"), "{text}");
    bench.ends_with(0, &["run"]);
    let users = bench.seen()["headers"]["x-user"]["values"].as_object().unwrap().clone();
    let mut names: Vec<&str> = users.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["0 is ann", "1 is bob", "2 is ann"], "{users:?}");
    assert!(users.values().all(|times| times.as_u64() >= Some(2)), "each came back: {users:?}");
    assert!(!total(&bench.record(RECORD), "echo").errors.contains_key(&ErrorClass::TimeoutMessage));
}

#[test]
fn load_of_connections_reaches_everybody_by_broadcast() {
    // Each begins at a time of its own, none of them near the end.
    let steps =
        "rate: 1/s\nsetup: [ { think: 500ms } ]\nsteps: [ { send: { text: \"{{ vu }}\" } }, { expect: { name: first } } ]";
    let bench = Bench::new(&routes("websocket: { answer: broadcast, lose: 10% }"), &config("{ ramp: 10, hold: 3340ms }", steps));
    bench.ends_with(0, &["run"]);
    let seen = bench.seen();
    let (received, sent, lost) = (count(&seen, "received"), count(&seen, "sent"), count(&seen, "lost"));
    assert!(received >= 10 && lost > 0, "{seen:#}");
    assert_eq!(sent + lost, received * 10, "each message goes to all, or is lost on its way to one: {seen:#}");
}

#[test]
fn load_of_connections_that_is_interrupted_says_that_it_goes_away_and_keeps_the_record() {
    let bench = Bench::new(&routes("websocket: {}"), &config("{ ramp: 30, hold: 10m }", "heartbeat: { ping_every: 100ms }"));
    let mut child = bench.command(&["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while bench.seen()["websocket"]["pings"].as_u64().unwrap_or_default() < 100 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    assert_eq!(bench.seen()["websocket"]["closed"], serde_json::json!({ "1001": 30 }), "{:#}", bench.seen());
    let record = bench.record(RECORD);
    assert_eq!((record.ended, total(&record, "feed.connect").requests), (Ended::Interrupted, 30));
    assert!(total(&record, "feed.heartbeat").requests >= 90);
}

#[test]
fn load_of_connections_goes_beside_requests_and_is_judged_like_them() {
    let bench = Bench::new(
        &routes("websocket: { delay: 5ms }"),
        "name: both\ntarget: TARGET\nstages: [ { rate: 50/s, duration: 3s } ]\nregression: { block: 1s }\nscenarios:\n  - GET /items\n  \
         - { name: feed, websocket: /ws, connections: { ramp: 10, hold: 1m }, rate: 5/s, steps: [ { send: x }, { expect: { name: echo } } ] }\n\
         thresholds: [ 'echo.p50 < 1s', 'feed.connections >= 10', 'echo.p90 < 1ms' ]\n",
    );
    let text = bench.ends_with(1, &["gate", "--no-publish"]);
    assert!(text.contains("echo.p90 < 1ms"), "{text}");
    let record = bench.record(RECORD);
    assert_eq!(total(&record, "GET /items").requests, 150);
    let outcomes: Vec<Value> =
        bench.verdict()["thresholds"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["pass", "pass", "fail"]);
}

#[test]
fn load_of_connections_goes_through_tls_also_where_requests_would_go_over_http2() {
    let authority = Authority::new("ours");
    let certificate = authority.certificate(&["127.0.0.1"], |_| {});
    let identity = Identity::from_pem(certificate.pem.as_bytes(), certificate.key_pem.as_bytes()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let script = Script::parse(&routes("websocket: {}")).unwrap();
    let target = MockTarget::start_as(Some(&identity), script, listener).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let steps = "rate: 5/s\nsteps: [ { send: x }, { expect: { name: echo } } ]";
    let address = format!("{{ base_url: 'https://{}', tls: {{ ca_file: '{}' }} }}", target.addr(), authority.ca_file().display());
    let config = config("{ ramp: 10, hold: 2s }", steps).replace("TARGET", &address)
        + "  - GET /items\nstages: [ { rate: 50/s, duration: 2s } ]\n";
    std::fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder.path(), &["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let record = record::file::read(&folder.path().join(RECORD)).unwrap();
    let connect = total(&record, "feed.connect");
    assert_eq!(
        (connect.requests, connect.errors.len(), total(&record, "echo").errors.len()),
        (10, 0, 0),
        "{}",
        transcript(&output)
    );
    assert!(connect.phases.tls > 0 && connect.phases.wait > 0, "{:?}", connect.phases);
    assert_eq!(total(&record, "GET /items").errors, Errors::new());
}

#[test]
fn load_of_connections_shows_what_it_will_do_before_it_does() {
    let rest = "heartbeat: { ping_every: 30s }\nreconnect: { max: 5 }\nrate: 2/s\nsteps: [ { send: x } ]";
    let bench = Bench::new("{}", &config("{ ramp: 0..2000, over: 30s, hold: 60s }", rest));
    let text = bench.ends_with(0, &["check"]);
    assert!(text.contains("length    1m30s, at most 2000 WebSocket connections"), "{text}");
    let row = "feed     0..2000 over 30s, then 1m  1, 2/s on each  ping every 30s, dead after 1m  5 attempts";
    assert!(text.contains(row), "{text}");
    assert!(text.lines().any(|line| line.contains("feed.connection") && line.contains("errors alone")), "{text}");
    assert_eq!(bench.requests(), 0);
}
