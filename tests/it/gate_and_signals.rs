//! SIGINT and SIGTERM in the middle of a gate: it ends at once, with what was measured until then.

use std::{
    io::Write as _,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use loadgate::{clock, record::Ended};

use crate::{
    bench::Bench,
    program::transcript,
    scripted::{read_request, server},
};

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 10m } ]
scenarios: [ GET / ]
load: { graceful_stop: 5m }
record: { window: 100ms }
regression: { block: 1s }
";

fn start(bench: &Bench, args: &[&str]) -> Child {
    bench.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Sends a signal when the target has seen so many requests.
fn signalled(bench: &Bench, mut child: Child, signal: &str, requests: u64) -> Output {
    while bench.requests() < requests {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    send(signal, &child);
    child.wait_with_output().unwrap()
}

#[test]
fn load_that_is_interrupted_leaves_a_partial_record_and_ends_with_130() {
    for (signal, command) in [("-INT", "gate"), ("-TERM", "gate"), ("-INT", "run")] {
        let bench = Bench::new("{}", CONFIG);
        let output = signalled(&bench, start(&bench, &[command]), signal, 40);
        let text = transcript(&output);
        assert_eq!(output.status.code(), Some(130), "{signal} {command}: {text}");
        assert!(text.contains("interrupted"), "{text}");
        let record = bench.record("loadgate-report/record.json.gz");
        assert_eq!(record.ended, Ended::Interrupted);
        assert_eq!(record.total().requests, bench.requests(), "what was sent is recorded");
        assert!(record.plan.stages[0].played_us < record.plan.stages[0].duration_us);
        if command == "gate" {
            let verdict = bench.verdict();
            assert_eq!((&verdict["verdict"], &verdict["exit_code"]), (&"invalid".into(), &130.into()));
        }
        bench.ends_with(2, &["baseline", "promote", "--unjudged", "--no-warmup", "loadgate-report/record.json.gz"]);
    }
}

#[test]
fn load_that_is_never_answered_is_not_waited_for_after_a_second_signal() {
    let port = server(|mut stream| while read_request(&mut stream).is_some() {});
    let bench = Bench::new("{}", CONFIG);
    bench.configure(&CONFIG.replace("TARGET", &format!("http://127.0.0.1:{port}")).replace("GET /", "{ get: /, timeout: 5m }"));
    let mut child = start(&bench, &["run", "--log-format", "json"]);
    // The first line of progress is the evidence that load is on its way.
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    assert!(line.contains("\"event\":\"progress\""), "{line}");
    send("-TERM", &child);
    send("-INT", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    let total = bench.record("loadgate-report/record.json.gz").total();
    assert!(total.requests > 0 && total.error_count() == total.requests, "every request is a timeout: {:?}", total.errors);
}

#[test]
fn a_signal_while_the_target_is_awaited_ends_the_waiting() {
    let wait = "{ base_url: TARGET, wait_for: { get: /health, timeout: 10m, interval: 10m } }";
    let bench = Bench::new("{ defaults: { status: 503 } }", &CONFIG.replace("TARGET", wait));
    let output = signalled(&bench, start(&bench, &["gate"]), "-INT", 1);
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    assert_eq!((bench.requests(), &bench.verdict()["verdict"]), (1, &"invalid".into()));
}

#[test]
fn load_whose_progress_nobody_reads_is_ended_by_a_signal_all_the_same() {
    let bench = Bench::new("{}", CONFIG);
    // A pipe that is kept full: whatever is written to it waits until the reader goes away.
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stderr = writer.try_clone().unwrap();
    let filler = thread::spawn(move || while writer.write_all(&[b'.'; 4096]).is_ok() {});
    let mut child = bench.command(&["run"]).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
    // The first line of progress is told after five seconds.
    while bench.requests() < 560 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    send("-TERM", &child);
    let record = bench.path().join("loadgate-report/record.json.gz");
    let is_there = (0..600).any(|_| {
        clock::pause(Duration::from_millis(100));
        record.exists()
    });
    assert!(is_there, "the record is written though nobody reads");
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    filler.join().unwrap();
    assert_eq!(bench.record("loadgate-report/record.json.gz").ended, Ended::Interrupted);
}
