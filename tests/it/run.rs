//! `loadgate run`: what is sent, what is written, what is printed.

use serde_json::Value;

use crate::bench::{Bench, closed_port};

/// 50 arrivals that do not count, then 300 that do.
const CONFIG: &str = "\
name: shop
target: TARGET
stages:
  - { name: warm-up, rate: 100/s, duration: 500ms, warmup: true }
  - { name: steady, rate: 150/s, duration: 2s }
scenarios:
  - { name: items, weight: 3, get: /items }
  - { name: order, weight: 1, post: /orders, json: { sku: A-1 }, check: { status: 201 } }
record: { window: 500ms }
";
const SHOP: &str = "{ defaults: { latency: 2ms }, routes: [ { path: /orders, method: POST, status: 201 }, { path: /items } ] }";

/// The names of an object's fields.
fn fields(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn load_sends_exactly_what_is_due_marked_as_a_test_and_records_what_counts() {
    let bench = Bench::new(SHOP, CONFIG);
    let output = bench.run(&["run", "--json", "--quiet"]);
    assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(0), true), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, bench.text("loadgate-report/summary.json"), "stdout is the file and nothing else");

    let seen = bench.seen();
    assert_eq!((&seen["requests"], &seen["headers"]["x-load-test"]["values"]["true"]), (&350.into(), &350.into()), "{seen:#}");
    let accepted = seen["connections"]["accepted"].as_u64().unwrap();
    assert!(accepted < 50, "{accepted} connections for 350 requests: {seen:#}");
    assert_eq!(seen["request_body_bytes"].as_u64().unwrap() % 13, 0, "each order is {{\"sku\":\"A-1\"}}: {seen:#}");

    let record = bench.record("loadgate-report/record.json.gz");
    assert_eq!((record.suite.as_str(), record.total().requests, record.total().error_count()), ("shop", 300, 0));
    let [warm_up, steady] = &record.plan.stages[..] else { panic!("{:?}", record.plan.stages) };
    assert_eq!((warm_up.offered, warm_up.started, steady.offered, steady.started), (50, 50, 300, 300));
    let windows: Vec<_> = record.endpoints.iter().map(|endpoint| (endpoint.stages[0].len(), endpoint.stages[1].len())).collect();
    assert_eq!(windows, [(0, 4), (0, 4)], "warm-up is played and not recorded");
    let late = &record.generator.late_by_window;
    assert_eq!((late.len(), late[0].len(), late[1].len()), (2, 0, 4));
    for (n, late) in late[1].iter().enumerate() {
        let requests: u64 = record.endpoints.iter().map(|endpoint| endpoint.stages[1][n].requests).sum();
        assert_eq!(late.sent, requests, "each request has waited for its time, and is noted in the window it was due in");
    }
}

#[test]
fn load_is_summed_up_with_every_figure_of_the_contract() {
    let bench = Bench::new(SHOP, CONFIG);
    bench.ends_with(0, &["run", "--quiet", "--out", "elsewhere"]);
    assert!(!bench.path().join("loadgate-report").exists(), "--out replaces the folder");
    let summary = bench.json("elsewhere/summary.json");
    assert_eq!(summary["schema"], "loadgate/summary/v1");
    assert_eq!(
        fields(&summary["generator"]),
        [
            "late_p99_us",
            "late_max_us",
            "late_over_1ms",
            "cpu_share",
            "max_rss_bytes",
            "busy_share_max",
            "memory_share_max",
            "sched_lag_p99_us",
            "sched_lag_max_us",
            "throttled_us",
            "steal_share_max",
            "saturated",
        ],
        "{summary:#}"
    );
    let endpoints = summary["endpoints"].as_array().unwrap();
    let names: Vec<_> = endpoints.iter().map(|endpoint| endpoint["endpoint"].as_str().unwrap()).collect();
    assert_eq!(names, ["items", "order"]);
    for endpoint in endpoints.iter().chain([&summary["total"]]) {
        let expected = [
            "endpoint",
            "requests",
            "errors",
            "error_rate",
            "achieved_rate_per_s",
            "dropped",
            "response_time_us",
            "service_time_us",
            "errors_by_class",
            "retries",
            "retried",
            "connections",
            "connection_reuse",
            "phases_mean_us",
        ];
        assert_eq!(fields(endpoint), expected);
        for time in ["response_time_us", "service_time_us"] {
            let mut names = fields(&endpoint[time]);
            names.sort_unstable();
            assert_eq!(names, ["max", "mean", "p50", "p90", "p95", "p99", "p999"], "{endpoint:#}");
            assert!(endpoint[time]["p50"].as_f64().unwrap() >= 2_000.0, "the target takes 2 ms: {endpoint:#}");
        }
    }
    assert_eq!((&summary["total"]["requests"], &summary["total"]["error_rate"]), (&300.into(), &0.0.into()));
    assert_eq!(summary["total"]["achieved_rate_per_s"], 150.0);
}

#[test]
fn load_of_the_same_seed_is_the_same_sequence() {
    let per_route = |seed: &str| {
        let bench = Bench::new(SHOP, CONFIG);
        bench.ends_with(0, &["run", "--quiet", "--set", &format!("load.seed={seed}"), "--set", "stages[1].duration=1s"]);
        let routes = bench.seen()["routes"].as_array().unwrap().clone();
        let count = |route: &str| routes.iter().find(|seen| seen["route"] == route).unwrap()["requests"].as_u64().unwrap();
        (count("/items"), count("POST /orders"))
    };
    let first = per_route("7");
    assert_eq!(first, per_route("7"));
    assert_eq!(first.0 + first.1, 200);
    assert!((100..180).contains(&first.0), "three arrivals in four are for items: {first:?}");
}

#[test]
fn load_on_exponential_latencies_finds_their_p99() {
    // The p99 of an exponential distribution is ln 100 = 4.605 means. 4000 samples know it to about 3 %.
    let config = "\
target: TARGET
stages: [ { rate: 1000/s, duration: 4s } ]
scenarios: [ GET / ]
";
    let bench = Bench::new("{ seed: 5, defaults: { latency: 'exponential:20ms' } }", config);
    bench.ends_with(0, &["run", "--quiet"]);
    let summary = bench.json("loadgate-report/summary.json");
    let p99 = summary["total"]["response_time_us"]["p99"].as_f64().unwrap();
    assert!((p99 / 92_100.0 - 1.0).abs() < 0.1, "p99 {p99} us, the truth is 92.1 ms");
    assert_eq!(summary["total"]["requests"], 4000);
}

#[test]
fn a_target_that_is_not_there_ends_a_run_with_3_and_a_record_that_says_so() {
    let bench = Bench::new("{}", CONFIG);
    bench.configure(&CONFIG.replace("TARGET", &format!("http://127.0.0.1:{}", closed_port())));
    let text = bench.ends_with(3, &["run"]);
    assert!(text.contains("error: 127.0.0.1:") && text.contains("can't be reached: Connection refused"), "{text}");
    let record = bench.record("loadgate-report/record.json.gz");
    assert!(record.ended_because.unwrap().contains("can't be reached"));
}

#[test]
fn load_into_a_folder_with_an_earlier_report_leaves_nothing_of_it() {
    let bench = Bench::new(SHOP, &CONFIG.replace("duration: 2s", "duration: 500ms"));
    bench.ends_with(0, &["gate", "--quiet"]);
    let earlier = bench.verdict();
    assert_eq!(earlier["verdict"], "warn");
    bench.ends_with(0, &["run", "--quiet", "--set", "report.formats=[json]"]);
    let mut names: Vec<_> = std::fs::read_dir(bench.path().join("loadgate-report"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["record.json.gz", "summary.json"]);
    // The verdict of the earlier run must not make a baseline of this one.
    let text = bench.ends_with(2, &["baseline", "promote", "loadgate-report/record.json.gz"]);
    assert!(text.contains("there is no verdict.json beside it"), "{text}");
}

#[test]
fn load_whose_report_can_not_be_written_keeps_its_record_and_does_not_claim_that_nothing_was_sent() {
    let bench = Bench::new(SHOP, &CONFIG.replace("duration: 2s", "duration: 500ms"));
    std::fs::create_dir_all(bench.path().join("loadgate-report/summary.json/in-the-way")).unwrap();
    let text = bench.ends_with(3, &["run", "--quiet"]);
    assert!(text.contains("summary.json"), "{text}");
    assert_eq!(bench.record("loadgate-report/record.json.gz").total().requests, 75);
}
