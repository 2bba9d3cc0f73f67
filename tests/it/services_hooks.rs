//! Commands around a run, and baselines that are recorded with fresh processes.

use std::{fs, process::Stdio};

use crate::{
    program::{loadgate, transcript},
    services::Yard,
};

const LOAD: &str = "\
stages: [ { rate: 50/s, duration: 100ms, warmup: true }, { rate: 100/s, duration: 300ms } ]
scenarios: [ GET / ]
record: { window: 100ms }
regression: { block: 100ms, replicates: 2 }
";

const HOOKS: &str = "\
hooks:
  before: [ echo before-1 >> story, { run: echo before-2 >> story, timeout: 10s } ]
  restart: echo restart >> story
  after: [ { run: echo after-1 >> story; exit 3 }, { run: echo after-2 >> story, always: true } ]
";

fn yard(serve: &str) -> Yard {
    Yard::new(&format!("echo start >> story\n{serve}"), &format!("{LOAD}{HOOKS}"))
}

#[test]
fn load_has_its_hooks_around_it_and_a_restart_before_each_replicate() {
    let yard = yard("exec MOCK");
    let text = yard.ends_with(0, &["run"]);
    assert_eq!(yard.lines("story"), ["before-1", "before-2", "restart", "start", "restart", "start", "after-1", "after-2"]);
    let warning = "warning: the hook after-1 (`echo after-1 >> story; exit 3`) failed: it ended by itself (exit code 3)";
    assert!(text.contains(warning), "{text}");
}

#[test]
fn what_is_always_to_be_done_is_done_after_a_run_that_failed() {
    let yard = yard("exit 9");
    yard.ends_with(3, &["run"]);
    assert_eq!(yard.lines("story"), ["before-1", "before-2", "restart", "start", "after-2"]);
}

#[test]
fn a_hook_that_fails_at_the_beginning_keeps_the_run_from_being_made() {
    let yard = yard("exec MOCK");
    let text = yard.ends_with(3, &["gate", "--set", "hooks.before=[ { run: 'echo no seed; exit 4' } ]"]);
    assert_eq!(yard.lines("story"), ["after-2"]);
    assert_eq!(yard.verdict()["verdict"], "invalid");
    assert!(text.contains("the hook before-1 (`echo no seed; exit 4`) failed") && text.contains("\n  | no seed\n"), "{text}");
    let text = yard.ends_with(3, &["gate", "--set", "hooks.restart=no-such-command"]);
    assert!(
        text.contains("replicate 1 of 2: the hook restart-1 (`no-such-command`) failed: the command was not found"),
        "{text}"
    );
    let text = yard.ends_with(3, &["run", "--set", "hooks.restart={ run: 'echo $$$$ >> children; sleep 600', timeout: 100ms }"]);
    assert!(text.contains("failed: it did not end within 100ms"), "{text}");
}

#[test]
fn a_signal_ends_a_hook_and_the_run_with_it() {
    let yard = yard("exec MOCK");
    let args = ["run", "--set", "hooks.before=[ 'echo $$$$ >> children; exec sleep 600' ]"];
    let child = loadgate(yard.path(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while yard.lines("children").is_empty() {}
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", transcript(&output));
    yard.assert_all_gone();
    assert_eq!(yard.lines("story"), ["after-2"]);
}

#[test]
fn load_of_recorded_baselines_meets_fresh_processes_and_is_stored_run_by_run() {
    let yard = Yard::new("exec MOCK", LOAD);
    let text = yard.ends_with(0, &["baseline", "record", "--runs", "3", "-q"]);
    assert_eq!(yard.started().len(), 3, "{text}");
    let listed = String::from_utf8(yard.run(&["baseline", "list"]).stdout).unwrap();
    assert_eq!(listed.lines().count(), 1 + 3, "{listed}");
    let gated = yard.ends_with(0, &["gate", "-q"]);
    assert_eq!(yard.verdict()["baseline"]["runs"], 3, "{gated}");
    yard.ends_with(2, &["baseline", "record", "--runs", "21"]);
    let cold = yard.ends_with(2, &["baseline", "record", "-c", "cold.yml"]);
    assert!(cold.contains("cold.yml"), "{cold}");
}

#[test]
fn load_that_breaks_a_promise_is_no_baseline_and_neither_is_one_of_a_cold_service() {
    let yard = Yard::new("exec MOCK --error-share 50%", &format!("{LOAD}thresholds: [ error_rate < 1% ]\n"));
    let text = yard.ends_with(3, &["baseline", "record", "--runs", "2", "-q"]);
    assert!(text.contains("error: the run is not stored: ") && text.contains("error_rate"), "{text}");
    assert!(!yard.path().join("baselines").exists());
    let cold = yard.text("loadgate.yml").replace(", warmup: true", "");
    yard.configure(&cold);
    let text = yard.ends_with(2, &["baseline", "record"]);
    assert!(text.contains("the first stage is measured") && text.contains("--no-warmup"), "{text}");
}

#[test]
fn load_of_a_service_that_dies_in_a_later_run_leaves_the_runs_before_it() {
    let yard = Yard::new("if [ $(wc -l < started) -ge 3 ]; then exit 5; fi\nexec MOCK", LOAD);
    let text = yard.ends_with(3, &["baseline", "record", "--runs", "4", "-q"]);
    assert!(text.contains("replicate 3 of 4: ") && text.contains("(exit code 5)") && text.contains("stored before: 2"), "{text}");
    let stored = fs::read_dir(yard.path().join("baselines/shop")).unwrap().next().unwrap().unwrap();
    let runs = fs::read_dir(stored.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(runs.count(), 2);
}
