//! What steers the load: right and wrong.

use std::time::Duration;

use super::{refusal, resolved, with, with_stages};
use crate::{
    plan::{Adaptive, CircuitBreaker, Control, Formula, OnSaturated, RateLimit, SelfProtection},
    units::PerSecond,
};

fn control(sections: &str) -> Control {
    resolved(&with(sections)).plan.control
}

#[test]
fn without_a_word_nothing_is_steered_but_the_generator_is_watched() {
    assert_eq!(control(""), Control::default());
    assert_eq!(Control::default().self_protection.on_saturated, OnSaturated::Invalid);
}

#[test]
fn everything_that_steers_can_be_set() {
    let control = control(
        "load:\n  model: adaptive\n  adaptive: { target: p95 150ms, floor: 40%, ceiling: 150%, every: 2s, window: 500ms, formula: step }\n  \
         rate_limit: { rate: 500/s, burst: 50 }\nsafety:\n  \
         circuit_breaker: { error_rate: 30%, window: 5s, min_requests: 20, retry_after: 1s, trips: 2 }\n  \
         self_protection: { cpu: 70%, memory: 60%, every: 5s, shed: 10%, on_saturated: shed }",
    );
    let ms = Duration::from_millis;
    let adaptive =
        Adaptive { target: ms(150), floor: 0.4, ceiling: 1.5, every: ms(2_000), window: ms(500), formula: Formula::Step };
    let breaker = CircuitBreaker { error_rate: 0.3, window: ms(5_000), min_requests: 20, retry_after: ms(1_000), trips: 2 };
    let protection = SelfProtection { cpu: 0.7, memory: 0.6, every: ms(5_000), shed: 0.1, on_saturated: OnSaturated::Shed };
    assert_eq!(
        control,
        Control {
            adaptive: Some(adaptive),
            rate_limit: Some(RateLimit { rate: PerSecond(500.0), burst: 50 }),
            circuit_breaker: Some(breaker),
            self_protection: protection,
            ..Control::default()
        }
    );
}

#[test]
fn what_is_left_out_has_its_default() {
    assert_eq!(control("load: { model: adaptive }").adaptive, Some(Adaptive::default()));
    let limit = control("load: { rate_limit: { rate: 60/m } }").rate_limit;
    assert_eq!(limit, Some(RateLimit { rate: PerSecond(1.0), burst: 1 }));
    let breaker = control("safety: { circuit_breaker: { trips: 1 } }").circuit_breaker;
    assert_eq!(breaker, Some(CircuitBreaker { trips: 1, ..CircuitBreaker::default() }));
}

#[test]
fn how_late_the_generator_may_be_can_be_set_and_is_no_matter_of_what_is_compared() {
    let late_max = |sections: &str| resolved(&with(sections)).policy.validity.late_p99_max;
    assert_eq!(late_max(""), Duration::from_millis(10));
    assert_eq!(late_max("safety: { self_protection: { late_p99: 250ms } }"), Duration::from_millis(250));
    let hash = |sections: &str| resolved(&with(sections)).plan.workload.hash;
    assert_eq!(hash("safety: { self_protection: { late_p99: 250ms } }"), hash(""));
}

#[test]
fn what_changes_the_load_changes_what_it_is_compared_with_and_what_guards_it_does_not() {
    let hash = |sections: &str| resolved(&with(sections)).plan.workload.hash;
    let plain = hash("");
    assert_ne!(hash("load: { rate_limit: { rate: 500/s } }"), plain);
    assert_ne!(hash("load: { rate_limit: { rate: 500/s } }"), hash("load: { rate_limit: { rate: 400/s } }"));
    assert_ne!(hash("load: { model: adaptive }"), plain);
    assert_eq!(hash("safety: { circuit_breaker: { trips: 1 }, self_protection: { cpu: 50% } }"), plain);
}

#[test]
fn which_scenarios_are_shed_first_matters_where_load_is_shed() {
    let hash = |safety: &str, priority: &str| {
        let text = with(safety).replace("name: items,", &format!("name: items, {priority}"));
        resolved(&text).plan.workload.hash
    };
    let shed = "safety: { self_protection: { on_saturated: shed } }";
    assert_eq!(hash("", "priority: 1,"), hash("", ""));
    assert_eq!(hash(shed, "priority: 5,"), hash("", ""));
    assert_ne!(hash(shed, "priority: 1,"), hash("", ""));
    assert_ne!(hash(shed, "priority: 1,"), hash(shed, "priority: 2,"));
}

#[test]
fn a_promise_can_abort_the_run_after_a_time_of_grace() {
    let thresholds = resolved(&with(
        "thresholds: [ { expr: error_rate < 20% over 10s, abort: true, grace: 15s }, { expr: p95 < 1s, abort: true }, p99 < 2s ]",
    ))
    .policy
    .thresholds;
    let after: Vec<_> = thresholds.iter().map(|threshold| threshold.abort_after).collect();
    assert_eq!(after, [Some(Duration::from_secs(15)), Some(Duration::ZERO), None]);
}

#[test]
fn wrong_values_are_refused_with_place_and_hint() {
    let mut wrong = Vec::new();
    for (config, problem, hint) in [
        ("load: { rate_limit: { rate: 0/s } }", "1:29: a limit of 0 lets nothing through", "write a rate above 0"),
        ("load: { rate_limit: { rate: 5/s, burst: 0 } }", "1:41: '0' is out of range", "from 1 to 1000000; 1 is the default"),
        ("load: { rate_limit: { burst: 5 } }", "1:9: 'rate' is missing here", "add `rate:`"),
        ("load: { rate_limit: 500/s }", "1:21: expected ", ""),
        ("load: { adaptive: { target: p95 200ms } }", "1:9: 'adaptive' does nothing", "add `model: adaptive`"),
        ("load: { model: adaptive, adaptive: { target: p99 200ms } }", "1:46: 'p99 200ms' is not a p95", "p95 200ms"),
        ("load: { model: adaptive, adaptive: { target: p95 200 } }", "1:46: '200' has no unit", "unit"),
        ("load: { model: adaptive, adaptive: { target: p95 0ms } }", "1:46: 'p95 0ms' can't be held", "p95 200ms"),
        (
            "load: { model: adaptive, adaptive: { floor: 90%, ceiling: 80% } }",
            "1:59: the ceiling (80%) is below the floor (90%)",
            "higher ceiling",
        ),
        ("load: { model: adaptive, adaptive: { floor: 120% } }", "1:45: '120%' is out of range", "up to 100%"),
        ("load: { model: adaptive, adaptive: { window: 10ms } }", "1:46: '10ms' is out of range", "100ms to 10m"),
        (
            "load: { model: adaptive, adaptive: { window: 9s, every: 8s } }",
            "1:57: adjusting every 8s is more often than its window of 9s",
            "write 9s or more",
        ),
        ("load: { model: adaptive, adaptive: { formula: pid } }", "1:47: 'pid' is not a value of", "base"),
        ("load: { model: adaptiv }", "1:16: 'adaptiv' is not a value of 'load.model'", "did you mean 'adaptive'"),
        ("safety: { circuit_breaker: { error_rate: 100% } }", "1:42: '100%' is out of range", "up to 99%"),
        ("safety: { circuit_breaker: { window: 1h } }", "1:38: '60m' is out of range", "100ms to 10m"),
        ("safety: { circuit_breaker: { min_requests: 0 } }", "1:44: '0' is out of range", "50 is the default"),
        ("safety: { circuit_breaker: { retry_after: 0s } }", "1:43: '0s' is no time at all", "duration above 0"),
        ("safety: { circuit_breaker: { trips: 0 } }", "1:37: '0' is out of range", "3 is the default"),
        ("safety: { circuit_breaker: { trip: 1 } }", "unknown key 'trip'", "trips"),
        ("safety: { self_protection: { cpu: 0% } }", "1:35: '0%' is out of range", "up to 100%"),
        ("safety: { self_protection: { memory: 101% } }", "1:38: '101%' is out of range", "up to 100%"),
        ("safety: { self_protection: { shed: 95% } }", "1:36: '95%' is out of range", "up to 90%"),
        (
            "safety: { self_protection: { shed: 20% } }",
            "'shed' does nothing without `on_saturated: shed`",
            "add `on_saturated: shed`",
        ),
        ("safety: { self_protection: { every: 200ms } }", "1:37: '200ms' is out of range", "1s to 60m"),
        ("safety: { self_protection: { late_p99: 10us } }", "1:40: '10us' is out of range", "1ms to 1m"),
        ("safety: { self_protection: { late_p99: 2m } }", "1:40: '2m' is out of range", "1ms to 1m"),
        ("safety: { self_protection: { late_p99: 10 } }", "1:40: '10' has no unit", "unit"),
        ("safety: { self_protection: { on_saturated: stop } }", "1:44: 'stop' is not a value of", "shed"),
        (
            "thresholds: [ { expr: p95 < 1s, grace: 5s } ]",
            "1:33: 'grace' does nothing without `abort: true`",
            "add `abort: true`",
        ),
        ("thresholds: [ { expr: p95 < 1s, abort: true, grace: 5 } ]", "1:53: '5' has no unit", "unit"),
        (
            "thresholds: [ { expr: p95 < 1s, abort: true, severity: warn } ]",
            "1:40: a promise that only warns can't abort the run",
            "remove",
        ),
        (
            "thresholds: [ { expr: requests > 100, abort: true } ]",
            "1:23: 'requests > 100' can't abort the run: it is not known before the end",
            "throughput",
        ),
    ] {
        let refusal = refusal(&with(config));
        if !(refusal.contains(problem) && refusal.contains(hint)) {
            wrong.push(format!("{config}\n{refusal}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn settings_of_arrivals_are_refused_where_all_load_is_made_by_users() {
    let users = |load: &str| format!("{load}\n{}", with_stages("stages: [ { vus: 5, duration: 10s } ]"));
    assert!(refusal(&users("load: { arrivals: poisson }")).contains("'arrivals' does nothing where all stages have `vus`"));
    assert!(refusal(&users("load: { max_in_flight: 10 }")).contains("'max_in_flight' does nothing where all stages have `vus`"));
    let mixed = with_stages("stages: [ { vus: 5, duration: 10s }, { rate: 5/s, duration: 10s } ]");
    resolved(&format!("load: {{ arrivals: poisson, max_in_flight: 10 }}\n{mixed}"));
}

#[test]
fn a_count_of_arrivals_is_a_duration_where_they_come_evenly_and_is_counted_where_they_do_not() {
    let stage = |load: &str| {
        let stages = with_stages("stages: [ { rate: 10/s, count: 50 }, { ramp: 0/s..20/s, count: 50, duration: 10s } ]");
        let plan = resolved(&format!("load: {{ seed: 1{load} }}\n{stages}")).plan;
        let facts =
            |stage: &crate::plan::Stage| (stage.duration.as_secs_f64().round() as u64, stage.iterations, stage.arrivals());
        [facts(&plan.stages[0]), facts(&plan.stages[1])]
    };
    assert_eq!(stage(""), [(5, None, 50), (10, Some(50), 50)], "a ramp that is cut off is not one that climbs faster");
    for load in [", arrivals: poisson", ", rate_limit: { rate: 5/s }", ", model: adaptive"] {
        assert_eq!(stage(load), [(600, Some(50), 50), (10, Some(50), 50)], "{load}");
    }
}

#[test]
fn runs_of_another_count_are_not_compared() {
    let shape = |count: u64| {
        let stages = with_stages(&format!("stages: [ {{ vus: 10, count: {count} }} ]"));
        resolved(&stages).plan.stages[0].facts().shape
    };
    assert_eq!((shape(50), shape(60)), ("10 users, 50 times".to_owned(), "10 users, 60 times".to_owned()));
}

#[test]
fn a_highest_rate_holds_for_what_adaptive_load_may_come_to_and_for_users() {
    let refused = refusal(&with("load: { model: adaptive }\nsafety: { max_rate: 11/s }"));
    assert!(refused.contains("12/s is beyond `safety.max_rate` (11/s)"), "{refused}");
    assert_eq!(resolved(&with("load: { model: adaptive }\nsafety: { max_rate: 12/s }")).plan.peak_rate(), 12.0);
    let limit = |sections: &str| {
        let stages = with_stages("stages: [ { vus: 5, duration: 10s } ]");
        resolved(&format!("{sections}\n{stages}")).plan.control.rate_limit.map(|limit| (limit.rate.0, limit.burst))
    };
    assert_eq!(limit("safety: { max_rate: 11/s }"), Some((11.0, 1)));
    assert_eq!(limit("load: { rate_limit: { rate: 50/s, burst: 9 } }\nsafety: { max_rate: 11/s }"), Some((11.0, 9)));
    assert_eq!(limit("load: { rate_limit: { rate: 5/s } }\nsafety: { max_rate: 11/s }"), Some((5.0, 1)));
    assert_eq!(control("safety: { max_rate: 11/s }").rate_limit, None);
}

#[test]
fn a_step_stage_to_the_moon_is_refused() {
    let step = "stages: [ { step: { from: 1/s, to: 99999999999999999999999/s, by: 1/s, every: 1s } } ]";
    let refused = refusal(&with_stages(step));
    assert!(refused.contains("steps are too many"), "{refused}");
}

#[test]
fn a_limit_on_the_rate_counts_arrivals_and_what_requests_they_make_is_noted() {
    let steps =
        "scenarios: [ { name: buy, steps: [ { get: /a }, { think: 1s }, { get: /b }, { get: /c } ] }, { name: one, get: /d } ]";
    let of = |stages: &str, limits: &str| {
        let resolved = resolved(&format!("target: http://127.0.0.1:8080\nstages: [ {stages} ]\n{limits}\n{steps}\n"));
        resolved.notes.iter().filter(|note| note.contains("counts arrivals")).cloned().collect::<Vec<String>>().join("\n")
    };
    let rate = "{ rate: 10/s, duration: 60s }";
    insta::assert_snapshot!(
        of(rate, "safety: { max_rate: 11/s }"),
        @"`safety.max_rate` counts arrivals, not requests: at 10/s, the highest rate of them, they make about 20 requests a second, without setup, retries and redirects"
    );
    let held = of(rate, "load: { rate_limit: { rate: 5/s } }");
    assert!(held.starts_with("`load.rate_limit` counts arrivals, not requests: at 5/s,"), "{held}");
    let users = of("{ vus: 100, duration: 60s }", "safety: { max_rate: 8/s }");
    assert!(users.contains("at 8/s,") && users.contains("about 16 requests a second"), "{users}");
    assert_eq!(of(rate, ""), "");
    assert!(resolved(&with("safety: { max_rate: 11/s }")).notes.iter().all(|note| !note.contains("counts arrivals")));
}
