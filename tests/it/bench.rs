//! A mock target, and a folder with a configuration for it in which the program is run.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
};

use loadgate::{
    mock_target::{MockTarget, Running, Script},
    record::{self, RunRecord},
};
use serde_json::Value;

use crate::{
    patience::patient,
    program::{loadgate, transcript},
};

/// A mock target that plays a script.
pub(crate) fn target(script: &str) -> Running {
    MockTarget::start(Script::parse(script).unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()).unwrap()
}

/// Asks a mock target's control path and gives the JSON it answers.
fn control(target: SocketAddr, method: &str, path: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(target).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: mock\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// What a mock target saw.
pub(crate) fn seen(target: &Running) -> Value {
    seen_at(target.addr())
}

/// What the mock target at an address saw.
pub(crate) fn seen_at(target: SocketAddr) -> Value {
    control(target, "GET", "/__stats", "")
}

/// A port where nobody listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A mock target and a folder with `loadgate.yml`.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    target: Running,
}

impl Bench {
    /// `TARGET` in the configuration becomes the target's address.
    pub(crate) fn new(script: &str, config: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap(), target: target(script) };
        bench.configure(config);
        bench
    }

    pub(crate) fn configure(&self, config: &str) {
        let address = format!("http://{}", self.target.addr());
        fs::write(self.path().join("loadgate.yml"), patient(&config.replace("TARGET", &address))).unwrap();
    }

    /// Replaces what the target does; what it saw until then is forgotten.
    pub(crate) fn behave(&self, script: &str) {
        control(self.target.addr(), "POST", "/__config", script);
        control(self.target.addr(), "POST", "/__reset", "");
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        loadgate(self.path(), args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs the program, which must end with this exit code. Gives everything it printed.
    pub(crate) fn ends_with(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(code), "{}", transcript(&output));
        transcript(&output)
    }

    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file)).unwrap()
    }

    /// The verdict of the last gate.
    pub(crate) fn verdict(&self) -> Value {
        self.json("loadgate-report/verdict.json")
    }

    pub(crate) fn record(&self, file: &str) -> RunRecord {
        record::file::read(&self.path().join(file)).unwrap()
    }

    /// What the target saw.
    pub(crate) fn seen(&self) -> Value {
        seen(&self.target)
    }

    /// Requests the target saw.
    pub(crate) fn requests(&self) -> u64 {
        self.seen()["requests"].as_u64().unwrap()
    }
}
