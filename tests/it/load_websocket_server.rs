//! WebSocket connections to a server nobody here wrote: the `websockets` package of Python.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use loadgate::record::{self, Errors, RunRecord, Totals};

use crate::program::{component, loadgate, transcript};

/// Where the system's package puts it; another Python in the way has other packages.
const PYTHON: &str = "/usr/bin/python3";

struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server, or nothing where it can't be had and need not be.
fn start() -> Option<Server> {
    let has = Command::new(PYTHON).args(["-c", "import websockets"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        // Says whether that is a failure.
        return component("a Python with the package websockets").and(None);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/websocket_echo.py");
    let mut process = Command::new(PYTHON).arg(script).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Some(Server { port: line.trim().parse().unwrap(), process })
}

fn play(port: u16, scenario: &str) -> (RunRecord, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "name: feed\ntarget: http://127.0.0.1:{port}\nrecord: {{ window: 500ms }}\nscenarios:\n  - name: feed\n    {}\n",
        scenario.trim().replace('\n', "\n    ")
    );
    std::fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder.path(), &["run"]).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    (record::file::read(&folder.path().join("loadgate-report/record.json.gz")).unwrap(), text)
}

fn total(record: &RunRecord, endpoint: &str) -> Totals {
    Totals::of(record.endpoint(endpoint).unwrap().windows())
}

#[test]
fn load_of_connections_to_a_real_server_echoes_pings_and_closes() {
    let Some(server) = start() else { return };
    let (record, text) = play(
        server.port,
        "websocket: /feed
connections: { ramp: 0..50, over: 1s, hold: 3s }
origin: http://example.com
subprotocols: [ chat.v1, chat.v2 ]
heartbeat: { ping_every: 300ms, pong_timeout: 3s }
rate: 5/s
steps:
  - send: { json: { n: \"{{ iteration }}\", of: \"{{ vu }}\" } }
  - expect: { json: { n: \">= 0\" }, name: echo }
  - send: { binary: AAEC/w== }
  - expect: { name: binary }",
    );
    for endpoint in ["feed.connect", "feed.heartbeat", "echo", "binary", "feed.reconnect"] {
        assert_eq!(total(&record, endpoint).errors, Errors::new(), "{endpoint}: {text}");
    }
    assert_eq!((total(&record, "feed.connect").requests, total(&record, "feed.reconnect").requests), (50, 0));
    assert!(total(&record, "feed.heartbeat").requests > 200, "{text}");
    assert!(total(&record, "echo").requests > 500 && total(&record, "binary").bytes > 2_000, "{text}");
}

#[test]
fn load_of_connections_to_a_real_server_is_refused_and_closed_by_it() {
    let Some(server) = start() else { return };
    let errors = |scenario: &str, endpoint: &str| total(&play(server.port, scenario).0, endpoint).errors;
    let class = |name: &str| Errors::from([(name.parse().unwrap(), 5)]);
    let without = "websocket: /token\nconnections: { ramp: 5, hold: 1s }";
    assert_eq!(errors(without, "feed.connect"), class("4xx"), "no token");
    let with = format!("{without}\nheaders: {{ Authorization: Bearer open-sesame }}");
    assert_eq!(errors(&with, "feed.connect"), Errors::new());
    let origin = "websocket: /\nconnections: { ramp: 5, hold: 1s }\norigin: http://elsewhere.example";
    assert_eq!(errors(origin, "feed.connect"), class("4xx"), "an origin that it does not like");
    let protocol = "websocket: /\nconnections: { ramp: 5, hold: 1s }\nsubprotocols: [ other ]";
    assert_eq!(errors(protocol, "feed.connect"), class("protocol"), "a subprotocol that it does not speak");
    let closed = "websocket: /\nconnections: { ramp: 5, hold: 1s }\nsteps: [ { send: close, }, { expect: { name: reply } } ]";
    assert_eq!(errors(closed, "feed.reconnect"), class("close.other"), "closed with a code of its own");
}
