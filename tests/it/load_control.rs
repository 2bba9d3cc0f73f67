//! What steers the load while it is made, seen from the target: the rate limit, the circuit breaker, giving up.

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use loadgate::{
    engine::{Ending, Observed, Stop, run_watched},
    plan::{
        Adaptive, Backoff, CircuitBreaker, Crowd, Formula, Load, OnSaturated, Pause, Plan, RateLimit, Request, Scenario,
        SelfProtection, Shape, Step, TargetId,
    },
    protocol::{Driver, Exchange, Failure, Origins, Terms, http::HttpDriver},
    record::{BreakerState, Ended, ErrorClass, Side, Totals, Window, WindowPlace},
    units::PerSecond,
};

use crate::{
    bench::{seen, target},
    load_outcomes::{get, observe, plan},
    scripted::{answers, read_request, server},
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const FAILED: &[u8] = b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n";

/// So many requests a second for a time.
fn paced(port: u16, rate: f64, time: Duration) -> Plan {
    let mut plan = plan(port);
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(rate)));
    plan.stages[0].duration = time;
    plan
}

/// Whatever was held back, every arrival that fell due is accounted for, and none is left in flight.
fn total(observed: &Observed) -> Totals {
    let total = Totals::of(observed.measured.endpoints[0].windows());
    assert_eq!(total.requests, observed.stages[0].started, "every request has an outcome");
    total
}

#[test]
fn load_above_the_rate_limit_is_spread_by_it_and_the_rest_held_back() {
    let target = target("defaults: { latency: 1ms }");
    let mut plan = paced(target.addr().port(), 1_000.0, Duration::from_secs(2));
    plan.control.rate_limit = Some(RateLimit { rate: PerSecond(200.0), burst: 40 });
    let observed = observe(&plan);
    let (stage, total) = (&observed.stages[0], total(&observed));
    // A burst of 40, then one each 5 ms for 2 s: those from 0 on to just before 2 s.
    assert_eq!((total.requests, stage.offered, stage.held_back), (439, 439, 2_000 - 439));
    assert_eq!(stage.withheld, 0, "nobody has meant them to be sent");
    assert_eq!(seen(&target)["requests"].as_u64(), Some(439));
    let per_window: Vec<u64> = observed.measured.endpoints[0].stages[0].iter().map(|window| window.requests).collect();
    let is_even = per_window[1..].iter().all(|requests| (49..=51).contains(requests));
    assert!(is_even, "50 in each 250 ms, as what is moved is due when it has its token, not before: {per_window:?}");
}

#[test]
fn load_below_the_rate_limit_is_not_touched() {
    let mut plan = paced(answers(OK), 100.0, Duration::from_secs(1));
    plan.control.rate_limit = Some(RateLimit { rate: PerSecond(150.0), burst: 1 });
    let observed = observe(&plan);
    assert_eq!((total(&observed).requests, observed.stages[0].held_back), (100, 0));
}

/// Answers requests by their number: those from `first` to `last` fail.
fn failing(first: u64, last: u64) -> (u16, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let port = server({
        let count = Arc::clone(&count);
        move |mut stream| {
            while read_request(&mut stream).is_some() {
                let n = count.fetch_add(1, Ordering::SeqCst);
                let answer = if (first..=last).contains(&n) { FAILED } else { OK };
                if stream.write_all(answer).is_err() {
                    break;
                }
            }
        }
    });
    (port, count)
}

fn breaker() -> CircuitBreaker {
    CircuitBreaker {
        error_rate: 0.5,
        window: Duration::from_secs(1),
        min_requests: 20,
        retry_after: Duration::from_millis(600),
        trips: 3,
    }
}

#[test]
fn load_on_a_target_that_fails_for_a_while_stops_tries_and_goes_on() {
    // From the 100th request on 60 fail: the breaker opens among them, its trials fail until the target has had enough.
    let (port, _) = failing(100, 160);
    let mut plan = paced(port, 200.0, Duration::from_secs(6));
    plan.control.circuit_breaker = Some(CircuitBreaker { window: Duration::from_millis(200), trips: 20, ..breaker() });
    let observed = observe(&plan);
    let states: Vec<BreakerState> = observed.breaker.iter().map(|event| event.state).collect();
    assert_eq!(observed.ended, Ended::Complete);
    let (open, half_open, closed) = (BreakerState::Open, BreakerState::HalfOpen, BreakerState::Closed);
    assert_eq!((states[0], states.last()), (open, Some(&closed)), "{:#?}", observed.breaker);
    let lawful = [(open, half_open), (half_open, open), (half_open, closed), (closed, open)];
    assert!(states.windows(2).all(|pair| lawful.contains(&(pair[0], pair[1]))), "{:#?}", observed.breaker);
    let silent_us = observed.breaker[1].at_us - observed.breaker[0].at_us;
    assert!(silent_us >= 600_000, "silent for retry_after at least: {silent_us} us");
    let (stage, total) = (&observed.stages[0], total(&observed));
    assert_eq!(stage.offered + stage.held_back, 1_200, "what is held back is not offered");
    assert_eq!(stage.withheld, stage.held_back, "it was meant to be sent");
    assert!(stage.held_back >= 100, "{} held back in at least 600 ms at 200/s", stage.held_back);
    assert!(total.error_count() <= 61 && total.error_count() >= 20, "{:?}", total.errors);
    assert_eq!(total.response.count(), total.requests - total.error_count());
}

#[test]
fn load_meets_silence_at_the_target_while_the_breaker_is_open() {
    let (port, count) = failing(100, u64::MAX);
    let mut plan = paced(port, 500.0, Duration::from_secs(3));
    plan.control.circuit_breaker = Some(CircuitBreaker { retry_after: Duration::from_secs(60), ..breaker() });
    let (in_flight, at_opening) = (AtomicUsize::new(0), AtomicU64::new(0));
    let origins = Origins::of(&plan).unwrap();
    let driver = |share| HttpDriver::new(&plan, &origins, share);
    let observed = loadgate::engine::run(&plan, driver, &Stop::default(), |progress| {
        in_flight.store(progress.live.in_flight() as usize, Ordering::Relaxed);
        if progress.steering.breaker == BreakerState::Open && progress.live.in_flight() == 0 {
            let _ = at_opening.compare_exchange(0, count.load(Ordering::SeqCst), Ordering::SeqCst, Ordering::SeqCst);
        }
    })
    .unwrap();
    assert_eq!(observed.breaker.len(), 1, "{:#?}", observed.breaker);
    let at_opening = at_opening.into_inner();
    assert!((120..1_500).contains(&at_opening), "it opened after {at_opening} requests");
    assert_eq!(count.load(Ordering::SeqCst), at_opening, "not one more request reached the target");
    assert_eq!(total(&observed).requests, at_opening);
    assert_eq!(in_flight.into_inner(), 0);
}

#[test]
fn load_on_a_target_that_never_recovers_is_given_up_at_the_last_trip_and_keeps_what_was_measured() {
    let (port, _) = failing(50, u64::MAX);
    let mut plan = paced(port, 200.0, Duration::from_secs(600));
    plan.control.circuit_breaker = Some(CircuitBreaker { retry_after: Duration::from_millis(200), trips: 2, ..breaker() });
    let observed = observe(&plan);
    assert_eq!(observed.ended, Ended::Aborted);
    let because = observed.ended_because.clone().unwrap();
    assert!(because.starts_with("the circuit breaker opened 2 times, at last because "), "{because}");
    let states: Vec<BreakerState> = observed.breaker.iter().map(|event| event.state).collect();
    assert_eq!(states, [BreakerState::Open, BreakerState::HalfOpen, BreakerState::Open]);
    assert!(total(&observed).requests >= 70 && observed.stages[0].played_us < 600_000_000);
}

#[test]
fn load_that_begins_with_a_pause_comes_back_when_the_target_is_well_again() {
    let (port, _) = failing(0, 30);
    let mut plan = paced(port, 200.0, Duration::from_secs(5));
    plan.workload.scenarios[0].steps.insert(0, Step::Think(Pause::Fixed(Duration::from_millis(50))));
    plan.control.circuit_breaker = Some(CircuitBreaker { retry_after: Duration::from_millis(300), trips: 20, ..breaker() });
    let observed = observe(&plan);
    assert_eq!(observed.breaker.last().map(|event| event.state), Some(BreakerState::Closed), "{:#?}", observed.breaker);
}

#[test]
fn load_that_pauses_keeps_nobody_from_trying_whether_the_target_is_well_again() {
    let (port, _) = failing(100, 160);
    let mut plan = paced(port, 200.0, Duration::from_secs(3));
    // A hundred pause for longer than the run lasts when the breaker opens, and so long might a request be on its way.
    plan.workload.scenarios[0].steps.push(Step::Think(Pause::Fixed(Duration::from_secs(600))));
    plan.http.timeouts.request = Duration::from_secs(600);
    plan.limits.graceful_stop = Duration::from_millis(100);
    plan.control.circuit_breaker = Some(CircuitBreaker { window: Duration::from_millis(200), trips: 20, ..breaker() });
    let observed = observe(&plan);
    let states: Vec<BreakerState> = observed.breaker.iter().map(|event| event.state).collect();
    assert!(states.starts_with(&[BreakerState::Open, BreakerState::HalfOpen]), "{:#?}", observed.breaker);
}

#[test]
fn load_of_users_who_wait_for_the_rate_limit_stops_when_the_breaker_opens() {
    let (port, count) = failing(0, u64::MAX);
    let mut plan = paced(port, 1.0, Duration::from_secs(4));
    plan.stages[0].load = Load::Users(Crowd { from: 100, to: 100 });
    plan.control.rate_limit = Some(RateLimit { rate: PerSecond(50.0), burst: 1 });
    plan.control.circuit_breaker = Some(CircuitBreaker { retry_after: Duration::from_secs(60), ..breaker() });
    let observed = observe(&plan);
    assert_eq!(observed.breaker.len(), 1, "{:#?}", observed.breaker);
    let opened_s = observed.breaker[0].at_us as f64 / 1e6;
    let sent = count.load(Ordering::SeqCst) as f64;
    assert!(sent <= opened_s * 50.0 + 10.0, "{sent} sent at 50/s, though it opened after {opened_s} s");
}

#[test]
fn load_that_is_tried_again_is_not_when_the_breaker_is_open() {
    let (port, _) = failing(0, u64::MAX);
    let mut plan = paced(port, 100.0, Duration::from_secs(3));
    let pause = Duration::from_millis(500);
    plan.http.retries.max = 3;
    plan.http.retries.on = vec![ErrorClass::Status5xx];
    plan.http.retries.backoff = Backoff { initial: pause, factor: 1.0, max: pause, jitter: false };
    plan.control.circuit_breaker = Some(CircuitBreaker { retry_after: Duration::from_secs(60), ..breaker() });
    let observed = observe(&plan);
    let total = total(&observed);
    assert_eq!((observed.breaker.len(), total.error_count()), (1, total.requests));
    assert!(total.retries < total.requests * 2, "{} retries of {} requests", total.retries, total.requests);
}

#[test]
fn load_that_is_tried_again_is_part_of_the_trials() {
    let (port, count) = failing(0, u64::MAX);
    let mut plan = paced(port, 200.0, Duration::from_secs(600));
    let pause = Duration::from_millis(1);
    plan.http.retries.max = 3;
    plan.http.retries.on = vec![ErrorClass::Status5xx];
    plan.http.retries.backoff = Backoff { initial: pause, factor: 1.0, max: pause, jitter: false };
    plan.control.circuit_breaker = Some(CircuitBreaker { retry_after: Duration::from_secs(1), trips: 2, ..breaker() });
    let origins = Origins::of(&plan).unwrap();
    let at_opening = AtomicU64::new(0);
    let driver = |share| HttpDriver::new(&plan, &origins, share);
    let observed = loadgate::engine::run(&plan, driver, &Stop::default(), |progress| {
        if progress.steering.breaker == BreakerState::Open && progress.live.in_flight() == 0 {
            let _ = at_opening.compare_exchange(0, count.load(Ordering::SeqCst), Ordering::SeqCst, Ordering::SeqCst);
        }
    })
    .unwrap();
    assert_eq!(observed.breaker.len(), 3, "{:#?}", observed.breaker);
    let trials = count.load(Ordering::SeqCst) - at_opening.into_inner();
    assert!((1..=5).contains(&trials), "{trials} requests tried whether the target is well again, with all their repetitions");
}

/// A driver that ends the heartbeat of its thread.
struct Fragile(HttpDriver);

impl Driver for Fragile {
    type Request = <HttpDriver as Driver>::Request;
    type Session = <HttpDriver as Driver>::Session;

    fn prepare(&self, request: &Request) -> Self::Request {
        self.0.prepare(request)
    }

    fn session(&self, side: Side) -> Self::Session {
        self.0.session(side)
    }

    async fn reach(&self, target: TargetId) -> Result<(), Failure> {
        self.0.reach(target).await
    }

    async fn exchange(&self, session: &mut Self::Session, request: &Self::Request, terms: &Terms<'_>) -> Exchange {
        self.0.exchange(session, request, terms).await
    }

    fn tidy_up(&self) {
        panic!("a heart attack");
    }
}

#[test]
fn load_is_not_gone_on_with_when_a_thread_has_lost_its_heartbeat() {
    let plan = paced(answers(OK), 50.0, Duration::from_secs(600));
    let origins = Origins::of(&plan).unwrap();
    let driver = |share| Fragile(HttpDriver::new(&plan, &origins, share));
    let error = loadgate::engine::run(&plan, driver, &Stop::default(), |_| {}).unwrap_err();
    assert!(error.to_string().contains("a helper of a generator thread was lost"), "{error}");
}

#[test]
fn load_that_is_watched_is_given_up_for_a_reason_and_windows_come_in_order() {
    let mut plan = paced(answers(OK), 2_000.0, Duration::from_secs(600));
    plan.window = Duration::from_millis(100);
    let origins = Origins::of(&plan).unwrap();
    let mut ends = Vec::new();
    let watch = |_: Side, place: WindowPlace, windows: &[Window]| {
        ends.push(place.ends.as_millis());
        assert_eq!((place.stage, place.length.as_millis(), place.is_last), (0, 100, false));
        assert_eq!((windows.len(), windows[0].requests), (1, 200), "a complete window of all threads");
        (ends.len() == 8).then(|| Ending::GivenUp("enough was seen".to_owned()))
    };
    let observed = run_watched(&plan, |share| HttpDriver::new(&plan, &origins, share), &Stop::default(), |_| {}, watch).unwrap();
    assert_eq!((observed.ended, observed.ended_because.as_deref()), (Ended::Aborted, Some("enough was seen")));
    assert_eq!(ends, [100, 200, 300, 400, 500, 600, 700, 800]);
}

#[test]
fn load_tells_how_the_last_seconds_went_and_how_the_generator_fares() {
    let target = target("defaults: { latency: 20ms }");
    let plan = paced(target.addr().port(), 300.0, Duration::from_secs(3));
    let origins = Origins::of(&plan).unwrap();
    let mut told = Vec::new();
    let driver = |share| HttpDriver::new(&plan, &origins, share);
    let observed = loadgate::engine::run(&plan, driver, &Stop::default(), |progress| {
        let recent = progress.history.last(Duration::from_secs(5));
        assert!(recent.requests <= progress.live.requests(), "nothing is counted twice");
        told.push((recent.requests, recent.quantile(0.5)));
    })
    .unwrap();
    let (requests, median) = *told.last().unwrap();
    assert!(told.is_sorted_by_key(|(requests, _)| *requests), "all of a run that is shorter than the history: {told:?}");
    assert!((1..=900).contains(&requests) && median.unwrap().0 >= 20_000, "{told:?}");
    let generator = &observed.generator;
    assert!(generator.sched_lag_p99_us.is_some() && generator.sched_lag_max_us.is_some(), "{generator:?}");
    if cfg!(target_os = "linux") {
        assert!(generator.busy_share_max.is_some_and(|share| share > 0.0), "{generator:?}");
        assert!(generator.memory_share_max.is_some_and(|share| share > 0.0 && share < 0.5), "{generator:?}");
    }
}

#[test]
fn load_that_is_adaptive_finds_the_rate_that_the_target_can_serve() {
    // Four at a time, 20 ms each: 200 a second. At 300 a second the queue grows by 100 a second without an end.
    let script = "routes: [ { path: /, latency: 20ms, limit: { concurrency: 4 } } ]";
    let settle = |adaptive: Option<Adaptive>| {
        let target = target(script);
        let mut plan = paced(target.addr().port(), 300.0, Duration::from_secs(8));
        plan.window = Duration::from_secs(1);
        plan.control.adaptive = adaptive;
        let observed = observe(&plan);
        total(&observed);
        observed
    };
    let quick = Duration::from_millis(200);
    let rules =
        Adaptive { target: quick, floor: 0.1, every: quick, window: quick, formula: Formula::Step, ..Adaptive::default() };
    let (free, held) = (settle(None), settle(Some(rules)));
    let last = |observed: &Observed| {
        let windows = &observed.measured.endpoints[0].stages[0][5..];
        Totals::of(windows).response.quantile(0.5).unwrap()
    };
    assert_eq!(free.stages[0].offered, 2_400);
    assert!((1_000..2_000).contains(&held.stages[0].offered), "{} of 2400", held.stages[0].offered);
    assert!(last(&held) * 2 < last(&free), "median of the last seconds: {} us, {} us uncontrolled", last(&held), last(&free));
}

/// Threads that do nothing but take processor time, until they are dropped.
struct Burners(Arc<std::sync::atomic::AtomicBool>);

impl Burners {
    fn light(number: usize) -> Self {
        let out = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for _ in 0..number {
            let out = Arc::clone(&out);
            std::thread::spawn(move || {
                while !out.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Self(out)
    }
}

impl Drop for Burners {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn load_beside_something_that_burns_the_processors_is_seen_and_shed() {
    let target = target("defaults: { latency: 1ms }");
    let cores = std::thread::available_parallelism().unwrap().get();
    let play = |on_saturated, cpu| {
        let mut plan = paced(target.addr().port(), 1_000.0, Duration::from_secs(3));
        plan.control.self_protection =
            SelfProtection { cpu, every: Duration::from_secs(1), on_saturated, ..SelfProtection::default() };
        observe(&plan).generator
    };
    let alone = play(OnSaturated::Invalid, 0.8).busy_share_max.unwrap();
    let _burners = Burners::light(cores * 8);
    let limit = alone * 1.5;
    let beside = play(OnSaturated::Invalid, limit);
    let saturated = beside.saturated.unwrap_or_else(|| panic!("alone {alone}, beside {:?}", beside.busy_share_max));
    assert!(saturated.contains("waiting for a processor that others used"), "{saturated}");
    let shed = play(OnSaturated::Shed, limit);
    assert_eq!(shed.saturated, None);
    assert!(shed.shed.first().is_some_and(|event| event.kept < 0.81), "{:?}", shed.shed);
}

#[cfg(target_os = "linux")]
#[test]
fn load_of_users_that_is_shed_is_that_of_the_least_important_scenario_and_the_other_one_goes_on() {
    let target = target("defaults: { latency: 20ms }");
    // Long enough for one look and too short for a second one.
    let mut plan = paced(target.addr().port(), 1.0, Duration::from_millis(1_900));
    plan.stages[0].load = Load::Users(Crowd { from: 8, to: 8 });
    plan.window = Duration::from_millis(100);
    // Any load is beyond this limit, so a fifth of it is shed at the look.
    let (every, on_saturated) = (Duration::from_secs(1), OnSaturated::Shed);
    plan.control.self_protection = SelfProtection { cpu: 0.000_1, every, on_saturated, ..SelfProtection::default() };
    let scenario = |endpoint: usize, weight, priority| Scenario {
        name: format!("scenario {endpoint}"),
        steps: vec![Step::Request(Box::new(get(endpoint, "/")))],
        weight,
        priority,
        ..Scenario::default()
    };
    plan.workload.scenarios = vec![scenario(0, 8, 9), scenario(1, 2, 1)];
    let mut low = plan.workload.endpoints[0].clone();
    low.name = "low".to_owned();
    plan.workload.endpoints.push(low);
    let observed = observe(&plan);
    let shed = observed.generator.shed.first().unwrap();
    assert!((shed.kept - 0.8).abs() < 1e-9, "{shed:?}");
    // Requests of before the look, and of after it when those under way are done.
    let look = usize::try_from(shed.at_us / 100_000).unwrap();
    let windows = |endpoint: usize| &observed.measured.endpoints[endpoint].stages[0];
    let each = |windows: &[Window]| windows.iter().map(|window| window.requests).sum::<u64>() as f64 / windows.len() as f64;
    let (before, after) = (each(&windows(0)[1..look]), each(&windows(0)[look + 3..]));
    assert!(after * 2.0 > before, "the important scenario goes on: {before} requests each 100 ms, {after} afterwards");
    assert!(windows(1)[look + 3..].iter().all(|window| window.requests == 0), "the other one is what is shed");
}
