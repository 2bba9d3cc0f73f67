//! Every model of load: users who wait for their answers, random arrivals, stages that end by count, pauses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use loadgate::{
    engine::{Stop, run_watched},
    plan::{Adaptive, Arrivals, Control, Crowd, Limits, Load, Pause, Plan, RateLimit, Shape, Stage, Step},
    protocol::{Origins, http::HttpDriver},
    record::{Ended, ErrorClass, Errors, Side, Totals, Window, WindowPlace},
    units::PerSecond,
};

use crate::{
    bench::{seen, target},
    load_outcomes::{OK, get, observe, plan, play},
    scripted::{answers, read_request, server},
};

fn users(plan: Plan, from: u32, to: u32, seconds: u64) -> Plan {
    let load = Load::Users(Crowd { from, to });
    let stages = vec![Stage { load, duration: Duration::from_secs(seconds), ..plan.stages[0].clone() }];
    Plan { stages, ..plan }
}

/// The same, and then nothing for a time in which pauses that have begun come to their end.
fn and_then_nothing(mut plan: Plan, time: Duration) -> Plan {
    let load = Load::Connections(Crowd { from: 0, to: 0 });
    plan.stages.push(Stage { name: "nothing".to_owned(), load, duration: time, measured: false, ..plan.stages[0].clone() });
    plan
}

#[test]
fn load_of_users_waits_for_its_answers() {
    let target = target("defaults: { latency: 20ms }");
    let (observed, total) = play(&users(plan(target.addr().port()), 5, 5, 2));
    let seen = seen(&target);
    // Five users at 20 ms each make at most 250 requests a second, on no more connections than users.
    assert!(total.requests <= 505, "{} requests", total.requests);
    assert!(total.requests >= 50, "{} requests", total.requests);
    assert_eq!(seen["requests"].as_u64(), Some(total.requests));
    assert!(seen["connections"]["accepted"].as_u64() <= Some(6), "one of them is this question: {seen:#}");
    assert_eq!((total.errors, observed.measured.counts[0].offered), (Errors::new(), total.requests));
    assert!(total.response.min() >= Some(20_000), "the answers take 20 ms");
}

#[test]
fn load_of_users_grows_one_by_one() {
    let target = target("defaults: { latency: 10ms }");
    let observed = observe(&users(plan(target.addr().port()), 0, 8, 4));
    let windows = &observed.measured.endpoints[0].stages[0];
    let requests = |range: std::ops::Range<usize>| windows[range].iter().map(|window| window.requests).sum::<u64>();
    assert_eq!(windows.len(), 16);
    let (early, late) = (requests(0..8), requests(8..16));
    // A line from 0 to 8 has three times as much in its second half; the machine may be slow, but not that slow.
    assert!(late > early * 3 / 2, "{early} requests in the first half, {late} in the second");
}

#[test]
fn load_that_is_counted_ends_with_the_count_and_the_next_stage_begins() {
    let mut plan = users(plan(answers(OK)), 8, 8, 600);
    plan.stages[0].iterations = Some(1_000);
    plan.stages.push(Stage {
        name: "after".to_owned(),
        load: Load::Arrivals(Shape::Constant(PerSecond(50.0))),
        duration: Duration::from_secs(1),
        ..plan.stages[0].clone()
    });
    let observed = observe(&plan);
    assert_eq!([0, 1].map(|stage| observed.measured.counts[stage].started), [1_000, 50]);
    let per_stage = |stage: usize| Totals::of(&observed.measured.endpoints[0].stages[stage]).requests;
    assert_eq!((per_stage(0), per_stage(1)), (1_000, 50), "no request is lost where the stages meet");
    assert!(observed.stages[0].played_us < 600_000_000, "{:?}", observed.stages[0]);
    assert_eq!(observed.stages[1].played_us, 1_000_000);
    assert!(observed.stages[1].began_us > observed.stages[0].played_us);
}

#[test]
fn load_that_is_counted_is_exact_whatever_keeps_arrivals_waiting() {
    let mut plan = plan(answers(OK));
    // Two threads, where the machine has them, share the count.
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(2_000.0)));
    (plan.stages[0].duration, plan.stages[0].iterations) = (Duration::from_secs(600), Some(1_001));
    plan.stages.push(Stage {
        name: "after".to_owned(),
        duration: Duration::from_millis(500),
        iterations: None,
        ..plan.stages[0].clone()
    });
    let limit = RateLimit { rate: PerSecond(1_000.0), burst: 10 };
    let controls = [
        Control { arrivals: Arrivals::Poisson, ..Control::default() },
        Control { rate_limit: Some(limit), ..Control::default() },
        Control { adaptive: Some(Adaptive { every: Duration::from_millis(200), ..Adaptive::default() }), ..Control::default() },
    ];
    for control in controls {
        plan.control = control;
        let (observed, _) = play(&plan);
        let [counted, after] = &observed.stages[..] else { panic!("{:?}", observed.stages) };
        assert_eq!((counted.offered, counted.started), (1_001, 1_001), "{:?}", plan.control);
        assert!(counted.played_us < 600_000_000 && after.played_us == 500_000, "{counted:?}, {after:?}");
        assert_eq!(observed.ended, Ended::Complete);
        assert!(after.started > 0, "{:?}", plan.control);
    }
}

#[test]
fn load_at_random_is_as_uneven_as_chance_and_as_much_as_asked_for() {
    let target = target("defaults: {}");
    let mut plan = plan(target.addr().port());
    plan.control.arrivals = Arrivals::Poisson;
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(500.0)));
    plan.stages[0].duration = Duration::from_secs(4);
    let (observed, total) = play(&plan);
    let seen = seen(&target);
    assert!((total.requests as f64 - 2_000.0).abs() < 4.0 * 2_000.0_f64.sqrt(), "{} requests", total.requests);
    assert_eq!(observed.measured.counts[0].offered, total.requests);
    let dispersion = seen["arrivals"]["dispersion_10ms"].as_f64().unwrap();
    assert!(dispersion > 0.6, "even arrivals would be near 0: {dispersion}");
    assert_eq!(observe(&plan).measured.counts[0].offered, total.requests, "equal seeds, equal arrivals");
}

#[test]
fn load_with_pauses_leaves_the_target_alone_meanwhile_and_charges_them_to_nobody() {
    let mut plan = users(plan(answers(OK)), 2, 2, 1);
    plan.workload.scenarios[0].steps = vec![
        Step::Think(Pause::Fixed(Duration::from_millis(50))),
        Step::Request(Box::new(get(0, "/"))),
        Step::Think(Pause::Fixed(Duration::from_millis(50))),
    ];
    let (_, total) = play(&plan);
    assert!((2..=22).contains(&total.requests), "two users who pause 100 ms each time: {} requests", total.requests);
    assert!(total.response.quantile(0.5) < Some(50_000), "{:?}", total.response.quantile(0.5));
}

#[test]
fn load_of_pauses_in_an_open_loop_does_not_count_as_in_flight() {
    let mut plan = plan(answers(OK));
    // Far fewer than those that pause at a time, and more than can come back at once when the machine stands still for a while.
    plan.limits.max_in_flight = 90;
    plan.workload.scenarios[0].steps =
        vec![Step::Think(Pause::Fixed(Duration::from_secs(2))), Step::Request(Box::new(get(0, "/")))];
    let (observed, total) = play(&and_then_nothing(plan, Duration::from_secs(3)));
    assert_eq!((observed.measured.counts[0].started, total.dropped, total.requests), (100, 0, 100));
}

#[test]
fn load_of_pauses_in_an_open_loop_is_capped_too() {
    let mut plan = plan(answers(OK));
    plan.limits = Limits { max_in_flight: 3, graceful_stop: Duration::from_millis(50) };
    plan.workload.scenarios[0].steps =
        vec![Step::Think(Pause::Fixed(Duration::from_secs(600))), Step::Request(Box::new(get(0, "/")))];
    let observed = observe(&plan);
    let total = Totals::of(observed.measured.endpoints[0].windows());
    let stage = &observed.stages[0];
    assert_eq!((stage.offered, stage.started, total.dropped), (100, 30, 70), "ten times as many as may be in flight");
}

#[test]
fn load_that_comes_back_from_a_pause_keeps_to_the_cap_in_flight() {
    let sent = Arc::new(AtomicU64::new(0));
    let port = server({
        let sent = Arc::clone(&sent);
        move |mut stream| {
            while read_request(&mut stream).is_some() {
                sent.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let mut plan = plan(port);
    plan.limits = Limits { max_in_flight: 20, graceful_stop: Duration::from_millis(200) };
    // Arrivals that were taken in while nothing was in flight end their pauses on a target that does not answer.
    plan.workload.scenarios[0].steps =
        vec![Step::Think(Pause::Fixed(Duration::from_secs(1))), Step::Request(Box::new(get(0, "/")))];
    let (observed, total) = play(&and_then_nothing(plan, Duration::from_secs(2)));
    let stage = &observed.stages[0];
    assert_eq!((stage.offered, stage.started), (100, 20), "the rest is not what was achieved");
    assert_eq!((total.dropped, total.errors), (80, Errors::from([(ErrorClass::Unfinished, 20)])));
    assert_eq!(sent.load(Ordering::SeqCst), 20);
}

#[test]
fn load_of_pauses_ends_with_the_last_stage() {
    let mut plan = plan(answers(OK));
    plan.workload.scenarios[0].steps =
        vec![Step::Think(Pause::Fixed(Duration::from_millis(500))), Step::Request(Box::new(get(0, "/")))];
    let observed = observe(&plan);
    let total = Totals::of(observed.measured.endpoints[0].windows());
    // Those that come in the first half of the second end their pauses in the second half of it, and the others never.
    assert_eq!(observed.measured.counts[0].started, 100);
    assert!((1..=60).contains(&total.requests) && total.errors == Errors::new(), "{total:?}");
}

#[test]
fn load_of_a_stage_is_seen_while_an_iteration_of_the_one_before_still_pauses() {
    let mut plan = users(plan(answers(OK)), 1, 1, 1);
    plan.window = Duration::from_millis(100);
    plan.limits.graceful_stop = Duration::from_millis(100);
    plan.workload.scenarios[0].steps =
        vec![Step::Request(Box::new(get(0, "/"))), Step::Think(Pause::Fixed(Duration::from_secs(600)))];
    let after = Stage { load: Load::Arrivals(Shape::Constant(PerSecond(50.0))), ..plan.stages[0].clone() };
    plan.stages.push(Stage { duration: Duration::from_secs(2), ..after });
    let origins = Origins::of(&plan).unwrap();
    let mut seen = Vec::new();
    let watch = |_: Side, place: WindowPlace, windows: &[Window]| {
        seen.push((place.stage, place.is_last, windows[0].requests));
        None
    };
    run_watched(&plan, |share| HttpDriver::new(&plan, &origins, share), &Stop::default(), |_| {}, watch).unwrap();
    let last_of_first = seen.iter().position(|window| (window.0, window.1) == (0, true)).unwrap();
    let first_of_second = seen.iter().position(|window| window.0 == 1).unwrap();
    assert!(first_of_second < last_of_first, "{seen:?}");
    assert!(seen[first_of_second..last_of_first].iter().all(|window| window.2 == 5), "{seen:?}");
}

#[test]
fn load_of_users_whose_requests_fail_at_once_does_not_spin() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut plan = users(plan(closed), 4, 4, 1);
    // The first refusal is the answer to all that come within the time in which no connection is tried.
    plan.http.connections.cooldown = Duration::from_secs(5);
    let (_, total) = play(&plan);
    assert_eq!(total.error_count(), total.requests);
    assert!((8..=200).contains(&total.requests), "four users who wait 20 ms each time: {} requests", total.requests);
}

#[test]
fn load_of_users_on_a_target_that_fails_at_once_still_ends_in_time() {
    let mut plan = users(plan(server(|mut stream| drop(read_request(&mut stream)))), 4, 4, 1);
    plan.limits.graceful_stop = Duration::from_secs(2);
    let (observed, total) = play(&plan);
    assert_eq!(total.error_count(), total.requests);
    assert_eq!(observed.stages[0].played_us, 1_000_000);
}
