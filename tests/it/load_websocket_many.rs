//! Thousands of WebSocket connections, to a target in a process of its own, from limits as a usual login has them.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use loadgate::{
    env,
    record::{self, ErrorClass, Errors, RunRecord},
};
use rustix::process::{Resource, getrlimit};

use crate::{bench::seen_at, patience::patient, program::transcript};

/// Files that either process must be able to open.
const FILES_MIN: u64 = 6_000;

/// Whether the machine lets a process open so many files; that it does not is a failure where nothing may be left out.
fn has_files() -> bool {
    let most = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let required = env::lookup("LOADGATE_COMPONENTS").is_some_and(|value| value == "required");
    assert!(most >= FILES_MIN || !required, "a process may open {most} files, not {FILES_MIN}: raise the limit (`ulimit -Hn`)");
    most >= FILES_MIN
}

/// The program with the limit of open files that a login has.
fn limited(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    let line = format!("ulimit -Sn 1024 && exec \"$0\" {line}");
    command.args(["-c", line.as_str(), env!("CARGO_BIN_EXE_loadgate")]).current_dir(folder);
    // Nothing of the CI that surrounds the test.
    command.env_clear().env("PATH", env::lookup("PATH").unwrap_or_default());
    command
}

struct Target {
    process: Child,
    address: SocketAddr,
}

impl Target {
    fn start(folder: &Path, script: &str) -> Self {
        fs::write(folder.join("target.yml"), script).unwrap();
        let mut process = limited(folder, "mock-target --script target.yml").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { process, address }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn played(folder: &Path) -> (RunRecord, String) {
    let output = limited(folder, "run").output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    (record::file::read(&folder.join("loadgate-report/record.json.gz")).unwrap(), text)
}

#[test]
fn load_of_five_thousand_connections_tells_exactly_how_many_were_refused_and_silent() {
    if !has_files() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = "seed: 7\nroutes: [ { path: /ws, errors: { share: 1%, status: 503 }, websocket: { silent: 1% } } ]\n";
    let target = Target::start(folder.path(), script);
    let config = format!(
        "name: feed\ntarget: http://{}\nrecord: {{ window: 1s }}\nscenarios:\n  - name: feed\n    websocket: /ws\n    \
         connections: {{ ramp: 0..5000, over: 10s, hold: 12s }}\n    heartbeat: {{ ping_every: 3s, pong_timeout: 6s }}\n",
        target.address
    );
    fs::write(folder.path().join("loadgate.yml"), patient(&config)).unwrap();
    let (record, text) = played(folder.path());
    let seen = seen_at(target.address);
    let count = |key: &str| seen["websocket"][key].as_u64().unwrap_or_else(|| panic!("no {key} in {seen:#}"));
    let (refused, silent, opened) = (seen["routes"][0]["statuses"]["503"].as_u64().unwrap(), count("silent"), count("opened"));
    assert!(refused > 0 && silent > 0 && refused + opened == 5_000, "{seen:#}");
    assert!(count("most_open") + silent >= opened, "but for those found dead, all are there at the same time: {seen:#}");
    let total = |endpoint: &str| record.endpoint(endpoint).unwrap_or_else(|| panic!("no endpoint {endpoint}")).total();
    let (connect, reconnect, heartbeat) = (total("feed.connect"), total("feed.reconnect"), total("feed.heartbeat"));
    assert_eq!((connect.requests, connect.errors), (5_000, Errors::from([(ErrorClass::Status5xx, refused)])), "{text}");
    let lost = Errors::from([(ErrorClass::Status5xx, refused), (ErrorClass::TimeoutPong, silent)]);
    assert_eq!(reconnect.errors, lost, "{text}");
    // Each dead peer leaves two pings without an answer, and perhaps one that was just sent.
    assert_eq!(heartbeat.errors.keys().collect::<Vec<_>>(), [&ErrorClass::TimeoutPong], "{text}");
    assert!((2 * silent..=3 * silent).contains(&heartbeat.error_count()), "{silent} silent, {:?}", heartbeat.errors);
    assert!(heartbeat.requests - heartbeat.error_count() <= count("pings"), "{seen:#}");
}
