//! A service that fails under load, and a circuit breaker that spares it: whose fault it is, and what may be concluded.

use crate::bench::Bench;

/// Everything fails, and after the first 20 answers nothing more is sent.
const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 2s } ]
scenarios: [ { name: items, get: /items } ]
record: { window: 250ms }
regression: { block: 250ms }
safety: { circuit_breaker: { min_requests: 20, retry_after: 60s } }
";
const DEAD: &str = "routes: [ { path: /items, errors: { share: 100%, status: 503 } } ]";

#[test]
fn load_that_the_breaker_spares_a_failing_target_leaves_a_broken_promise_broken() {
    let bench = Bench::new(DEAD, &format!("{CONFIG}thresholds: [ error_rate < 1% ]\n"));
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert!(text.contains("1 threshold broken: error_rate < 1% is 100%"), "{text}");
    assert!(text.contains("The target failed so often that the circuit breaker held load back"), "{text}");
    assert!(!text.contains("larger runner"), "{text}");
    let record = bench.record("loadgate-report/record.json.gz");
    let stage = &record.plan.stages[0];
    assert_eq!(stage.withheld_by_breaker, stage.withheld);
    assert_eq!(stage.started + stage.withheld_by_breaker, 200);
    let verdict = bench.verdict();
    let checks = verdict["validity"].as_array().unwrap();
    let ok = |name: &str| checks.iter().find(|check| check["check"] == name).unwrap()["ok"].as_bool();
    assert_eq!((ok("circuit_breaker"), ok("achieved_rate")), (Some(false), Some(true)), "{verdict:#}");
}

#[test]
fn load_that_the_breaker_spares_a_failing_target_is_no_pass_where_nothing_was_promised() {
    for load in ["rate: 100/s", "vus: 2"] {
        let bench = Bench::new(DEAD, &CONFIG.replace("rate: 100/s", load));
        let text = bench.ends_with(3, &["gate", "--quiet"]);
        assert!(text.contains("no measurement: the target failed and the circuit breaker held load back"), "{text}");
        assert!(text.contains("Find out why the target failed"), "{text}");
    }
}

#[test]
fn load_tries_a_failing_target_with_exactly_as_many_requests_as_it_says() {
    let steps = "[ { name: items, steps: [ { get: /items }, { get: /a }, { get: /b } ] } ]";
    let config =
        CONFIG.replace("[ { name: items, get: /items } ]", steps).replace("retry_after: 60s", "retry_after: 500ms, trips: 99");
    // Two of three requests fail, so that iterations go on to their last step.
    let bench = Bench::new("defaults: { errors: { share: 60%, status: 503 } }", &config);
    bench.ends_with(3, &["gate", "--quiet"]);
    let record = bench.record("loadgate-report/record.json.gz");
    let outcomes = record.breaker.iter().filter(|event| event.reason.contains(" trials "));
    let trials: Vec<&str> = outcomes.filter_map(|event| event.reason.split(" of ").nth(1)?.split(' ').next()).collect();
    assert!(!trials.is_empty() && trials.iter().all(|trials| trials.parse::<u64>().unwrap() <= 5), "{:#?}", record.breaker);
}
