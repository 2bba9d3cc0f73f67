use super::*;

fn figures() -> Figures {
    Figures {
        replicate: None,
        moment: Duration::from_millis(42_300),
        length: Duration::from_secs(120),
        stage: Some(("steady".to_owned(), 2, 3)),
        users: None,
        pace: Pace::Requests,
        due: 200.4,
        done: 198.7,
        quantiles: [Some(Micros(12_134)), Some(Micros(30_000)), Some(Micros(1_204_000))],
        error_rate: Some(0.0042),
        baseline: None,
        requests: 8_300,
        errors: 12,
        dropped: 0,
        held_back: 0,
        in_flight: 14,
        breaker: BreakerState::Closed,
        baseline_breaker: BreakerState::Closed,
        kept: 1.0,
        rate_factor: None,
        saturated: false,
    }
}

#[test]
fn a_run_that_goes_well_is_told_in_two_lines() {
    assert_eq!(figures().place(), "steady (2 of 3)  42s of 2m, 1m18s left");
    assert_eq!(figures().going(), "200/s due  199/s done  p50 12.1 ms  p95 30 ms  p99 1.2 s  0.42% failed  14 in flight");
}

#[test]
fn on_a_terminal_load_and_answers_have_a_line_each_so_that_80_columns_are_enough() {
    assert_eq!(
        figures().going_in_lines(),
        ["200/s due  199/s done  14 in flight", "p50 12.1 ms  p95 30 ms  p99 1.2 s  0.42% failed"]
    );
    let busy = Figures { dropped: 7, users: Some(30), pace: Pace::Arrivals, ..figures() };
    let [load, _] = busy.going_in_lines();
    assert_eq!(load, "200 iterations/s due  199 requests/s done  14 in flight  30 users  7 dropped");
    assert!(load.len() <= 78, "two columns are taken");
    let baseline = Recently { quantiles: [Some(Micros(11_900)), Some(Micros(28_000)), None], error_rate: Some(0.0) };
    let [_, answers] = Figures { baseline: Some(baseline), ..figures() }.going_in_lines();
    assert_eq!(answers, "p50 12.1 ms | 11.9 ms  p95 30 ms | 28 ms  p99 1.2 s | -  0.42% | 0% failed");
}

#[test]
fn iterations_and_requests_are_told_apart_where_they_differ() {
    let going = |pace| Figures { pace, ..figures() }.going();
    assert!(going(Pace::Arrivals).starts_with("200 iterations/s due  199 requests/s done  p50"), "{}", going(Pace::Arrivals));
    assert!(going(Pace::Users).starts_with("200 iterations/s  199 requests/s  p50"), "nothing falls due: {}", going(Pace::Users));
    let json = |pace| serde_json::from_str::<serde_json::Value>(&Figures { pace, ..figures() }.json()).unwrap();
    assert!(going(Pace::Connections).starts_with("199 requests/s  p50"), "{}", going(Pace::Connections));
    assert!(!going(Pace::Connections).contains("in flight"), "{}", going(Pace::Connections));
    assert_eq!((&json(Pace::Users)["due_per_s"], &json(Pace::Arrivals)["due_per_s"]), (&serde_json::Value::Null, &200.0.into()));
}

#[test]
fn what_is_not_as_it_should_be_is_told_too() {
    let figures = Figures {
        breaker: BreakerState::HalfOpen,
        kept: 0.64,
        saturated: true,
        rate_factor: Some(0.8333),
        users: Some(30),
        dropped: 7,
        held_back: 1_400,
        quantiles: [None; 3],
        error_rate: None,
        ..figures()
    };
    assert_eq!(
        figures.place(),
        "steady (2 of 3)  42s of 2m, 1m18s left  circuit breaker half-open  load shed to 64%  generator saturated  rate x 0.833"
    );
    assert_eq!(
        figures.going(),
        "200/s due  199/s done  p50 -  p95 -  p99 -  - failed  14 in flight  30 users  7 dropped  1400 held back"
    );
}

#[test]
fn of_two_versions_the_answers_of_both_are_told() {
    let baseline = Recently { quantiles: [Some(Micros(11_900)), Some(Micros(28_000)), None], error_rate: Some(0.0) };
    let figures = Figures { baseline: Some(baseline), baseline_breaker: BreakerState::Open, ..figures() };
    assert_eq!(
        figures.going(),
        "200/s due  199/s done  p50 12.1 ms | 11.9 ms  p95 30 ms | 28 ms  p99 1.2 s | -  0.42% | 0% failed  14 in flight"
    );
    assert!(figures.place().ends_with("circuit breaker of the baseline open"), "{}", figures.place());
    let value: serde_json::Value = serde_json::from_str(&figures.json()).unwrap();
    assert_eq!((&value["p50_us"], &value["baseline"]["p50_us"]), (&12_134.into(), &11_900.into()));
}

#[test]
fn a_part_of_a_run_is_told_as_such() {
    let part = Figures { replicate: Some(Replicate::new(3, 6)), ..figures() };
    assert_eq!(part.place(), "replicate 3 of 6, steady (2 of 3)  42s of 2m, 1m18s left");
    let value: serde_json::Value = serde_json::from_str(&part.json()).unwrap();
    assert_eq!((value["replicate"].as_u64(), value["replicates"].as_u64()), (Some(3), Some(6)));
}

#[test]
fn after_the_last_stage_it_is_finishing() {
    let over = Figures { moment: Duration::from_secs(125), stage: None, ..figures() };
    assert_eq!(over.place(), "finishing  2m of 2m");
}

#[test]
fn programs_get_the_same_figures() {
    let value: serde_json::Value = serde_json::from_str(&figures().json()).unwrap();
    assert_eq!((value["stage"].as_str(), value["p95_us"].as_u64()), (Some("steady"), Some(30_000)));
    assert_eq!((value["breaker"].as_str(), value["rate_factor"].is_null()), (Some("closed"), true));
}

#[test]
fn users_of_a_ramp_follow_its_line() {
    let load = Load::Users(crate::plan::Crowd { from: 0, to: 50 });
    let (begins, ends) = (Duration::from_secs(20), Duration::from_secs(30));
    let place = StagePlace { begins, ends, first_window: 0, windows: 10 };
    let users = |seconds| users(load, place, Duration::from_secs(seconds));
    assert_eq!([20, 25, 30, 99].map(users), [Some(0), Some(25), Some(50), Some(50)]);
}
