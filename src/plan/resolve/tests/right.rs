//! What a right configuration resolves to.

use std::{collections::BTreeSet, time::Duration};

use super::{overrides, refusal, resolved, resolved_with, with, with_scenarios, with_stages};
use crate::{
    plan::{Connections, RequestStep, Step, Timeouts, Workload},
    policy::{Accept, Mode, Quantile, Severity},
};

const MINIMAL: &str = include_str!("../../../../tests/it/configs/minimal.yml");
const TINY: &str = include_str!("../../../../tests/it/configs/tiny.yml");

/// The request steps of a scenario.
fn requests(workload: &Workload, scenario: usize) -> Vec<&RequestStep> {
    workload.scenarios[scenario].steps.iter().filter_map(Step::request).collect()
}

#[test]
fn the_minimal_configuration_becomes_a_plan() {
    let resolved = resolved_with(MINIMAL, &overrides(&[("SHOP_URL", "http://localhost:9000/v1/")], &[], None)).unwrap();
    let plan = &resolved.plan;
    assert_eq!((plan.suite.as_str(), plan.target().authority().as_str()), ("shop", "localhost:9000"));
    assert_eq!((plan.target().base_path.as_str(), plan.target().headers.len()), ("/v1", 1));
    assert_eq!((plan.arrivals(), plan.duration()), (20 * 10 + 200 * 60, Duration::from_secs(70)));
    assert_eq!(plan.stages.iter().map(|stage| stage.measured).collect::<Vec<_>>(), [false, true]);
    let names: Vec<&str> = plan.workload.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    assert_eq!(names, ["articles", "health"]);
    assert_eq!(plan.workload.endpoints[0].request, "GET /articles");
    assert_eq!(resolved.policy.thresholds[1].line, Some(13));
    let line = |id: usize| MINIMAL.lines().nth(plan.workload.lines[&id] as usize - 1).unwrap_or_default();
    assert!(line(0).contains("articles") && line(1).contains("health"), "{:?}", plan.workload.lines);
    assert!(resolved.notes.is_empty(), "{:?}", resolved.notes);
}

#[test]
fn a_shorthand_names_its_endpoint_by_itself() {
    let resolved = resolved_with(TINY, &overrides(&[("SHOP_URL", "http://10.1.2.3")], &[], None)).unwrap();
    let workload = &resolved.plan.workload;
    assert_eq!((workload.scenarios[0].name.as_str(), workload.endpoints[0].name.as_str()), ("GET /articles", "GET /articles"));
    assert_eq!(resolved.plan.target().port, 80);
    assert!(resolved.notes[0].contains("load goes to 10.1.2.3"), "{:?}", resolved.notes);
}

#[test]
fn a_promise_may_have_an_owner() {
    let promises = resolved(&with("thresholds: [ { expr: p95 < 1s, owner: team-shop }, p50 < 1s ]")).policy.thresholds;
    assert_eq!(promises.iter().map(|promise| promise.owner.as_deref()).collect::<Vec<_>>(), [Some("team-shop"), None]);
    let refused = refusal(&with("thresholds: [ { expr: p95 < 1s, owner: '' } ]"));
    assert!(refused.contains("loadgate.yml:1:"), "{refused}");
}

#[test]
fn a_regression_is_accepted_by_the_label_that_is_written_or_the_usual_one_and_by_none_where_nothing_is() {
    let accept = |written: &str| resolved(&with(written)).policy.regression.accept;
    assert_eq!(accept(""), None);
    assert_eq!(accept("regression: { accept: {} }"), Some(Accept::default()));
    let written = accept("regression: { accept: { label: ' slower: ok ', requires_reason: false } }");
    assert_eq!(written, Some(Accept { label: "slower: ok".to_owned(), requires_reason: false }));
    let usual = Accept::default();
    assert_eq!((usual.label.as_str(), usual.requires_reason), ("perf-accepted", true));
}

#[test]
fn folders_start_from_that_of_the_configuration() {
    let resolved = resolved(&with("report: { dir: out, formats: [csv, json, csv] }\nbaseline: { dir: /var/perf, keep: 3 }"));
    assert!(resolved.report.dir.is_absolute() && resolved.report.dir.ends_with("out"), "{:?}", resolved.report.dir);
    assert_eq!(
        (resolved.report.formats.len(), resolved.baseline.dir.to_str(), resolved.baseline.keep),
        (2, Some("/var/perf"), 3)
    );
}

#[test]
fn steps_of_equal_name_share_an_endpoint_and_nameless_ones_are_named_as_written() {
    let resolved = resolved(&with_scenarios(
        "env: { REGION: eu }\nscenarios:\n  - name: a\n    weight: 2\n    steps:\n      - { get: '/x/${REGION}' }\n      - post: /y\n        \
         name: shared\n        json: { id: 7, text: \"7\", list: [1.5, null, true] }\n        check: { status: [200, 201] }\n        timeout: 2s\n  \
         - { name: shared, put: /y, body: hi, headers: { Content-Type: text/plain } }\n",
    ));
    let workload = &resolved.plan.workload;
    let names: Vec<&str> = workload.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    assert_eq!(names, ["GET /x/${REGION}", "shared"]);
    let [get, post] = requests(workload, 0)[..] else { panic!("{workload:?}") };
    assert_eq!(get.request.path, "/x/eu");
    assert_eq!(post.request.body, r#"{"id":7,"text":"7","list":[1.5,null,true]}"#);
    assert_eq!(
        (post.request.headers[0].0.as_str(), post.request.headers[0].1.to_str().ok()),
        ("content-type", Some("application/json"))
    );
    assert_eq!((post.check.status.len(), post.timeout), (2, Some(Duration::from_secs(2))));
    assert_eq!(requests(workload, 1)[0].endpoint, post.endpoint);
}

#[test]
fn presets_stand_for_their_promises() {
    let resolved = resolved(&with("thresholds: [ preset.api, { expr: preset.pre-release, severity: warn }, items.p50 < 1s ]"));
    let thresholds: Vec<_> = resolved.policy.thresholds.iter().map(|t| (t.expr.as_str(), t.severity)).collect();
    let (fail, warn) = (Severity::Fail, Severity::Warn);
    assert_eq!(
        thresholds,
        [
            ("p99 < 200ms", fail),
            ("error_rate < 1%", fail),
            ("error_rate < 0.5%", warn),
            ("p95 < 800ms", warn),
            ("items.p50 < 1s", fail)
        ]
    );
}

#[test]
fn tolerances_replace_the_defaults_and_a_warning_follows_its_failure() {
    let resolved = resolved(&with(
        "regression:\n  metrics: { p50: { fail: 30% }, error_rate: { fail: 1pp } }\n  overrides: { health: ignore, items: { critical: true, p95: { floor: 10ms } } }",
    ));
    let regression = &resolved.policy.regression;
    let rule = regression.latency_rule("items", Quantile::P50, Mode::Baseline).unwrap();
    assert!((rule.fail - 0.3).abs() < 1e-12 && (rule.warn - 0.15).abs() < 1e-12, "{rule:?}");
    assert_eq!(regression.latency_rule("items", Quantile::P95, Mode::Ab).map(|rule| rule.floor), Some(Duration::from_millis(10)));
    assert!(regression.ignores("health") && regression.is_critical("items"));
    assert!(regression.errors.pass_bound >= regression.errors.fail);
}

#[test]
fn metrics_beyond_the_usual_are_compared_where_they_are_written() {
    let by_default = resolved(&with("")).policy.regression;
    assert_eq!((by_default.mean, by_default.throughput, by_default.latency.len()), (None, None, 3));
    let resolved = resolved(&with(
        "regression:\n  metrics: { p90: { fail: 12% }, p999: {}, mean: { floor: 1ms }, throughput: { warn: 5%, fail: 10% }, error_rate: { warn: 0.1pp, fail: 0.5pp } }\n  overrides: { items: { mean: { fail: 40% }, p90: { fail: 50% } } }",
    ));
    let rules = &resolved.policy.regression;
    assert_eq!(rules.latency.keys().copied().collect::<Vec<_>>(), Quantile::ALL);
    let mean = |endpoint: &str| rules.mean_rule(endpoint, Mode::Ab).unwrap();
    assert_eq!((mean("health").fail, mean("items").fail, mean("items").floor), (0.1, 0.4, Duration::from_millis(1)));
    let throughput = rules.throughput_rule(Mode::Ab).unwrap();
    assert_eq!((throughput.warn, throughput.fail, throughput.floor), (0.05, 0.1, Duration::ZERO));
    assert_eq!((rules.errors.warn, rules.errors.fail, rules.errors.pass_bound), (0.001, 0.005, 0.005));
}

#[test]
fn a_warning_of_errors_written_alone_is_the_failure_too_and_a_failure_alone_is_no_warning() {
    let errors = |text: &str| resolved(&with(text)).policy.regression.errors;
    let alone = errors("regression: { metrics: { error_rate: { warn: 1pp } } }");
    assert_eq!((alone.warn, alone.fail, alone.pass_bound), (0.01, 0.01, 0.01));
    let failure = errors("regression: { metrics: { error_rate: { fail: 1pp } } }");
    assert_eq!((failure.warn, failure.fail), (0.01, 0.01));
}

#[test]
fn the_marker_header_is_sent_unless_the_user_sets_it() {
    let marker = |text: &str| {
        let headers = resolved(text).plan.target().headers.clone();
        headers.iter().filter(|(name, _)| name == "x-load-test").map(|(_, v)| v.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marker(&with("")), ["true"]);
    let own = with("")
        .replace("target: http://127.0.0.1:8080", "target: { base_url: 'http://[::1]:80', headers: { X-LOAD-TEST: mine } }");
    assert_eq!(marker(&own), ["mine"]);
}

#[test]
fn secrets_are_sensitive_masked_and_outside_the_hash() {
    let text = with_scenarios(
        "secrets: { TOKEN: { env: LG_TEST_TOKEN } }\nscenarios: [ { name: a, get: '/a?k=${secret.TOKEN}', headers: { Authorization: 'Bearer ${secret.TOKEN}', X-Plain: p } } ]",
    );
    let one = resolved_with(&text, &overrides(&[("LG_TEST_TOKEN", "s3cret")], &[], None)).unwrap();
    let two = resolved_with(&text, &overrides(&[("LG_TEST_TOKEN", "other")], &[], None)).unwrap();
    let step = &requests(&one.plan.workload, 0)[0].request;
    assert_eq!(step.path, "/a?k=s3cret");
    assert_eq!(step.headers.iter().map(|(_, value)| value.is_sensitive()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(one.plan.workload.hash, two.plan.workload.hash);
    assert_eq!(one.plan.workload.endpoints[0].request, "GET /a?k=${secret.TOKEN}");
    let three = resolved_with(&text.replace("X-Plain: p", "X-Plain: q"), &overrides(&[("LG_TEST_TOKEN", "s3cret")], &[], None));
    assert_ne!(one.plan.workload.hash, three.unwrap().plan.workload.hash);
    let wrong = text.replace("'/a?k=", "'a?k=");
    let error = resolved_with(&wrong, &overrides(&[("LG_TEST_TOKEN", "s3cret")], &[], None)).unwrap_err().to_string();
    assert!(error.contains("'a?k=***'") && !error.contains("s3cret"), "{error}");
}

#[test]
fn an_environment_is_laid_over_the_file_and_flags_over_both() {
    let text = with(
        "environments:\n  night: { stages: [ { rate: 50/s, duration: 2m } ], report: { dir: night } }\nreport: { formats: [csv] }",
    );
    let night = resolved_with(&text, &overrides(&[], &[], Some("night"))).unwrap();
    assert_eq!((night.plan.stages.len(), night.plan.arrivals(), night.report.formats.len()), (1, 6000, 1));
    let set = [("stages[0].duration", "10s"), ("regression.alpha", "0.05"), ("thresholds", "[ p95 < 1s ]")];
    let flagged = resolved_with(&text, &overrides(&[], &set, Some("night"))).unwrap();
    assert_eq!((flagged.plan.arrivals(), flagged.policy.thresholds.len()), (500, 1));
    let error =
        |set: &[(&str, &str)], environment| resolved_with(&text, &overrides(&[], set, environment)).unwrap_err().to_string();
    insta::assert_snapshot!(error(&[], Some("nigth")), @r"
    --env nigth: there is no environment 'nigth'
    hint: did you mean 'night'?
    ");
    insta::assert_snapshot!(error(&[("stages[3].rate", "1/s")], None), @r"
    --set stages[3].rate=1/s: there is no place [3] in a list of 1
    hint: places count from 0
    ");
    insta::assert_snapshot!(error(&[("stages[0].rate", "fast")], None), @r"
    --set stages[0].rate=fast: 'fast' is not a rate
    hint: write a rate as a number per second, minute or hour, for example 200/s or 600/m
    ");
    insta::assert_snapshot!(error(&[("regression.alfa", "0.1")], None), @r"
    --set regression.alfa=0.1: unknown key 'alfa'
    hint: did you mean 'alpha'?
    ");
    insta::assert_snapshot!(refusal(&text.replace("duration: 2m", "durration: 2m")), @r"
    loadgate.yml:2:36: unknown key 'durration'
      2 |   night: { stages: [ { rate: 50/s, durration: 2m } ], report: { dir: night } }
        |                                    ^
    hint: did you mean 'duration'?
    ");
}

#[test]
fn connections_and_time_limits_are_as_written_or_as_usual() {
    let plan = resolved(&with(
        "http: { connections: { max: 12, max_per_host: 5, idle_timeout: 3s, cooldown: 0s, reuse: false }, compression: true,\n  timeouts: { connect: 1ms, \
         pool: 2ms, first_byte: 3ms, request: 4ms }, discard_bodies: true }",
    ))
    .plan;
    let settings = &plan.http.connections;
    assert_eq!((settings.max, settings.max_per_host, settings.reuse), (Some(12), Some(5), false));
    assert_eq!((settings.idle_timeout, settings.cooldown), (Duration::from_secs(3), Duration::ZERO));
    let most = |safety: &str| {
        resolved(&with(&format!("http: {{ connections: {{ max: 12 }} }}\nsafety: {{ {safety} }}"))).plan.http.connections.max
    };
    assert_eq!((most("max_connections: 7"), most("max_connections: 99"), most("")), (Some(7), Some(12), Some(12)));
    let timeouts = &plan.http.timeouts;
    let millis = [timeouts.connect, timeouts.pool, timeouts.first_byte, timeouts.request].map(|time| time.as_millis());
    assert_eq!((millis, plan.http.compression), ([1, 2, 3, 4], true));
    let usual = resolved(&with("")).plan.http;
    assert_eq!((usual.connections, usual.timeouts), (Connections::default(), Timeouts::default()));
}

#[test]
fn what_makes_a_request_cost_more_or_less_makes_other_workloads() {
    let hash = |http: &str| resolved(&with(http)).plan.workload.hash;
    let usual = hash("");
    let as_it_is = "compression: false, connections: { reuse: true, streams: 100, cooldown: 0s }, timeouts: { request: 5s }";
    assert_eq!(hash(&format!("http: {{ {as_it_is} }}")), usual);
    let others = [
        "http: { compression: true }",
        "http: { connections: { reuse: false } }",
        "http: { connections: { max: 5 } }",
        "http: { connections: { max: 6 } }",
        "http: { connections: { max_per_host: 5 } }",
        "http: { connections: { idle_timeout: 5s } }",
        "http: { connections: { cooldown: 5s } }",
        "http: { connections: { streams: 5 } }",
        "http: { timeouts: { connect: 7s } }",
        "http: { timeouts: { pool: 7s } }",
        "http: { timeouts: { first_byte: 7s } }",
        "http: { timeouts: { request: 7s } }",
    ];
    let hashes: BTreeSet<String> = others.into_iter().map(hash).chain([usual]).collect();
    assert_eq!(hashes.len(), others.len() + 1, "each is another workload");
    assert_eq!(hash("safety: { max_connections: 5 }"), hash(others[2]), "the same limit by another name");
}

#[test]
fn a_limit_of_all_connections_is_split_over_the_targets() {
    let per_target = |max, max_per_host, targets| Connections { max, max_per_host, ..Connections::default() }.per_target(targets);
    assert_eq!(per_target(None, None, 3), None);
    assert_eq!(per_target(Some(10), None, 1), None);
    assert_eq!(per_target(Some(10), None, 3), Some(3));
    assert_eq!(per_target(Some(1), None, 3), Some(1));
    assert_eq!(per_target(Some(10), Some(8), 3), Some(8));
}

#[test]
fn the_last_of_the_steps_is_the_one_they_lead_to() {
    let shapes = |step: &str| {
        let plan = resolved(&with_stages(&format!("stages: [ {{ step: {{ {step}, every: 60s }} }} ]"))).plan;
        plan.stages.iter().map(|stage| stage.load.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(shapes("from: 20/s, to: 60/s, by: 30/s"), ["20/s", "50/s", "60/s"]);
    assert_eq!(shapes("from: 60/s, to: 20/s, by: 30/s"), ["60/s", "30/s", "20/s"]);
    assert_eq!(shapes("from: 20/s, to: 60/s, by: 20/s"), ["20/s", "40/s", "60/s"]);
    assert_eq!(shapes("from: 0.1/s, to: 0.3/s, by: 0.1/s").len(), 3, "whatever the rounding");
    assert_eq!(shapes("from: 20/s, to: 60/s, by: 90/s"), ["20/s", "60/s"]);
    assert_eq!(shapes("from: 1, to: 1, by: 5"), ["1 users"]);
}

#[test]
fn blocks_are_counted_as_they_are_compared() {
    let counted = |durations: &str| resolved(&with_stages(&format!("stages: [ {durations} ]"))).measured_blocks();
    assert_eq!(counted("{ rate: 9/s, duration: 3s }, { rate: 9/s, duration: 4s }, { rate: 9/s, duration: 9s }"), 3);
    assert_eq!(counted("{ rate: 9/s, duration: 16s }, { rate: 9/s, duration: 7s, warmup: true }"), 3);
    let notes = resolved(&with_stages("stages: [ { rate: 9/s, duration: 14s }, { rate: 9/s, duration: 2s } ]")).notes;
    assert!(notes.iter().any(|note| note.starts_with("16s of measured time is 3 blocks of 5s")), "{notes:?}");
}
