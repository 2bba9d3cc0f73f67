//! Connections: how many, how long they are kept, who waits for them.

use std::{cell::RefCell, io::Write as _, net::TcpListener, process::Command, rc::Rc, sync::mpsc, time::Duration};

use bytes::Bytes;
use http::Method;
use loadgate::{
    plan::{Endpoint, Load, Plan, Request, Scenario, Shape, Step},
    protocol::{Driver as _, Exchange, Keep},
    record::{ErrorClass, Errors, Totals},
    units::PerSecond,
};

use crate::{
    bench::{Bench, closed_port, seen, target as mock},
    http1::Client,
    load_outcomes::{OK, get, observe, plan, target},
    program::transcript,
    scripted::{answers, read_request, server},
};

const NEVER: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(60);

fn class(exchange: &Exchange) -> Option<ErrorClass> {
    exchange.outcome.as_ref().err().map(|failure| failure.class)
}

/// A server that reads and never answers.
fn silent() -> u16 {
    server(|mut stream| while read_request(&mut stream).is_some() {})
}

#[test]
fn who_waits_for_a_connection_gets_one_in_turn() {
    let mut plan = plan(answers(OK));
    plan.http.connections.max = Some(1);
    let (client, order) = (Client::new(&plan), RefCell::new(Vec::new()));
    let request = client.request(Method::GET, "");
    let visit = async |name: &'static str| {
        let exchange = client.exchange(&request, Keep::Status).await;
        order.borrow_mut().push(name);
        exchange
    };
    let (one, two, three, four) =
        client.block_on(async { tokio::join!(visit("one"), visit("two"), visit("three"), visit("four")) });
    assert_eq!(*order.borrow(), ["one", "two", "three", "four"]);
    assert!(one.connections > 0 && one.phases.blocked == 0, "{one:?}");
    for waited in [two, three, four] {
        assert!(waited.connections == 0 && waited.phases.blocked > 0 && waited.outcome.is_ok(), "{waited:?}");
    }
}

#[test]
fn no_free_connection_is_a_pool_timeout() {
    let mut plan = plan(silent());
    plan.http.connections.max_per_host = Some(1);
    (plan.http.timeouts.pool, plan.http.timeouts.first_byte) = (SOON, 4 * SOON);
    let client = Client::new(&plan);
    let request = client.request(Method::GET, "");
    let (one, two) =
        client.block_on(async { tokio::join!(client.exchange(&request, Keep::Status), client.exchange(&request, Keep::Status)) });
    assert_eq!((class(&one), class(&two)), (Some(ErrorClass::TimeoutFirstByte), Some(ErrorClass::TimeoutPool)));
    assert!(two.phases.blocked >= 60_000_000 && two.connections == 0, "{two:?}");
}

#[test]
fn an_idle_connection_ends_when_its_time_is_over() {
    let (sender, receiver) = mpsc::channel();
    let mut plan = plan(server(move |mut stream| {
        while read_request(&mut stream).is_some() && stream.write_all(OK).is_ok() {}
        let _ = sender.send(());
    }));
    plan.http.connections.idle_timeout = Duration::from_nanos(1);
    let client = Client::new(&plan);
    assert!(client.get().connections > 0);
    client.block_on(async { client.driver.tidy_up() });
    receiver.recv_timeout(NEVER).expect("closed without any request");
    assert!(client.get().connections > 0 && client.get().connections > 0, "one that is too old is not used either");
    plan.http.connections.idle_timeout = NEVER;
    let client = Client::new(&plan);
    assert!(client.get().connections > 0);
    client.block_on(async { client.driver.tidy_up() });
    assert!(client.get().connections == 0);
}

#[test]
fn a_connection_for_each_request_says_that_it_is_the_last() {
    let (sender, receiver) = mpsc::channel();
    let mut plan = plan(server(move |mut stream| {
        while let Some(head) = read_request(&mut stream) {
            sender.send(head).unwrap();
            let _ = stream.write_all(OK);
        }
    }));
    plan.http.connections.reuse = false;
    let client = Client::new(&plan);
    assert!((0..3).all(|_| client.get().connections > 0));
    assert!(receiver.recv().unwrap().contains("\r\nconnection: close\r\n"));
}

#[test]
fn after_a_connection_could_not_be_made_none_is_tried_for_a_while() {
    let port = closed_port();
    let mut plan = plan(port);
    plan.http.connections.cooldown = NEVER;
    let client = Client::new(&plan);
    let first = client.get();
    assert_eq!(class(&first), Some(ErrorClass::ConnectRefused));
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let second = client.get();
    assert_eq!(first.outcome, second.outcome, "in the words of the failure that is the reason");
    plan.http.connections.cooldown = Duration::ZERO;
    plan.http.timeouts.first_byte = SOON;
    assert_eq!(class(&Client::new(&plan).get()), Some(ErrorClass::TimeoutFirstByte), "it is there now");
    drop(listener);
}

/// A plan with a second target, `GET /` to each.
fn with_another(mut plan: Plan, port: u16) -> Plan {
    plan.targets.push(target(port));
    let mut step = get(1, "/");
    step.request.target = 1;
    plan.workload.scenarios.push(Scenario {
        name: "other".into(),
        steps: vec![Step::Request(Box::new(step))],
        ..Scenario::default()
    });
    plan.workload.endpoints.push(Endpoint { name: "other".into(), ..plan.workload.endpoints[0].clone() });
    plan
}

#[test]
fn load_on_a_target_that_hangs_keeps_none_from_the_others() {
    let mut plan = with_another(plan(silent()), answers(OK));
    plan.http.connections.max = Some(4);
    plan.limits.graceful_stop = SOON;
    let observed = observe(&plan);
    let [hanging, good] = [0, 1].map(|endpoint| Totals::of(observed.measured.endpoints[endpoint].windows()));
    assert!(good.requests > 20 && hanging.requests > 20, "{} {}", good.requests, hanging.requests);
    assert_eq!((&good.errors, hanging.error_count(), good.dropped), (&Errors::new(), hanging.requests, 0));
    // Whoever wants a connection to the one that hangs waits for as long as may be; nobody else does.
    let waits = plan.http.timeouts.pool.as_micros() as u64;
    let alone = observe(&crate::load_outcomes::plan(answers(OK))).measured.endpoints[0].total();
    let [p99, p99_alone] = [&good, &alone].map(|total| total.response.quantile(0.99).unwrap());
    let most = (p99_alone * 10).max(waits / 4);
    assert!(p99 < most, "{p99} us, alone {p99_alone} us, where {waits} us are waited at the other target");
}

#[test]
fn an_idle_connection_to_one_target_makes_room_for_one_to_another() {
    let mut plan = with_another(plan(answers(OK)), answers(OK));
    (plan.http.connections.max, plan.http.connections.max_per_host) = (Some(1), Some(1));
    let client = Client::new(&plan);
    let to = |target| Request { target, method: Method::GET, path: "/".to_owned(), headers: Vec::new(), body: Bytes::new() };
    let (here, there) = (client.driver.prepare(&to(0)), client.driver.prepare(&to(1)));
    for (request, opened) in [(&here, true), (&here, false), (&there, true), (&there, false), (&here, true)] {
        assert_eq!(client.send(request, Keep::Status).connections > 0, opened);
    }
}

#[test]
fn load_never_makes_more_connections_than_allowed_and_uses_each_again() {
    let mock = mock("defaults: { latency: 30ms }");
    let mut plan = plan(mock.addr().port());
    plan.http.connections.max = Some(2);
    let observed = observe(&plan);
    let total = Totals::of(observed.measured.endpoints[0].windows());
    let seen = seen(&mock);
    // One more is the connection that asks.
    assert!(seen["connections"]["accepted"].as_u64().unwrap() <= 3, "{seen:#}");
    assert_eq!((total.requests, total.errors, total.connections), (100, Errors::new(), 2));
    assert!(total.phases.blocked > 0 && total.phases.wait > total.phases.receive, "{:?}", total.phases);
}

#[test]
fn load_made_by_several_threads_keeps_to_the_limit_of_all() {
    let mock = mock("defaults: { latency: 5ms }");
    for most in [1, 7] {
        let mut plan = plan(mock.addr().port());
        plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(1_100.0)));
        plan.http.connections.max = Some(most);
        let before = seen(&mock)["connections"]["accepted"].as_u64().unwrap();
        let errors = observe(&plan).measured.endpoints[0].total().errors;
        let made = seen(&mock)["connections"]["accepted"].as_u64().unwrap() - before - 1;
        // A request that is given up on a connection ends it, and makes room for another.
        let ended: u64 = errors.iter().filter(|(class, _)| **class != ErrorClass::TimeoutPool).map(|(_, count)| count).sum();
        let allowed = most as u64 + ended;
        assert!((1..=allowed).contains(&made), "{made} connections were made where {allowed} are allowed: {errors:?}");
    }
}

#[test]
fn load_beyond_the_limit_of_open_files_says_so_with_the_limit_and_the_remedy() {
    let bench = Bench::new(
        "defaults: { latency: 1s }",
        "target: TARGET\nstages: [ { rate: 200/s, duration: 1s } ]\nscenarios: [ { name: items, get: /items } ]\n",
    );
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 60 && exec \"$0\" run --quiet", env!("CARGO_BIN_EXE_loadgate")])
        .current_dir(bench.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let record = bench.record("loadgate-report/record.json.gz");
    let total = record.total();
    assert_eq!(total.requests, 200);
    assert!(total.errors[&ErrorClass::OpenFiles] > 50, "{:?}", total.errors);
    let words = &record.failures.iter().find(|failure| failure.class == ErrorClass::OpenFiles).unwrap().message;
    assert!(words.contains("may open 60 files") && words.contains("ulimit -n"), "{words}");
}

#[test]
fn load_of_a_body_without_end_takes_no_memory() {
    let port = server(|mut stream| {
        drop(read_request(&mut stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    });
    let bench = Bench::new(
        "{}",
        &format!(
            "target: http://127.0.0.1:{port}\nstages: [ {{ rate: 5/s, duration: 1s }} ]\nscenarios: [ {{ name: items, get: /items }} ]\n\
             http: {{ timeouts: {{ request: 500ms }} }}\n"
        ),
    );
    bench.ends_with(0, &["run", "--quiet"]);
    let record = bench.record("loadgate-report/record.json.gz");
    let total = record.total();
    assert_eq!((total.requests, total.errors), (5, Errors::from([(ErrorClass::TimeoutRequest, 5)])));
    let memory = record.generator.max_rss_bytes.unwrap();
    assert!(total.bytes > 4 * memory, "{} bytes came, {memory} were taken", total.bytes);
}

#[test]
fn a_driver_is_shared_by_many_tasks_of_a_thread() {
    let client = Rc::new(Client::new(&plan(answers(OK))));
    let tasks = tokio::task::LocalSet::new();
    let done = Rc::new(RefCell::new(0));
    client.block_on(tasks.run_until(async {
        let visits: Vec<_> = (0..50)
            .map(|_| {
                let (client, done) = (Rc::clone(&client), Rc::clone(&done));
                tokio::task::spawn_local(async move {
                    let request = client.request(Method::GET, "");
                    for _ in 0..10 {
                        assert!(client.exchange(&request, Keep::Status).await.outcome.is_ok());
                        *done.borrow_mut() += 1;
                    }
                })
            })
            .collect();
        for visit in visits {
            visit.await.unwrap();
        }
    }));
    assert_eq!(*done.borrow(), 500);
}
