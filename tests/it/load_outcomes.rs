//! What becomes of requests to targets that do one thing each, good or bad. Whatever they do, every arrival is accounted for.

use std::{io::Write as _, net::Shutdown, time::Duration};

use bytes::Bytes;
use loadgate::{
    engine::{NotReady, Observed, Progress, Stop, run, wait_until_ready},
    plan::{
        Check, Control, Endpoint, HttpSettings, HttpVersion, Limits, Load, Method, Plan, Request, RequestStep, Scenario, Shape,
        Stage, Step, Target, Timeouts, Workload,
    },
    protocol::{Origins, http::HttpDriver},
    record::{Ended, ErrorClass, Errors, Totals},
    units::PerSecond,
};

use crate::scripted::{answers, read_request, server};

pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A GET of a path.
pub(crate) fn get(endpoint: usize, path: &str) -> RequestStep {
    let request = Request { target: 0, method: Method::GET, path: path.to_owned(), headers: Vec::new(), body: Bytes::new() };
    RequestStep::plain(endpoint, request)
}

/// A service on this machine.
pub(crate) fn target(port: u16) -> Target {
    Target {
        name: "target".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        has_chosen_port: false,
        base_path: String::new(),
        protocol: HttpVersion::Auto,
        tls: None,
        headers: Vec::new(),
        wait_for: None,
        start: None,
    }
}

/// 100 requests per second for one second.
pub(crate) fn plan(port: u16) -> Plan {
    let endpoint =
        Endpoint { name: "home".to_owned(), scenario: "home".to_owned(), request: "GET /".to_owned(), depends_on: Vec::new() };
    let steps = vec![Step::Request(Box::new(get(0, "/")))];
    Plan {
        suite: "test".to_owned(),
        targets: vec![target(port)],
        baseline: None,
        stages: vec![Stage {
            name: "steady".to_owned(),
            load: Load::Arrivals(Shape::Constant(PerSecond(100.0))),
            duration: Duration::from_secs(1),
            iterations: None,
            measured: true,
            step_of: None,
        }],
        workload: Workload {
            scenarios: vec![Scenario { name: "home".to_owned(), steps, ..Scenario::default() }],
            endpoints: vec![endpoint],
            ..Workload::default()
        },
        http: HttpSettings::default(),
        control: Control::default(),
        limits: Limits::default(),
        window: Duration::from_millis(250),
        seed: 1,
    }
}

/// Plays a plan to whatever end it comes to, with drivers as the program makes them. Nothing is left in flight but what is told of as
/// `unfinished`.
pub(crate) fn observe(plan: &Plan) -> Observed {
    let origins = Origins::of(plan).unwrap();
    let mut live = None;
    let watch = |progress: Progress<'_>| {
        live.get_or_insert_with(|| progress.live.clone());
    };
    let observed = run(plan, |share| HttpDriver::new(plan, &origins, share), &Stop::default(), watch).unwrap();
    let unfinished = |errors: &Errors| errors.get(&ErrorClass::Unfinished).copied().unwrap_or(0);
    let told: u64 = observed.measured.endpoints.iter().map(|endpoint| unfinished(&endpoint.total().errors)).sum();
    // A run that is over before the first look has nothing to show.
    if let Some(live) = live {
        assert_eq!(live.in_flight(), told, "who is in flight at the end has no outcome, and nobody else");
    }
    observed
}

/// Plays a plan of one endpoint. Whatever the target does, every arrival is accounted for.
pub(crate) fn play(plan: &Plan) -> (Observed, Totals) {
    let observed = observe(plan);
    let total = Totals::of(observed.measured.endpoints[0].windows());
    let started: u64 = observed.measured.counts.iter().map(|stage| stage.started).sum();
    assert_eq!(total.requests, started, "every request has an outcome");
    assert_eq!(total.response.count() + total.error_count(), total.requests, "every outcome is a latency or an error");
    assert_eq!(total.failed.count(), total.error_count(), "every failure has its latency too");
    (observed, total)
}

fn only(class: ErrorClass, count: u64) -> Errors {
    Errors::from([(class, count)])
}

#[test]
fn load_on_a_good_target_sends_exactly_what_is_due() {
    let (observed, total) = play(&plan(answers(OK)));
    assert_eq!((observed.ended, total.requests, total.bytes), (Ended::Complete, 100, 200));
    assert_eq!(total.errors, Errors::new());
    assert_eq!(observed.measured.endpoints[0].stages[0].len(), 4, "one window each 250 ms");
    assert!(observed.measured.endpoints[0].stages[0].iter().all(|window| window.requests == 25), "25 are due in each window");
}

#[test]
fn load_knows_classes_of_status() {
    let port = answers(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(play(&plan(port)).1.errors, only(ErrorClass::Status4xx, 100));
    let mut expected = plan(port);
    let check = Check { status: vec![http::StatusCode::NOT_FOUND], ..Check::default() };
    expected.workload.scenarios[0].steps = vec![Step::Request(Box::new(RequestStep { check, ..get(0, "/") }))];
    assert_eq!(play(&expected).1.errors, Errors::new(), "a 404 that is checked for is a success");
    assert_eq!(play(&plan(answers(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"))).1.errors, only(ErrorClass::Status5xx, 100));
}

#[test]
fn load_on_a_target_that_closes_after_each_response_opens_a_connection_each_time() {
    let port = server(|mut stream| {
        let _ = read_request(&mut stream).map(|_| stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbye"));
    });
    let (_, total) = play(&plan(port));
    assert_eq!((total.errors, total.bytes), (Errors::new(), 300));
}

#[test]
fn load_on_a_target_that_closes_without_an_answer_is_a_reset() {
    let port = server(|mut stream| drop(read_request(&mut stream)));
    assert_eq!(play(&plan(port)).1.errors, only(ErrorClass::Reset, 100));
}

#[test]
fn load_on_a_target_that_stops_in_the_middle_of_a_body_is_a_reset() {
    let port = server(|mut stream| {
        let _ = read_request(&mut stream).map(|_| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"));
        let _ = stream.shutdown(Shutdown::Both);
    });
    assert_eq!(play(&plan(port)).1.errors, only(ErrorClass::Reset, 100));
}

#[test]
fn load_on_a_target_that_sends_garbage_is_a_protocol_error_in_words() {
    let (observed, total) = play(&plan(answers(b"220 mail.example.com ready\r\n\r\n")));
    assert_eq!(total.errors, only(ErrorClass::Protocol, 100));
    let sample = &observed.measured.failures[0];
    assert_eq!((sample.endpoint.as_str(), sample.class), ("home", ErrorClass::Protocol));
    assert!(sample.message.contains("HTTP"), "{}", sample.message);
}

#[test]
fn load_on_a_target_that_never_answers_is_a_timeout() {
    let mut plan = plan(server(|mut stream| while read_request(&mut stream).is_some() {}));
    plan.http.timeouts.request = Duration::from_millis(100);
    let (_, total) = play(&plan);
    assert_eq!(total.errors, only(ErrorClass::TimeoutRequest, 100));
    assert!(total.failed.min() >= Some(100_000), "a timeout is as long as the time it was given");
}

#[test]
fn load_that_is_not_answered_when_the_run_ends_is_unfinished_and_waited_since_it_was_due() {
    let mut plan = plan(server(|mut stream| while read_request(&mut stream).is_some() {}));
    plan.limits.graceful_stop = Duration::from_millis(50);
    let (observed, total) = play(&plan);
    assert_eq!(total.errors, only(ErrorClass::Unfinished, 100));
    // The first one was due at the start, the last one 10 ms before the end of the stage.
    let (shortest, longest) = (total.failed.min().unwrap(), total.failed.max().unwrap());
    assert!(shortest >= 60_000 && longest >= 1_050_000, "from {shortest} to {longest} us");
    assert!(observed.measured.failures.iter().any(|failure| failure.message == "there was no outcome when the run ended"));
}

#[test]
fn load_that_is_cut_off_in_a_hurry_is_charged_with_what_it_waited_until_then() {
    let mut plan = plan(server(|mut stream| while read_request(&mut stream).is_some() {}));
    plan.limits.graceful_stop = Duration::from_secs(600);
    plan.http.timeouts =
        Timeouts { first_byte: Duration::from_secs(600), request: Duration::from_secs(600), ..plan.http.timeouts };
    plan.stages[0].duration = Duration::from_secs(600);
    let (origins, stop) = (Origins::of(&plan).unwrap(), Stop::default());
    let driver = |share| HttpDriver::new(&plan, &origins, share);
    let observed = run(&plan, driver, &stop, |progress| {
        if progress.moment >= Duration::from_secs(1) {
            stop.ask();
            stop.ask();
        }
    })
    .unwrap();
    let total = Totals::of(observed.measured.endpoints[0].windows());
    assert_eq!(total.errors, only(ErrorClass::Unfinished, observed.measured.counts[0].started));
    assert!(total.failed.max() >= Some(1_000_000), "{:?}", total.failed.max());
}

#[test]
fn load_beyond_the_cap_in_flight_is_dropped_and_counted() {
    let mut plan = plan(server(|mut stream| while read_request(&mut stream).is_some() {}));
    plan.limits = Limits { max_in_flight: 7, graceful_stop: Duration::from_millis(50) };
    let (observed, total) = play(&plan);
    assert_eq!((total.requests, total.dropped), (7, 93));
    assert_eq!(observed.measured.counts[0].offered, 100);
    // As much load as several threads would make, where the machine has them.
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(2_000.0)));
    for most in [1, 7] {
        plan.limits.max_in_flight = most;
        let (_, total) = play(&plan);
        assert_eq!((total.requests, total.dropped), (most as u64, 2_000 - most as u64), "whatever the number of threads");
    }
}

#[test]
fn load_is_not_sent_to_a_port_where_nobody_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let plan = plan(port);
    let ready = wait_until_ready(&plan, HttpDriver::for_probes(&plan, &Origins::of(&plan).unwrap()), &Stop::default());
    assert!(matches!(ready, Err(NotReady::Unreachable { .. })), "{ready:?}");
}

#[test]
fn load_that_is_asked_to_stop_keeps_what_was_measured() {
    let mut plan = plan(answers(OK));
    plan.stages[0].duration = Duration::from_secs(600);
    let origins = Origins::of(&plan).unwrap();
    let stop = Stop::default();
    let driver = |share| HttpDriver::new(&plan, &origins, share);
    let observed = run(&plan, driver, &stop, |progress| {
        if progress.live.requests() >= 30 {
            stop.ask();
        }
    })
    .unwrap();
    assert_eq!(observed.ended, Ended::Interrupted);
    let total = Totals::of(observed.measured.endpoints[0].windows());
    assert!(total.requests >= 30 && total.requests == observed.measured.counts[0].started);
    assert!(observed.stages[0].played_us < 600_000_000);
}

#[test]
fn load_of_a_scenario_goes_step_by_step_and_ends_with_the_first_failure() {
    let port = server(|mut stream| {
        while let Some(head) = read_request(&mut stream) {
            let response =
                if head.starts_with("GET /second") { b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n".as_slice() } else { OK };
            let _ = stream.write_all(response);
        }
    });
    let mut plan = plan(port);
    for (endpoint, name) in [(1, "second"), (2, "third")] {
        plan.workload.scenarios[0].steps.push(Step::Request(Box::new(get(endpoint, &format!("/{name}")))));
        plan.workload.endpoints.push(Endpoint { name: name.to_owned(), ..plan.workload.endpoints[0].clone() });
    }
    let observed = observe(&plan);
    let counts: Vec<_> = observed.measured.endpoints.iter().map(|endpoint| endpoint.total().requests).collect();
    assert_eq!(counts, [100, 100, 0]);
}
