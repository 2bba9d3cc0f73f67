//! The mock target seen from outside: what it answers, when, and what it says it saw.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Stdio,
};

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use loadgate::{
    clock::{self, Duration},
    mock_target::{MockTarget, Running, Script},
};
use serde_json::Value;

use crate::program::{loadgate, transcript};

fn start(script: &str) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    MockTarget::start(Script::parse(script).unwrap(), listener).unwrap()
}

/// One HTTP/1.1 connection.
struct Client(BufReader<TcpStream>);

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Client {
    fn of(addr: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(addr).unwrap()))
    }

    fn send(&mut self, method: &str, path: &str, header: &str, body: &str) {
        let length = body.len();
        let request = format!("{method} {path} HTTP/1.1\r\nHost: mock\r\n{header}Content-Length: {length}\r\n\r\n{body}");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    fn receive(&mut self) -> std::io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let mut body = vec![0; field("content-length:").map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, body: String::from_utf8(body).unwrap(), head })
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, "", body);
        self.receive().unwrap()
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    fn stats(&mut self) -> Value {
        serde_json::from_str(&self.get("/__stats").body).unwrap()
    }

    /// Waits until the server has read the heads of so many requests.
    fn await_requests(&mut self, requests: u64) {
        while self.stats()["requests"].as_u64().unwrap() < requests {}
    }
}

#[test]
fn without_a_script_everything_is_answered_ok() {
    let target = start("{}");
    let answer = Client::of(target.addr()).get("/anything?x=1");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
}

#[test]
fn no_answer_leaves_before_its_latency_has_passed() {
    let target = start("defaults: {latency: 7ms}");
    let mut client = Client::of(target.addr());
    for _ in 0..20 {
        let sent = clock::now();
        client.get("/");
        assert!(clock::now() - sent >= Duration::from_millis(7));
    }
    assert!(client.stats()["service_time_us"]["p50"].as_f64().unwrap() >= 7_000.0);
}

#[test]
fn routes_answer_as_written_and_the_first_that_matches_wins() {
    let target = start(
        "
defaults: {status: 404}
routes:
  - {path: /items, method: GET, body: {text: '[]', type: application/json}, status: 200}
  - {path: /items, method: POST, status: 201}
  - {path: /items/*, body: {size: 3000}, status: 203}
",
    );
    let mut client = Client::of(target.addr());
    let listed = client.get("/items?page=2");
    assert_eq!((listed.status, listed.body.as_str()), (200, "[]"));
    assert!(listed.head.contains("content-type: application/json"), "{}", listed.head);
    assert_eq!(client.ask("POST", "/items", "{}").status, 201);
    let item = client.get("/items/7");
    assert_eq!((item.status, item.body.len()), (203, 3000));
    assert_eq!(item, Answer { head: item.head.clone(), ..client.get("/items/8") });
    assert_eq!(client.get("/elsewhere").status, 404);
    let stats = client.stats();
    let counts: Vec<_> =
        stats["routes"].as_array().unwrap().iter().map(|r| format!("{} {}", r["route"], r["statuses"])).collect();
    assert_eq!(
        counts,
        [r#""GET /items" {"200":1}"#, r#""POST /items" {"201":1}"#, r#""/items/*" {"203":2}"#, r#""*" {"404":1}"#]
    );
    assert_eq!(stats["request_body_bytes"], 2);
}

#[test]
fn errors_come_in_their_share_and_in_the_same_sequence_for_the_same_seed() {
    let sequence = |seed: u64| -> Vec<u16> {
        let target = start(&format!("{{seed: {seed}, defaults: {{errors: {{share: 25%, status: 503}}}}}}"));
        let mut client = Client::of(target.addr());
        let seen: Vec<u16> = (0..400).map(|_| client.get("/").status).collect();
        let failed = seen.iter().filter(|status| **status == 503).count();
        assert_eq!(client.stats()["routes"][0]["statuses"]["503"], failed);
        assert!((60..140).contains(&failed), "{failed} of 400");
        seen
    };
    assert_eq!(sequence(1), sequence(1));
    assert_ne!(sequence(1), sequence(2));
}

#[test]
fn above_a_rejecting_limit_requests_are_answered_503() {
    let target = start("defaults: {latency: 1h, limit: {concurrency: 2, mode: reject}}");
    let (mut control, mut busy) = (Client::of(target.addr()), [Client::of(target.addr()), Client::of(target.addr())]);
    busy.iter_mut().for_each(|client| client.send("GET", "/", "", ""));
    control.await_requests(2);
    assert_eq!(control.get("/").status, 503);
    assert_eq!(control.stats()["unanswered"], 2);
}

#[test]
fn above_a_queueing_limit_requests_wait_for_their_turn() {
    let target = start("defaults: {latency: 10ms, limit: {concurrency: 1}}");
    let mut clients: Vec<Client> = (0..5).map(|_| Client::of(target.addr())).collect();
    let begin = clock::now();
    clients.iter_mut().for_each(|client| client.send("GET", "/", "", ""));
    assert!(clients.iter_mut().all(|client| client.receive().unwrap().status == 200));
    assert!(clock::now() - begin >= Duration::from_millis(50), "five turns of 10 ms, one after the other");
}

#[test]
fn requests_fall_into_a_stall_sooner_or_later_and_wait_for_its_end() {
    let target = start("defaults: {stall: {every: 40ms, for: 20ms}}");
    let mut client = Client::of(target.addr());
    while client.stats()["service_time_us"]["max"].as_f64().is_none_or(|us| us < 10_000.0) {
        client.get("/");
    }
}

#[test]
fn a_scripted_reset_closes_the_connection_without_an_answer() {
    let target = start("routes: [{path: /gone, resets: {share: 100%}}]");
    let mut client = Client::of(target.addr());
    assert_eq!(client.get("/here").status, 200);
    client.send("GET", "/gone", "", "");
    assert_eq!(client.receive().unwrap_err().kind(), ErrorKind::ConnectionReset);
    let stats = Client::of(target.addr()).stats();
    assert_eq!((&stats["requests"], &stats["responses"], &stats["resets"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(stats["connections"]["open"], 1);
}

#[tokio::test]
async fn http_1_and_http_2_are_served_on_one_port_and_counted_apart() {
    let target = start("routes: [{path: /gone, resets: {share: 100%}}, {path: /*, latency: 1ms}]");
    assert_eq!(Client::of(target.addr()).get("/").status, 200);
    let stream = tokio::net::TcpStream::connect(target.addr()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request =
        |path: &str| http::Request::get(format!("http://{}{path}", target.addr())).body(Empty::<bytes::Bytes>::new()).unwrap();
    for _ in 0..3 {
        let answer = sender.send_request(request("/")).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.collect().await.unwrap().to_bytes().as_ref()), (200, b"ok".as_slice()));
    }
    assert!(sender.send_request(request("/gone")).await.is_err());
    assert_eq!(sender.send_request(request("/")).await.unwrap().status(), 200, "only the stream was reset");
    let stats = Client::of(target.addr()).stats();
    assert_eq!(stats["protocols"], serde_json::json!({"HTTP/1.1": 1, "HTTP/2": 5}));
    assert_eq!((&stats["connections"]["accepted"], &stats["resets"]), (&3.into(), &1.into()));
}

#[test]
fn statistics_count_chosen_headers_leave_out_control_requests_and_can_be_forgotten() {
    let target = start("count_headers: [traceparent]");
    let mut client = Client::of(target.addr());
    for header in ["X-Load-Test: true\r\n", "x-load-test: true\r\nTraceparent: 00-1\r\n", ""] {
        client.send("GET", "/", header, "");
        assert_eq!(client.receive().unwrap().status, 200);
    }
    let stats = client.stats();
    assert_eq!((&stats["requests"], &stats["arrivals"]["count"]), (&3.into(), &3.into()));
    assert_eq!(stats["headers"]["x-load-test"], serde_json::json!({"requests": 2, "values": {"true": 2}, "other_values": 0}));
    assert_eq!(stats["headers"]["traceparent"]["values"]["00-1"], 1);
    assert_eq!(client.ask("POST", "/__reset", "").status, 200);
    let stats = client.stats();
    assert_eq!((&stats["requests"], &stats["service_time_us"]["p50"]), (&0.into(), &Value::Null));
    assert_eq!(stats["headers"]["x-load-test"]["requests"], 0);
}

#[test]
fn behaviour_can_be_changed_while_running_and_a_bad_script_changes_nothing() {
    let target = start("defaults: {status: 201}");
    let mut client = Client::of(target.addr());
    assert_eq!(client.get("/").status, 201);
    assert_eq!(client.ask("POST", "/__config", r#"{"defaults": {"status": 202, "latency": "1ms"}}"#).status, 200);
    assert_eq!(client.get("/").status, 202);
    for bad in ["defaults: {latency: 5}", "defaults: {status: 99}", "routes: [{status: 200}]", "", "\u{1}"] {
        let refused = client.ask("POST", "/__config", bad);
        assert_eq!(refused.status, 400, "{bad}");
        assert!(serde_json::from_str::<Value>(&refused.body).unwrap()["error"].is_string(), "{}", refused.body);
    }
    assert_eq!(client.get("/").status, 202);
    let shown: Value = serde_json::from_str(&client.get("/__config").body).unwrap();
    assert_eq!(shown["defaults"], serde_json::json!({"latency": "1ms", "status": 202}));
    assert_eq!(client.get("/__nothing").status, 404);
    assert_eq!(client.get("/__reset").status, 405);
}

#[test]
fn a_stopped_target_leaves_its_port() {
    let target = start("{}");
    let addr = target.addr();
    let mut client = Client::of(addr);
    client.get("/");
    target.stop().unwrap();
    assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_port_in_use_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let output = loadgate(folder.path(), &["mock-target", "--listen", &addr]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "error: can't listen on {addr}: the port is already in use\n\
             hint: stop the other program, or choose a free port with --listen 127.0.0.1:0\n"
        )
    );
}

#[test]
fn mistakes_of_the_command_line_and_of_scripts_exit_2_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("script.yml"), "routes:\n  - path: /a\n    stall: {every: 1s, for: 900ms}\n").unwrap();
    let cases: [(&[&str], &str); 7] = [
        (&["--latency", "5"], "'5' has no unit"),
        (&["--latency", "pareto:5ms"], "'pareto:5ms' is not a latency"),
        (&["--stall", "2s"], "write the period, then the length of the stall"),
        (&["--stall", "1s,2s"], "defaults: a stall of 2s every 1s"),
        (&["--error-share", "2"], "'2' is not a percentage"),
        (&["--script", "absent.yml"], "absent.yml: No such file"),
        (&["--script", "script.yml"], "script.yml: routes[0]: a stall of 900ms every 1s"),
    ];
    for (flags, message) in cases {
        let output = loadgate(folder.path(), &[&["mock-target"], flags].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{}", transcript(&output));
    }
}

#[cfg(unix)]
#[test]
fn the_program_says_where_it_listens_and_ends_with_0_when_asked_to() {
    use rustix::process::{Pid, Signal, kill_process};
    let folder = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        let mut program = loadgate(folder.path(), &["mock-target", "--error-share", "100%", "--body", "2kB"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim_end().strip_prefix("listening on http://").unwrap().parse().unwrap();
        assert_eq!(Client::of(addr).get("/").status, 500);
        kill_process(Pid::from_child(&program), signal).unwrap();
        assert_eq!(program.wait().unwrap().code(), Some(0));
    }
}
