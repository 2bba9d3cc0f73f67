//! Services that loadgate starts itself: real processes, which are gone when it is.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use loadgate::record::{self, Ended, RunRecord};
use serde_json::Value;

use crate::{
    patience::patient,
    program::{loadgate, transcript},
};

/// The mock target as a service.
const MOCK: &str = concat!(env!("CARGO_BIN_EXE_loadgate"), " mock-target --listen 127.0.0.1:$PORT");

const LOAD: &str = "\
stages: [ { rate: 50/s, duration: 100ms, warmup: true }, { rate: 100/s, duration: 300ms } ]
scenarios: [ GET / ]
record: { window: 100ms }
regression: { block: 100ms, replicates: 3 }
";

/// A folder with a configuration and the script of a service, which notes each process it starts.
pub(crate) struct Yard {
    folder: tempfile::TempDir,
}

impl Yard {
    /// `script` is the body of `./serve`, run by `sh`; `MOCK` in it starts the mock target. It notes its process and its port first.
    pub(crate) fn new(script: &str, sections: &str) -> Self {
        let yard = Self { folder: tempfile::tempdir().unwrap() };
        yard.script("serve", &format!("echo \"$$ $PORT\" >> started\n{script}"));
        yard.configure(&format!("name: shop\ntarget: {{ start: ./serve }}\n{sections}"));
        yard
    }

    pub(crate) fn configure(&self, config: &str) {
        fs::write(self.path().join("loadgate.yml"), patient(config)).unwrap();
    }

    pub(crate) fn script(&self, name: &str, body: &str) {
        let path = self.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{}\n", body.replace("MOCK", MOCK))).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        loadgate(self.path(), args).output().unwrap()
    }

    /// Runs the program, which must end with this exit code and leave no process; gives all it printed.
    pub(crate) fn ends_with(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(code), "{}", transcript(&output));
        self.assert_all_gone();
        transcript(&output)
    }

    /// The first words of the lines of a file: numbers of processes.
    pub(crate) fn lines(&self, file: &str) -> Vec<String> {
        fs::read_to_string(self.path().join(file)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Process and port of each service that was started, as far as complete lines tell.
    pub(crate) fn started(&self) -> Vec<(u32, u16)> {
        let pair = |line: &String| {
            let (process, port) = line.split_once(' ')?;
            Some((process.parse().ok()?, port.parse().ok()?))
        };
        self.lines("started").iter().filter_map(pair).collect()
    }

    /// That neither a service nor any process noted in `children` lives.
    pub(crate) fn assert_all_gone(&self) {
        let children = self.lines("children").into_iter().map(|line| line.trim().parse().unwrap());
        for process in self.started().into_iter().map(|(process, _)| process).chain(children) {
            assert!(!lives(process), "process {process} lives on");
        }
    }

    pub(crate) fn verdict(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path().join("loadgate-report/verdict.json")).unwrap()).unwrap()
    }

    pub(crate) fn record(&self, file: &str) -> RunRecord {
        record::file::read(&self.path().join("loadgate-report").join(file)).unwrap()
    }

    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }
}

/// Whether a process does anything any more: one that nobody waits for stays as a zombie.
pub(crate) fn lives(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Requests that the mock target on a port has seen; none where nobody answers yet.
fn requests(port: u16) -> u64 {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return 0 };
    let mut answer = String::new();
    let asked = stream.write_all(b"GET /__stats HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n\r\n");
    if asked.and_then(|()| stream.read_to_string(&mut answer)).is_err() {
        return 0;
    }
    let stats: Value = answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default();
    stats["requests"].as_u64().unwrap_or(0)
}

/// Starts the program and waits until its service of this number, from 1, has seen so many requests.
pub(crate) fn under_load(yard: &Yard, args: &[&str], number: usize, seen: u64) -> Child {
    let mut child = loadgate(yard.path(), args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while yard.started().get(number - 1).is_none_or(|(_, port)| requests(*port) < seen) {
        if child.try_wait().unwrap().is_some() {
            panic!("it ended by itself\n{}", transcript(&child.wait_with_output().unwrap()));
        }
    }
    child
}

pub(crate) fn send(signal: &str, process: u32) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

#[test]
fn load_of_each_replicate_meets_a_process_of_its_own_at_a_port_of_its_own() {
    let yard = Yard::new("exec MOCK", LOAD);
    let text = yard.ends_with(0, &["gate", "--log-format", "json"]);
    let started = yard.started();
    let distinct = |values: Vec<u32>| values.into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(distinct(started.iter().map(|(process, _)| *process).collect()), 3, "{text}");
    assert_eq!(distinct(started.iter().map(|(_, port)| u32::from(*port)).collect()), 3);
    for (n, (_, port)) in started.iter().enumerate() {
        let record = yard.record(&format!("records/candidate-{}.json.gz", n + 1));
        assert_eq!((record.ended, record.plan.target), (Ended::Complete, format!("127.0.0.1:{port}")));
        assert!(yard.text(&format!("loadgate-report/logs/candidate-{}.log", n + 1)).contains("listening on"));
    }
    let verdict = yard.verdict();
    assert_eq!((&verdict["replicates"], &verdict["verdict"]), (&3.into(), &"warn".into()), "{text}");
    assert!(!yard.path().join("loadgate-report/record.json.gz").exists());
    assert!(text.contains("baseline promote --dir baselines loadgate-report/records/candidate-*.json.gz"), "{text}");
}

#[test]
fn load_of_each_replicate_meets_a_service_that_may_open_as_many_files_as_the_others() {
    let yard = Yard::new("ulimit -Sn >> limits\nexec MOCK", LOAD);
    let shell = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", line, env!("CARGO_BIN_EXE_loadgate")]).current_dir(yard.path());
        command.env_clear().env("PATH", loadgate::env::lookup("PATH").unwrap_or_default()).output().unwrap()
    };
    let output = shell("ulimit -Sn 256 && exec \"$0\" gate -q");
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let most = String::from_utf8(shell("ulimit -Hn").stdout).unwrap().trim().to_owned();
    assert_eq!(yard.lines("limits"), vec![most; 3]);
}

#[test]
fn load_of_one_run_leaves_one_record_and_a_later_one_none_of_its_files() {
    let yard = Yard::new("exec MOCK", LOAD);
    yard.ends_with(0, &["run", "-q"]);
    yard.ends_with(0, &["run", "-q", "--set", "regression.replicates=1"]);
    assert_eq!(yard.record("record.json.gz").ended, Ended::Complete);
    assert!(!yard.path().join("loadgate-report/records").exists());
    assert_eq!(fs::read_dir(yard.path().join("loadgate-report/logs")).unwrap().count(), 1);
}

#[test]
fn a_service_that_is_never_healthy_makes_the_run_invalid_and_its_last_lines_are_shown() {
    let yard = Yard::new(
        "echo 'no database at db:5432'; echo defaults: { status: 503 } > script.yml; exec MOCK --script script.yml",
        LOAD,
    );
    let wait = "target={ start: ./serve, wait_for: { get: /health, timeout: 300ms, interval: 50ms } }";
    let text = yard.ends_with(3, &["gate", "--set", wait]);
    assert!(text.contains("INVALID") && text.contains("was not ready within 300ms") && text.contains("status 503"), "{text}");
    assert!(text.contains("replicate 1 of 3: ") && text.contains("\n  | no database at db:5432\n"), "{text}");
    assert!(text.contains("the candidate 127.0.0.1:"), "{text}");
    let read = "Read what the candidate's service said: loadgate-report/logs/candidate-1.log\n";
    assert!(text.contains(&format!("next: {read}")) && !text.contains("curl"), "{text}");
    assert!(yard.text("loadgate-report/comment.md").contains("\nno database at db:5432\n"));
    assert!(yard.text("loadgate-report/report.html").contains("\nno database at db:5432\n"));
    assert_eq!(yard.record("records/candidate-1.json.gz").last_words[0].lines.len(), 2);
    assert_eq!(yard.started().len(), 1, "what is not healthy once is not tried again");
}

#[test]
fn a_command_that_says_nothing_of_its_port_is_told_before_it_is_waited_for() {
    let yard = Yard::new("", LOAD);
    yard.configure(&yard.text("loadgate.yml").replace("./serve", "'echo tea; sleep 600 # ${secret.KEY}'"));
    yard.configure(&format!("secrets: {{ KEY: {{ env: YARD_KEY }} }}\n{}", yard.text("loadgate.yml")));
    let note = "note: the command that starts the candidate says nothing of $PORT";
    let key = ["-e", "YARD_KEY=hunter2-hunter2"];
    let text = yard.ends_with(0, &[&["check"], &key[..]].concat());
    assert!(text.contains(note) && !text.contains("hunter2"), "{text}");
    let patience = ["--set", "target.wait_for={ get: /, timeout: 1s }"];
    let text = yard.ends_with(3, &[&["gate"], &key[..], &patience].concat());
    let places = [note, "--port $PORT", "the candidate 127.0.0.1:", "next: Read"].map(|part| text.find(part));
    assert!(places.iter().all(Option::is_some) && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_command_that_is_not_found_is_said_to_be_so() {
    let yard = Yard::new("", LOAD);
    let text = yard.ends_with(3, &["gate", "--start-candidate", "./no/such/server --port $PORT"]);
    assert!(text.contains("the candidate's service did not stay up before it was ready"), "{text}");
    assert!(text.contains("the command was not found (exit code 127)") && text.contains("hint: build it first"), "{text}");
    assert_eq!(yard.verdict()["verdict"], "invalid");
}

#[test]
fn a_command_that_leaves_its_service_in_the_background_is_told_to_stay() {
    let yard = Yard::new("MOCK & echo $! > children", LOAD);
    let text = yard.ends_with(3, &["run"]);
    assert!(!text.contains("says nothing of $PORT"), "the script does: {text}");
    assert!(text.contains("it ended by itself (exit code 0)") && text.contains("must stay in the foreground"), "{text}");
}

/// Each replicate is over as soon as its users are done, and nobody loses patience with an answer.
pub(crate) fn counted(users: u32, count: u32, load: &str, replicates: u32) -> String {
    format!(
        "\
stages: [ {{ vus: {users}, count: {count}, duration: 10m }} ]
scenarios: [ {{ get: /, timeout: 10m }} ]
http: {{ timeouts: {{ first_byte: 10m }} }}
load: {{ {load} }}
record: {{ window: 100ms }}
regression: {{ block: 100ms, replicates: {replicates} }}
"
    )
}

/// Serves; the third one answers nothing for ten minutes, so that there is time to do something to it.
const THIRD_IS_SLOW: &str = "\
latency=1ms
if [ $(wc -l < started) -ge 3 ]; then latency=600s; fi
MOCK --latency $latency &
echo $! >> children
wait $!
echo 'out of coffee'
exit 7";

#[test]
fn load_on_a_service_that_dies_ends_at_once_with_its_exit_code_and_last_words() {
    let yard = Yard::new(THIRD_IS_SLOW, &counted(2, 20, "graceful_stop: 5m", 4));
    let child = under_load(&yard, &["gate"], 3, 2);
    send("-KILL", yard.lines("children")[2].parse().unwrap());
    let output = child.wait_with_output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    yard.assert_all_gone();
    let reason = "replicate 3 of 4: the candidate's service did not stay up during the load: it ended by itself (exit code 7); it said last: out of coffee";
    assert!(yard.verdict()["reasons"][0].as_str().unwrap().contains(reason), "{text}");
    let ended = |n: usize| yard.record(&format!("records/candidate-{n}.json.gz")).ended;
    assert_eq!([1, 2, 3].map(ended), [Ended::Complete, Ended::Complete, Ended::Aborted]);
    assert_eq!(yard.started().len(), 3, "the fourth is not started any more");
}

#[test]
fn load_that_is_interrupted_leaves_no_process_and_a_partial_record() {
    for signal in ["-INT", "-TERM"] {
        let yard = Yard::new(THIRD_IS_SLOW, &counted(2, 20, "graceful_stop: 100ms", 4));
        let child = under_load(&yard, &["gate"], 3, 2);
        send(signal, child.id());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
        yard.assert_all_gone();
        assert_eq!(yard.record("records/candidate-3.json.gz").ended, Ended::Interrupted);
        assert_eq!(yard.verdict()["exit_code"], 130);
    }
}

#[test]
fn a_signal_while_a_service_is_awaited_leaves_no_process() {
    let yard = Yard::new("echo $$ >> children; exec sleep 600", LOAD);
    let child = loadgate(yard.path(), &["run"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while yard.started().is_empty() {}
    send("-TERM", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    yard.assert_all_gone();
}

#[test]
fn a_second_signal_does_not_wait_for_a_service_that_takes_its_time() {
    let yard = Yard::new(
        "trap '' TERM; echo $$ >> children; MOCK & while :; do sleep 600; done",
        &counted(2, 20, "graceful_stop: 100ms", 4),
    );
    let child = under_load(&yard, &["run"], 1, 2);
    send("-INT", child.id());
    send("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    yard.assert_all_gone();
}

#[test]
fn load_on_a_service_that_floods_its_output_goes_on_and_the_file_stays_small() {
    let yard = Yard::new("yes 'all work and no play' & exec MOCK", LOAD);
    yard.ends_with(0, &["run", "-q", "--set", "regression.replicates=1"]);
    let log = fs::metadata(yard.path().join("loadgate-report/logs/candidate-1.log")).unwrap();
    assert!(log.len() < 2 << 20, "{}", log.len());
}

#[test]
fn load_goes_to_the_port_that_the_address_names_and_not_beside_somebody_who_has_it() {
    let yard = Yard::new("exec MOCK", LOAD);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let target = format!("target={{ start: ./serve, base_url: 'http://127.0.0.1:{port}' }}");
    let text = yard.ends_with(3, &["run", "--set", &target]);
    assert!(text.contains(&format!("port {port} is taken")) && text.contains("hint: stop what listens there"), "{text}");
    assert!(yard.started().is_empty());
    drop(taken);
    yard.ends_with(0, &["run", "-q", "--set", &target]);
    assert!(yard.started().iter().all(|(_, given)| *given == port));
}

#[test]
fn load_needs_no_more_than_a_command_and_secrets_in_it_stay_secret() {
    let yard = Yard::new("", &format!("secrets: {{ TOKEN: {{ env: YARD_TOKEN }} }}\n{LOAD}"));
    yard.script("serve", "echo \"$$ $PORT\" >> started\necho \"token is $1\"\nexec MOCK");
    let text = yard
        .text("loadgate.yml")
        .replace("./serve", "'./serve ${secret.TOKEN}'")
        .replace("target: {", "target: { base_url: 'http://127.0.0.1:$PORT/api',");
    yard.configure(&text);
    let args = ["run", "-q", "-e", "YARD_TOKEN=hunter2-hunter2"];
    yard.ends_with(0, &args);
    assert_eq!(yard.text("loadgate-report/logs/candidate-1.log").lines().next(), Some("token is ***"));
    let shown = yard.ends_with(0, &["check", "-e", "YARD_TOKEN=hunter2-hunter2"]);
    assert!(shown.contains("start     ./serve ***\n") && shown.contains("target    http://127.0.0.1:$PORT/api\n"), "{shown}");
}

#[test]
fn commands_of_the_configuration_run_in_its_folder_and_those_of_flags_in_the_current_one() {
    let yard = Yard::new("exec MOCK", LOAD);
    let above = yard.path().parent().unwrap().to_owned();
    let config = yard.path().join("loadgate.yml");
    let run = |flags: &[&str]| {
        let args = [&["run", "-q", "-c", config.to_str().unwrap(), "--set", "regression.replicates=1"], flags].concat();
        let output = loadgate(&above, &args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    };
    run(&[]);
    let name = yard.path().file_name().unwrap().to_str().unwrap();
    run(&["--start-candidate", &format!("cd {name} && exec ./serve")]);
    assert_eq!(yard.started().len(), 2);
    yard.assert_all_gone();
}
