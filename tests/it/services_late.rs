//! A load generator that was late in one replicate: it is played again, and what it was is said and kept apart.

use std::{fs, process::Output, thread, time::Duration};

use crate::{
    program::transcript,
    services::{Yard, send, under_load},
};

/// What a busy machine may cost is far below what a frozen generator is late by.
const CONFIG: &str = "\
stages: [ { rate: 100/s, duration: 200ms, warmup: true }, { rate: 100/s, duration: 3s } ]
scenarios: [ GET / ]
record: { window: 500ms }
regression: { block: 500ms, replicates: 3 }
thresholds: [ error_rate < 1% ]
safety: { self_protection: { cpu: 100%, late_p99: 800ms } }
";
/// How long the generator is frozen, at least: a longer time changes nothing.
const FROZEN: Duration = Duration::from_millis(1_500);

/// Runs the program, and freezes it in the middle of the load on its service of this number, from 1.
#[expect(clippy::disallowed_methods, reason = "time itself is waited for: in a frozen process nothing happens")]
fn frozen_in(yard: &Yard, number: usize, args: &[&str]) -> Output {
    let child = under_load(yard, args, number, 60);
    send("-STOP", child.id());
    thread::sleep(FROZEN);
    send("-CONT", child.id());
    child.wait_with_output().unwrap()
}

fn files(yard: &Yard, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(yard.path().join(folder)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn load_of_a_late_replicate_is_played_again_and_the_gate_counts() {
    let yard = Yard::new("exec MOCK", CONFIG);
    let output = frozen_in(&yard, 2, &["gate"]);
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(yard.started().len(), 4, "{text}");
    let verdict = yard.verdict();
    let set_aside = &verdict["set_aside"][0];
    assert_eq!((&verdict["verdict"], &verdict["replicates"]), (&"warn".into(), &3.into()), "{text}");
    assert_eq!((&set_aside["replicate"], &set_aside["played_again"]), (&2.into(), &true.into()), "{text}");
    let why = "the load generator was late itself: 1% of the requests were sent ";
    assert!(text.contains(&format!("note: replicate 2 of 3 is played again: {why}")), "{text}");
    let told = format!("replicate 2 was played again: {why}");
    assert!(text.contains(&told) && yard.text("loadgate-report/comment.md").contains(&told), "{text}");
    assert!(yard.text("loadgate-report/report.html").contains("set aside"));
    let numbered = ["candidate-1.json.gz", "candidate-2.json.gz", "candidate-3.json.gz"];
    assert_eq!(files(&yard, "loadgate-report/records"), numbered);
    assert_eq!(files(&yard, "loadgate-report/set-aside"), ["candidate-2-1.json.gz"]);
    assert_eq!(
        files(&yard, "loadgate-report/logs"),
        ["candidate-1.log", "candidate-2-set-aside-1.log", "candidate-2.log", "candidate-3.log"]
    );
    yard.assert_all_gone();

    let text = yard.ends_with(0, &["run", "-q", "--set", "regression.replicates=1"]);
    assert!(files(&yard, "loadgate-report/set-aside").is_empty(), "nobody takes it for a part of this run: {text}");
}

#[test]
fn load_of_a_late_run_that_is_recorded_is_repeated_and_the_others_are_stored_as_they_come() {
    let yard = Yard::new("exec MOCK", CONFIG);
    let output = frozen_in(&yard, 2, &["baseline", "record", "--runs", "2", "-q"]);
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("note: replicate 2 of 2 is played again: the load generator was late itself"), "{text}");
    let listed = String::from_utf8(yard.run(&["baseline", "list"]).stdout).unwrap();
    assert_eq!((yard.started().len(), listed.lines().count()), (3, 1 + 2), "{listed}");
}

#[test]
fn load_of_a_run_by_itself_that_was_late_is_invalid_and_the_advice_fits_the_figures() {
    let yard = Yard::new("exec MOCK --error-share 100%", &CONFIG.replace("replicates: 3", "replicates: 1"));
    let output = frozen_in(&yard, 1, &["gate"]);
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("INVALID: no measurement: the load generator was late itself: "), "{text}");
    assert!(text.contains("besides, all 300 requests failed, most of them with 5xx"), "{text}");
    assert!(
        text.contains("next: Run it again, on a machine that does nothing else meanwhile") && !text.contains("larger"),
        "{text}"
    );
    assert_eq!(yard.verdict()["set_aside"], serde_json::Value::Null);
}

#[test]
fn load_of_a_late_replicate_is_no_excuse_for_a_service_that_fails() {
    let yard = Yard::new("exec MOCK --error-share 100%", CONFIG);
    let output = frozen_in(&yard, 2, &["gate", "-q"]);
    let text = transcript(&output);
    assert_eq!((output.status.code(), yard.started().len()), (Some(1), 4), "{text}");
    assert!(text.contains("error_rate < 1% is 100%"), "{text}");
}

#[test]
fn load_of_a_late_pair_is_played_again_where_noise_is_learned() {
    let yard = Yard::new("exec MOCK --latency lognormal:4ms,0.3", &CONFIG.replace("replicates: 3", "replicates: 1"));
    let output = frozen_in(&yard, 1, &["calibrate", "-q", "--runs", "1", "--set", "target.baseline_start=./serve"]);
    let text = transcript(&output);
    assert_eq!((output.status.code(), yard.started().len()), (Some(0), 4), "{text}");
    assert!(text.contains("note: the run is played again: the load generator was late itself: "), "{text}");
    assert!(text.contains("from 1 pair"), "{text}");
}
