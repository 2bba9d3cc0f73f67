//! Whether latencies and pacing are true, told by the target's own log.

use std::time::Duration;

use loadgate::{
    clock,
    engine::{Observed, Stop, run},
    mock_target::Running,
    plan::{Crowd, Load, Pause, Plan, Request, Shape, Step, TargetId},
    protocol::{Driver, Exchange, Failure, Origins, Terms, http::HttpDriver},
    record::{Errors, Side, Totals},
    units::PerSecond,
};

use crate::{
    bench::{seen, target},
    load_outcomes::{OK, observe, plan},
    scripted::answers,
};

fn play(rate: f64, seconds: u64, target: &Running) -> (Observed, Totals) {
    let mut plan: Plan = plan(target.addr().port());
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(rate)));
    plan.stages[0].duration = Duration::from_secs(seconds);
    plan.window = Duration::from_secs(1);
    let observed = observe(&plan);
    let total = Totals::of(observed.measured.endpoints[0].windows());
    assert_eq!(total.errors, Errors::new());
    (observed, total)
}

/// A figure of the target's own log: the time from reading a request to answering it.
fn figure(seen: &serde_json::Value, name: &str) -> f64 {
    seen["service_time_us"][name].as_f64().unwrap()
}

/// What the target spent on a request is part of what it took: no share of the requests may seem faster than it was for the target,
/// but for the three digits that both keep.
fn assert_not_less(total: &Totals, seen: &serde_json::Value) {
    for (q, name) in [(0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p999"), (1.0, "max")] {
        let (ours, theirs) = (quantile(total, q), figure(seen, name));
        assert!(ours > theirs * 0.997, "{name} {ours} us, the target's own figure {theirs} us: {seen:#}");
    }
}

fn quantile(total: &Totals, q: f64) -> f64 {
    total.response.quantile(q).unwrap() as f64
}

#[test]
fn load_at_a_fixed_delay_is_timed_as_the_target_times_it_and_paced_evenly() {
    let target = target("defaults: { latency: 20ms }");
    let (_, total) = play(500.0, 4, &target);
    let seen = seen(&target);
    assert_eq!((total.requests, seen["requests"].as_u64()), (2000, Some(2000)));
    assert_not_less(&total, &seen);
    let (p50, theirs) = (quantile(&total, 0.5), figure(&seen, "p50"));
    assert!(p50 < theirs * 1.5, "p50 {p50} us, the target's own figure {theirs} us: {seen:#}");
    let dispersion = seen["arrivals"]["dispersion_10ms"].as_f64().unwrap();
    assert!(dispersion < 0.8, "as uneven as chance would be 1, bursts are above it: {dispersion}: {seen:#}");
}

#[test]
fn load_through_a_stall_charges_it_to_every_request_that_fell_into_it() {
    // Of each 2 s, 0.2 s are stalled: a tenth of the requests wait, evenly between 0 and 200 ms. A generator that waits for
    // answers before it sends on would see one of them per connection.
    let target = target("defaults: { stall: { every: 2s, for: 200ms } }");
    let (observed, total) = play(500.0, 8, &target);
    assert_eq!(total.requests, 4000);
    assert_eq!(observed.measured.counts[0].offered, 4000);
    let seen = seen(&target);
    assert_not_less(&total, &seen);
    for (q, name, truth_us) in [(0.95, "p95", 100_000.0), (0.99, "p99", 180_000.0)] {
        let (ours, theirs) = (quantile(&total, q), figure(&seen, name));
        assert!(theirs > truth_us * 0.97, "the target stalls as it should: {name} {theirs} us");
        assert!(ours < theirs * 1.25, "nobody is charged for more than there was: {name} {ours} us, there {theirs} us");
    }
    assert!(quantile(&total, 0.5) < figure(&seen, "p95"), "half of the requests meet no stall");
}

#[test]
fn load_with_a_thousand_requests_in_flight_loses_none() {
    let target = target("defaults: { latency: 1s }");
    let (_, total) = play(1_000.0, 2, &target);
    let seen = seen(&target);
    assert_eq!((total.requests, total.dropped, seen["responses"].as_u64()), (2_000, 0, Some(2_000)));
    let connections = seen["connections"]["accepted"].as_u64().unwrap();
    assert!((900..=2_000).contains(&connections), "each request in flight needs its own connection: {connections}");
}

/// A driver that keeps its thread from everybody else for a while at each request.
struct Selfish(HttpDriver);

impl Driver for Selfish {
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
        let begin = clock::now();
        while clock::now().saturating_duration_since(begin) < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
        self.0.exchange(session, request, terms).await
    }
}

#[test]
fn load_that_is_sent_late_after_a_pause_is_known_to_be_late() {
    let mut plan = plan(answers(OK));
    plan.stages[0].load = Load::Users(Crowd { from: 20, to: 20 });
    plan.workload.scenarios[0].steps.insert(0, Step::Think(Pause::Fixed(Duration::from_millis(50))));
    let origins = Origins::of(&plan).unwrap();
    let driver = |share| Selfish(HttpDriver::new(&plan, &origins, share));
    let observed = run(&plan, driver, &Stop::default(), |_| {}).unwrap();
    // Ten users or more of a thread end their first pause at the same moment, and each keeps those behind it waiting for 5 ms.
    let late = &observed.measured.late;
    assert!(late.max() >= Some(40_000), "{:?} us at most, of {} requests", late.max(), late.count());
}
