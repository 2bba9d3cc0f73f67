//! What steers the load, as a user meets it: exit codes, words, files.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use loadgate::record::Ended;

use crate::{bench::Bench, program::transcript};

const FAILING: &str = "defaults: { latency: 1ms }\nroutes: [ { path: /items, status: 503 } ]";
const HEAD: &str = "version: 1\ntarget: TARGET\nscenarios: [ { name: items, get: /items } ]\n";

fn config(rest: &str) -> String {
    format!("{HEAD}{rest}\n")
}

#[test]
fn load_that_breaks_a_promise_to_abort_ends_early_with_its_record_and_exit_code() {
    let bench = Bench::new(
        FAILING,
        &config(
            "stages: [ { rate: 100/s, duration: 10m } ]\n\
             thresholds: [ { expr: error_rate < 20% over 2s, abort: true, grace: 3s } ]",
        ),
    );
    let text = bench.ends_with(3, &["gate", "--no-publish"]);
    let reason = "error_rate < 20% over 2s is broken: 100% at worst after 3s, and the configuration says to abort then";
    assert!(text.contains(reason), "{text}");
    let record = bench.record("loadgate-report/record.json.gz");
    assert_eq!((record.ended, record.ended_because.as_deref()), (Ended::Aborted, Some(reason)));
    let total = record.total();
    assert!(total.requests >= 300 && total.requests == total.error_count(), "what was measured is kept: {}", total.requests);
    assert_eq!(bench.verdict()["verdict"], "invalid");
}

#[test]
fn load_that_keeps_a_promise_to_abort_is_played_to_its_end() {
    let bench = Bench::new(
        "defaults: { latency: 1ms }",
        &config("stages: [ { rate: 100/s, duration: 3s } ]\nthresholds: [ { expr: error_rate < 20% over 1s, abort: true } ]"),
    );
    bench.ends_with(0, &["run"]);
    assert_eq!(bench.record("loadgate-report/record.json.gz").ended, Ended::Complete);
}

#[test]
fn load_on_a_target_that_fails_for_good_is_given_up_by_the_circuit_breaker() {
    let bench = Bench::new(
        FAILING,
        &config(
            "stages: [ { rate: 200/s, duration: 10m } ]\n\
             safety: { circuit_breaker: { error_rate: 50%, window: 1s, min_requests: 50, retry_after: 300ms, trips: 2 } }",
        ),
    );
    let text = bench.ends_with(3, &["run"]);
    assert!(text.contains("the circuit breaker opened 2 times, at last because"), "{text}");
    let record = bench.record("loadgate-report/record.json.gz");
    assert_eq!((record.ended, record.breaker.len()), (Ended::Aborted, 3), "{:#?}", record.breaker);
    let events = bench.json("loadgate-report/summary.json")["events"].clone();
    assert_eq!(events[0]["what"], "circuit breaker open", "{events:#}");
}

/// A limit that any load is beyond, so that the test needs no machine that is really too small.
const TINY: &str = "cpu: 0.01%, every: 1s, late_p99: 60s";

#[test]
fn load_of_a_saturated_generator_is_no_measurement_in_a_gate_and_a_warning_in_a_run() {
    let bench = Bench::new(
        "defaults: { latency: 1ms }",
        &config(&format!("stages: [ {{ rate: 200/s, duration: 3s }} ]\nsafety: {{ self_protection: {{ {TINY} }} }}")),
    );
    let text = bench.ends_with(3, &["gate", "--no-publish"]);
    assert!(
        text.contains("INVALID: no measurement: the load generator was the bottleneck: its busiest thread was busy"),
        "{text}"
    );
    assert!(text.contains("(0.01% are allowed)"), "with the figures: {text}");
    let checks = bench.verdict()["validity"].as_array().unwrap().clone();
    let check = checks.iter().find(|check| check["check"] == "generator_saturated").unwrap();
    assert!(check["ok"] == false && check["value"].as_f64().unwrap() > 0.0001, "{check}");
    let text = bench.ends_with(0, &["run"]);
    assert!(text.contains("warning: the load generator was the bottleneck: "), "{text}");
}

#[test]
fn load_of_a_saturated_generator_is_shed_where_the_configuration_says_so() {
    let bench = Bench::new(
        "defaults: { latency: 1ms }",
        &config(&format!(
            "stages: [ {{ rate: 500/s, duration: 4s }} ]\nsafety: {{ self_protection: {{ {TINY}, shed: 50%, on_saturated: shed }} }}"
        )),
    );
    let text = bench.ends_with(0, &["run"]);
    assert!(text.contains("warning: the load generator had too much to do and shed load, down to "), "{text}");
    let record = bench.record("loadgate-report/record.json.gz");
    let (kept, stage) = (&record.generator.shed, &record.plan.stages[0]);
    let halves = std::iter::successors(Some(0.5), |kept| Some(kept / 2.0));
    assert!(!kept.is_empty() && kept.iter().map(|event| event.kept).eq(halves.take(kept.len())), "{kept:#?}");
    assert_eq!(record.generator.saturated, None);
    assert_eq!(stage.offered + stage.held_back, 2_000);
    assert_eq!(stage.withheld, stage.held_back);
    let left_s = 4.0 - kept[0].at_us as f64 / 1e6;
    let least = left_s * 500.0 * 0.5 - 25.0;
    assert!(stage.held_back as f64 >= least, "half of the load of the last {left_s} s, or more: {}", stage.held_back);
    assert_eq!(bench.requests(), stage.started);
}

#[test]
fn load_that_is_shed_is_that_of_the_lowest_priority_first() {
    let bench = Bench::new(
        "defaults: { latency: 1ms }",
        &format!(
            "version: 1\ntarget: TARGET\nrecord: {{ window: 100ms }}\nstages: [ {{ rate: 500/s, duration: 4s }} ]\nscenarios:\n\
             - {{ name: important, weight: 8, priority: 9, get: /important }}\n\
             - {{ name: extra, weight: 2, priority: 1, get: /extra }}\n\
             safety: {{ self_protection: {{ {TINY}, shed: 20%, on_saturated: shed }} }}\n"
        ),
    );
    bench.ends_with(0, &["run"]);
    let record = bench.record("loadgate-report/record.json.gz");
    // A fifth of the load is all of `extra`; what is shed at the next look falls on `important`.
    let [first, second] = [0, 1].map(|n: usize| record.generator.shed[n].at_us);
    let windows = |name: &str| -> Vec<(u64, u64)> {
        let windows = record.endpoint(name).unwrap().stages[0].iter().enumerate();
        windows.map(|(n, window)| (n as u64 * 100_000, window.requests)).collect()
    };
    let sent = |name: &str, from: u64, until: u64| -> Vec<u64> {
        let within = |begins: u64| begins >= from && begins + 100_000 <= until;
        windows(name).into_iter().filter(|window| within(window.0)).map(|window| window.1).collect()
    };
    assert!(sent("extra", 0, first).iter().sum::<u64>() > 0, "both are sent at first");
    assert_eq!(sent("extra", second, 4_000_000).iter().sum::<u64>(), 0, "nothing of it is left: {:?}", windows("extra"));
    let important = sent("important", first, second);
    let (windows, requests) = (important.len() as u64, important.iter().sum::<u64>());
    assert!(windows > 0 && requests >= windows * 36, "all of it is about 40 in each 100 ms, four fifths are 32: {important:?}");
    assert!(sent("important", second, 4_000_000).iter().sum::<u64>() > 0, "it goes on");
}

#[test]
fn load_tells_its_progress_in_a_log() {
    let bench = Bench::new("defaults: { latency: 20ms }", &config("stages: [ { rate: 100/s, duration: 6s, name: steady } ]"));
    let mut child = bench.command(&["run", "--log-format", "json"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines: Vec<String> = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success());
    let line: serde_json::Value = lines.iter().find_map(|line| serde_json::from_str(line).ok()).unwrap();
    assert_eq!((line["stage"].as_str(), line["breaker"].as_str()), (Some("steady"), Some("closed")), "{line}");
    assert!(line["p50_us"].as_u64().unwrap() >= 20_000 && line["requests"].as_u64().unwrap() > 0, "{line}");
    let output = bench.run(&["run"]);
    let text = transcript(&output);
    assert!(text.contains("steady  5s of 6s, ") && text.contains("/s done  p50 2") && text.contains("0% failed"), "{text}");
}

#[cfg(unix)]
#[test]
fn load_of_a_generator_that_was_frozen_charges_the_wait_and_says_so() {
    use std::{sync::mpsc, time::Duration};

    use rustix::process::{Pid, Signal, kill_process};

    let freeze = Duration::from_millis(500);
    let bench = Bench::new("defaults: { latency: 1ms }", &config("stages: [ { rate: 400/s, duration: 4s } ]"));
    let child = bench.command(&["run", "--quiet"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    while bench.requests() < 400 {}
    kill_process(pid, Signal::STOP).unwrap();
    // Nobody sends: the time passes and nothing else.
    let (_quiet, nothing) = mpsc::channel::<()>();
    nothing.recv_timeout(freeze).unwrap_err();
    kill_process(pid, Signal::CONT).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = transcript(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("warning: the load generator stood still for "), "{text}");
    let record = bench.record("loadgate-report/record.json.gz");
    assert_eq!((record.offered(), record.started()), (1_600, 1_600), "what was due meanwhile was sent afterwards");
    // The thread wakes up ten times a second, so the freeze began at most that long before a pulse was due.
    assert!(record.generator.sched_lag_max_us >= Some(390_000), "{:?}", record.generator.sched_lag_max_us);
    let total = record.total();
    assert!(total.response.max() >= Some(490_000), "the first of them waited for all of it: {:?}", total.response.max());
    let waited =
        total.response.count() - total.response.buckets().take_while(|bucket| bucket.0 < 100_000).map(|b| b.1).sum::<u64>();
    assert!(waited >= 150, "those of 400 ms waited for 100 ms or more: {waited}");
}
