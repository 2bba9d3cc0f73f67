//! `loadgate gate` before a mock target: what the service does, what the gate says.

use std::{fs, path::PathBuf};

use crate::{
    bench::{Bench, closed_port},
    program::transcript,
    scripted::{read_request, server},
};

/// Short runs need short blocks and wide tolerances.
pub(crate) const CONFIG: &str = "\
name: shop
target: TARGET
stages:
  - { rate: 200/s, duration: 300ms, warmup: true }
  - { rate: 200/s, duration: 2s }
scenarios:
  - { name: items, weight: 2, get: /items }
  - { name: search, weight: 1, get: /search }
record: { window: 250ms }
regression:
  block: 250ms
  metrics:
    p50: { fail: 60%, sensitivity: 200% }
    p95: { fail: 100%, sensitivity: 300% }
    p99: { fail: 150%, sensitivity: 400% }
";
/// A second of load, judged by what follows `thresholds:`.
const SECOND: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 1s } ]
scenarios: [ { name: items, get: /items } ]
record: { window: 250ms }
regression: { block: 250ms }
";
pub(crate) const SHOP: &str = "
seed: 7
routes:
  - { path: /items, latency: 'lognormal:4ms,0.3' }
  - { path: /search, latency: 'lognormal:8ms,0.3' }
";

/// The stored runs.
fn baselines(bench: &Bench) -> Vec<PathBuf> {
    let files = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    // The figures of runs for the history lie in a folder beside them.
    files(bench.path().join("baselines/shop")).into_iter().flat_map(files).filter(|path| path.is_file()).collect()
}

fn with_thresholds(thresholds: &str) -> String {
    format!("{SECOND}thresholds: {thresholds}\n")
}

/// The story of a service: its first gates become its baseline; unchanged versions pass, worse ones don't.
#[test]
fn load_of_an_unchanged_service_is_never_failed_and_that_of_a_worse_one_is() {
    let bench = Bench::new(SHOP, CONFIG);
    let gate = ["gate", "--quiet"];
    let text = bench.ends_with(0, &gate);
    assert!(text.contains("no baseline yet, nothing compared"), "{text}");
    assert_eq!((&bench.verdict()["verdict"], &bench.verdict()["baseline"]), (&"warn".into(), &serde_json::Value::Null));
    let promote = ["baseline", "promote", "loadgate-report/record.json.gz"];
    bench.ends_with(0, &promote);

    for runs in 1..=4 {
        bench.behave(&SHOP.replace("seed: 7", &format!("seed: {runs}")));
        let text = bench.ends_with(0, &gate);
        let verdict = bench.verdict();
        assert_eq!((&verdict["baseline"]["runs"], &verdict["mode"]), (&runs.into(), &"baseline".into()), "{text}");
        assert_eq!(verdict["exit_code"], 0);
        bench.ends_with(0, &promote);
    }

    bench.behave(&SHOP.replace("lognormal:8ms", "lognormal:40ms"));
    let text = bench.ends_with(1, &gate);
    let verdict = bench.verdict();
    let regressed = |verdict: &serde_json::Value, metric: &str| {
        let rows = verdict["comparisons"].as_array().unwrap();
        let of_metric = rows.iter().filter(|row| row["metric"] == metric && row["outcome"] == "regressed");
        of_metric.map(|row| row["endpoint"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((verdict["verdict"].as_str(), verdict["exit_code"].as_u64()), (Some("fail"), Some(1)), "{text}");
    assert!(regressed(&verdict, "p50").contains(&"search".to_owned()), "{text}");
    assert!(!regressed(&verdict, "p50").contains(&"items".to_owned()), "{text}");
    assert!(
        verdict["reasons"].as_array().unwrap().iter().any(|reason| reason.as_str().unwrap().starts_with("search: p50")),
        "{verdict:#}"
    );
    assert!(bench.text("loadgate-report/comment.md").contains("search"), "the comment names the endpoint");
    assert!(bench.text("loadgate-report/junit.xml").contains("<failure"), "the test report has a failure");
    bench.ends_with(2, &promote);

    bench.behave(&SHOP.replace("path: /search", "path: /search, errors: { share: 20% }"));
    let text = bench.ends_with(1, &gate);
    assert_eq!(regressed(&bench.verdict(), "error_rate"), ["search"], "{text}");

    another_machine(&bench);
    damaged_baseline(&bench);
}

/// Baselines of another kind of runner are said and not compared with.
fn another_machine(bench: &Bench) {
    bench.behave(SHOP);
    let elsewhere = |args: &[&str]| bench.command(args).env("LOADGATE_RUNNER_CLASS", "perf-lab").output().unwrap();
    let output = elsewhere(&["gate", "--quiet"]);
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("runner class: here 'perf-lab', there 'local'"), "{text}");
    let verdict = bench.verdict();
    assert_eq!(
        (&verdict["verdict"], &verdict["baseline"], verdict["comparisons"].as_array().unwrap().len()),
        (&"warn".into(), &serde_json::Value::Null, 0)
    );
    let output = elsewhere(&["gate", "--quiet", "--set", "regression.policy.env_mismatch=fail"]);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
}

/// A baseline that can't be read is found before any load is sent.
fn damaged_baseline(bench: &Bench) {
    bench.behave(SHOP);
    let newest = baselines(bench).into_iter().max().unwrap();
    let whole = fs::read(&newest).unwrap();
    fs::write(&newest, &whole[..whole.len() / 2]).unwrap();
    let text = bench.ends_with(2, &["gate", "--quiet"]);
    assert!(text.contains("the record is damaged") && text.contains("hint: restore the file"), "{text}");
    assert!(text.contains(newest.file_name().unwrap().to_str().unwrap()), "{text}");
    assert_eq!(bench.requests(), 0);
}

#[test]
fn load_that_breaks_a_promise_fails_and_one_that_only_warns_does_not() {
    let bench = Bench::new("{ defaults: { latency: 5ms } }", &with_thresholds("[ items.p50 < 1ms, error_rate < 1% ]"));
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    let verdict = bench.verdict();
    assert_eq!(verdict["verdict"], "fail", "{text}");
    let outcomes: Vec<_> = verdict["thresholds"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["fail", "pass"]);
    assert!(verdict["thresholds"][0]["actual"].as_f64().unwrap() >= 5_000.0, "{verdict:#}");

    bench.configure(&with_thresholds("[ { expr: items.p50 < 1ms, severity: warn } ]"));
    let text = bench.ends_with(0, &["gate", "--quiet"]);
    assert_eq!(
        (&bench.verdict()["verdict"], &bench.verdict()["thresholds"][0]["outcome"]),
        (&"warn".into(), &"warn".into()),
        "{text}"
    );
}

#[test]
fn load_that_is_answered_with_errors_breaks_the_promise_on_errors() {
    let config = with_thresholds("[ error_rate < 1%, p95 < 1s ]");
    let bench = Bench::new("{ defaults: { status: 503 } }", &config);
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert!(text.contains("5xx"), "{text}");
    assert_eq!(bench.record("loadgate-report/record.json.gz").failures[0].message, "status 503");
    let verdict = bench.verdict();
    let outcomes: Vec<_> = verdict["thresholds"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["fail", "fail"], "a latency without a success is no pass: {verdict:#}");
    assert_eq!(verdict["candidate"]["errors"], 100);

    bench.behave("{ defaults: { resets: { share: 100% } } }");
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert!(text.contains("reset"), "{text}");
}

#[test]
fn load_that_can_not_tell_is_inconclusive_and_fails_where_the_policy_says_so() {
    // Two blocks are too few to compare a latency by.
    let config = SECOND.replace("block: 250ms", "block: 500ms");
    let bench = Bench::new("{ defaults: { latency: 2ms } }", &config);
    bench.ends_with(0, &["run", "--quiet"]);
    bench.ends_with(0, &["baseline", "promote", "--unjudged", "--no-warmup", "loadgate-report/record.json.gz"]);
    let text = bench.ends_with(0, &["gate", "--quiet"]);
    assert_eq!(bench.verdict()["verdict"], "inconclusive", "{text}");
    bench.ends_with(4, &["gate", "--quiet", "--set", "regression.policy.inconclusive=fail"]);
    assert_eq!((&bench.verdict()["verdict"], &bench.verdict()["exit_code"]), (&"inconclusive".into(), &4.into()));
}

#[test]
fn load_without_a_request_in_a_measured_stage_is_invalid() {
    // The one request that may be in flight is never answered: all of the measured arrivals are dropped.
    let port = server(|mut stream| while read_request(&mut stream).is_some() {});
    let config = "\
name: shop
target: TARGET
stages: [ { rate: 10/s, duration: 200ms, warmup: true }, { rate: 50/s, duration: 500ms } ]
load: { max_in_flight: 1, graceful_stop: 100ms }
scenarios: [ GET / ]
thresholds: [ error_rate < 1%, p95 < 1s ]
";
    let bench = Bench::new("{}", config);
    bench.configure(&config.replace("TARGET", &format!("http://127.0.0.1:{port}")));
    let text = bench.ends_with(3, &["gate", "--quiet"]);
    let verdict = bench.verdict();
    assert_eq!((&verdict["verdict"], &verdict["candidate"]["requests"]), (&"invalid".into(), &0.into()), "{text}");
    assert!(verdict["thresholds"].as_array().unwrap().iter().all(|row| row["outcome"] == "no_data"), "{verdict:#}");
    bench.ends_with(3, &["run", "--quiet"]);
}

#[test]
fn a_target_that_is_down_is_invalid_and_the_reports_say_why() {
    let bench = Bench::new("{}", SECOND);
    let down = format!("http://127.0.0.1:{}", closed_port());
    bench.configure(&SECOND.replace("TARGET", &down));
    let text = bench.ends_with(3, &["gate"]);
    assert!(text.contains("can't be reached: Connection refused"), "{text}");
    let verdict = bench.verdict();
    assert_eq!((&verdict["verdict"], &verdict["exit_code"]), (&"invalid".into(), &3.into()));
    assert!(verdict["reasons"][0].as_str().unwrap().contains("can't be reached"), "{verdict:#}");
    assert!(bench.text("loadgate-report/comment.md").contains("can't be reached"));

    let waiting = format!("{{ base_url: {down}, wait_for: {{ get: /health, timeout: 200ms, interval: 50ms }} }}");
    bench.configure(&SECOND.replace("TARGET", &waiting));
    let text = bench.ends_with(3, &["gate"]);
    assert!(text.contains("was not ready within 200ms") && text.contains("probes of /health"), "{text}");
}

#[test]
fn a_target_that_never_gets_healthy_is_invalid_and_gets_no_load() {
    let bench = Bench::new("{ defaults: { status: 503 } }", SECOND);
    let wait = "{ base_url: TARGET, wait_for: { get: /health, timeout: 300ms, interval: 50ms } }";
    bench.configure(&SECOND.replace("TARGET", wait));
    let text = bench.ends_with(3, &["gate"]);
    assert!(text.contains("was not ready within 300ms") && text.contains("status 503"), "{text}");
    let seen = bench.seen();
    assert!((1..=7).contains(&seen["requests"].as_u64().unwrap()), "probes only: {seen:#}");
    assert_eq!(bench.verdict()["verdict"], "invalid");
}
