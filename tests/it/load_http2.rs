//! HTTP/2, good and bad. Whatever the server does with frames and streams, every request has an outcome.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use loadgate::{
    plan::{Connections, Crowd, HttpVersion, Load, Method, Plan, Shape, Step, Target},
    protocol::Origins,
    record::{ErrorClass, Errors, Totals},
    units::PerSecond,
};

use crate::{
    frames::{DATA, END, HEADERS, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, Peer, RST_STREAM, WINDOW_UPDATE, h2c},
    load_outcomes::{get, observe, plan, play, target},
    scripted::{answers, server},
};

/// Reasons (RFC 9113, section 7).
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const HTTP_1_1_REQUIRED: u32 = 13;

/// 100 requests in a second over HTTP/2 without TLS.
fn over_h2c(port: u16) -> Plan {
    let mut plan = plan(port);
    plan.targets[0].protocol = HttpVersion::H2c;
    plan.http.timeouts.connect = Duration::from_secs(5);
    plan
}

/// Sends a body along.
fn with_body(mut plan: Plan, bytes: usize) -> Plan {
    let Step::Request(step) = &mut plan.workload.scenarios[0].steps[0] else { panic!("a request") };
    (step.request.method, step.request.body) = (Method::POST, vec![b'x'; bytes].into());
    plan
}

fn only(class: ErrorClass, count: u64) -> Errors {
    Errors::from([(class, count)])
}

/// Plays a plan of which every request fails in this class, and gives the words that the first failure was told in.
fn refusal(plan: &Plan, class: ErrorClass) -> String {
    let (observed, total) = play(plan);
    assert_eq!(total.errors, only(class, 100), "{:?}", observed.measured.failures);
    observed.measured.failures[0].message.clone()
}

fn successes(plan: &Plan) -> Totals {
    let (observed, total) = play(plan);
    assert_eq!(total.errors, Errors::new(), "{:?}", observed.measured.failures);
    total
}

/// Reads until the client is gone, and does nothing with it.
fn read_on(peer: &mut Peer<TcpStream>) -> Option<()> {
    while peer.next().is_some() {}
    None
}

/// Answers all requests of a connection.
fn answer_all(peer: &mut Peer<TcpStream>) -> Option<()> {
    loop {
        let stream = peer.next_request()?;
        peer.answer(stream)?;
    }
}

#[test]
fn load_of_many_requests_goes_over_one_connection() {
    let total = successes(&over_h2c(h2c(&[], |_, peer| answer_all(peer))));
    assert_eq!((total.requests, total.connections), (100, 1));
    assert!(total.phases.connect > 0 && total.phases.wait > 0, "{:?}", total.phases);
}

#[test]
fn load_sends_bodies_and_counts_those_it_gets() {
    let port = h2c(&[], |_, peer| {
        // Requests that are due together come with their bodies mixed.
        let mut received = BTreeMap::new();
        loop {
            let frame = peer.next()?;
            let (stream, bytes) = (frame.stream, received.entry(frame.stream).or_insert(0));
            *bytes += if frame.kind == DATA { frame.payload.len() } else { 0 };
            if frame.kind != DATA || frame.flags & END == 0 {
                continue;
            }
            assert_eq!(*bytes, 1000);
            peer.send(WINDOW_UPDATE, 0, 0, &1000_u32.to_be_bytes())?;
            peer.begin_answer(stream)?;
            peer.send(DATA, 0, stream, &[b'y'; 2000])?;
            peer.send(DATA, END, stream, b"end")?;
        }
    });
    assert_eq!(successes(&with_body(over_h2c(port), 1000)).bytes, 200_300);
}

#[test]
fn load_to_a_server_that_takes_one_request_at_a_time_opens_more_connections() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let port = h2c(&[(MAX_CONCURRENT_STREAMS, 1)], move |_, peer| {
        loop {
            let stream = peer.next_request()?;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // A second request on the same connection would be read here instead of nothing.
            std::thread::park_timeout(Duration::from_millis(100));
            now.fetch_sub(1, Ordering::SeqCst);
            peer.answer(stream)?;
        }
    });
    let total = successes(&over_h2c(port));
    assert!(total.connections > 1 && total.connections < 100, "{}", total.connections);
    assert!(seen.load(Ordering::SeqCst) > 1, "they are used at the same time");
}

#[test]
fn load_keeps_to_the_streams_and_connections_it_is_allowed() {
    let connections = Arc::new(AtomicUsize::new(0));
    let opened = Arc::clone(&connections);
    let port = h2c(&[], move |_, peer| {
        opened.fetch_add(1, Ordering::SeqCst);
        let mut open = Vec::new();
        loop {
            open.push(peer.next_request()?);
            assert!(open.len() <= 3, "{open:?}");
            if open.len() == 3 {
                for stream in open.drain(..) {
                    peer.answer(stream)?;
                }
            }
        }
    });
    let mut plan = over_h2c(port);
    // Requests come three at a time, as a server that answers in threes needs them.
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(300.0)));
    plan.http.connections = Connections { max_per_host: Some(1), streams: 3, ..Connections::default() };
    let (_, total) = play(&plan);
    assert_eq!((total.requests, total.errors), (300, Errors::new()));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn load_of_more_users_than_streams_waits_in_line() {
    let mut plan = over_h2c(h2c(&[], |_, peer| answer_all(peer)));
    plan.stages[0].load = Load::Users(Crowd { from: 8, to: 8 });
    plan.http.connections = Connections { max: Some(1), streams: 2, ..Connections::default() };
    let total = successes(&plan);
    assert_eq!(total.connections, 1);
    assert!(total.phases.blocked > 0, "{:?}", total.phases);
}

#[test]
fn load_on_one_target_gives_up_connections_that_another_needs() {
    let mut plan = over_h2c(h2c(&[], |_, peer| answer_all(peer)));
    plan.targets.push(target(answers(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")));
    plan.targets.push(Target { protocol: HttpVersion::H2c, ..target(h2c(&[], |_, peer| answer_all(peer))) });
    for number in [1, 2] {
        let mut step = get(0, "/");
        step.request.target = number;
        plan.workload.scenarios[0].steps.push(Step::Request(Box::new(step)));
    }
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(20.0)));
    plan.http.connections = Connections { max: Some(1), ..Connections::default() };
    let total = Totals::of(observe(&plan).measured.endpoints[0].windows());
    assert_eq!((total.requests, total.errors), (60, Errors::new()));
    assert!(total.connections >= 40, "they take turns: {}", total.connections);
}

#[test]
fn load_that_finds_no_free_stream_in_time_is_a_timeout_of_the_pool() {
    let port = h2c(&[(MAX_CONCURRENT_STREAMS, 1)], |_, peer| read_on(peer));
    let mut plan = over_h2c(port);
    plan.http.connections.max_per_host = Some(1);
    plan.http.timeouts.pool = Duration::from_millis(50);
    plan.http.timeouts.connect = Duration::from_millis(500);
    plan.http.timeouts.first_byte = Duration::from_secs(10);
    plan.limits.graceful_stop = Duration::from_millis(900);
    let (observed, total) = play(&plan);
    assert!(total.errors[&ErrorClass::TimeoutPool] >= 50, "{:?}", total.errors);
    assert!(observed.measured.failures.iter().any(|failure| failure.message.contains("pool timeout")));
}

#[test]
fn load_goes_on_when_the_server_gives_connections_up() {
    // Each connection answers ten requests, and tells so while others are on their way, as nginx does.
    let port = h2c(&[], |_, peer| {
        let mut last = 0;
        for _ in 0..10 {
            last = peer.next_request()?;
            peer.answer(last)?;
        }
        peer.go_away(last, NO_ERROR)?;
        read_on(peer)
    });
    let total = successes(&over_h2c(port));
    assert!((10..=20).contains(&total.connections), "{}", total.connections);
}

#[test]
fn load_that_the_server_has_not_looked_at_is_sent_again_on_a_new_connection() {
    let port = h2c(&[], |number, peer| {
        if number == 0 {
            peer.next_request()?;
            peer.go_away(0, NO_ERROR)?;
            read_on(peer)?;
        }
        answer_all(peer)
    });
    assert_eq!(successes(&over_h2c(port)).requests, 100);
    let always = h2c(&[], |_, peer| {
        peer.next_request()?;
        peer.go_away(0, NO_ERROR)?;
        read_on(peer)
    });
    let words = refusal(&over_h2c(always), ErrorClass::Reset);
    assert!(words.contains("GOAWAY"), "once, and no more: {words}");
}

#[test]
fn load_that_breaks_off_after_the_server_said_goodbye_says_so() {
    let port = h2c(&[], |_, peer| {
        let stream = peer.next_request()?;
        peer.go_away(stream, NO_ERROR)
    });
    let words = refusal(&over_h2c(port), ErrorClass::Reset);
    assert!(words.contains("GOAWAY, NO_ERROR") && words.contains("before the response was complete"), "{words}");
}

#[test]
fn load_that_is_refused_is_sent_once_more() {
    let port = h2c(&[], |number, peer| {
        loop {
            let stream = peer.next_request()?;
            if number == 0 { peer.reset(stream, REFUSED_STREAM)? } else { peer.answer(stream)? }
        }
    });
    assert_eq!(successes(&over_h2c(port)).requests, 100);
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let always = h2c(&[], move |_, peer| {
        loop {
            let stream = peer.next_request()?;
            counted.fetch_add(1, Ordering::SeqCst);
            peer.reset(stream, REFUSED_STREAM)?;
        }
    });
    let words = refusal(&over_h2c(always), ErrorClass::Reset);
    assert!(words.contains("REFUSED_STREAM"), "{words}");
    assert_eq!(sent.load(Ordering::SeqCst), 200);
}

#[test]
fn load_that_is_reset_fails_in_words_and_is_not_sent_again() {
    for (reason, class, expected) in [
        (INTERNAL_ERROR, ErrorClass::Reset, "INTERNAL_ERROR"),
        (CANCEL, ErrorClass::Reset, "CANCEL"),
        (HTTP_1_1_REQUIRED, ErrorClass::Protocol, "protocol: http1"),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let port = h2c(&[], move |_, peer| {
            loop {
                let stream = peer.next_request()?;
                counted.fetch_add(1, Ordering::SeqCst);
                peer.reset(stream, reason)?;
            }
        });
        let words = refusal(&over_h2c(port), class);
        assert!(words.contains(expected), "{words}");
        assert_eq!(sent.load(Ordering::SeqCst), 100);
    }
}

#[test]
fn load_on_a_connection_that_is_closed_in_the_middle_is_a_reset() {
    let port = h2c(&[], |_, peer| {
        let stream = peer.next_request()?;
        peer.begin_answer(stream)?;
        peer.send(DATA, 0, stream, b"half")
    });
    let words = refusal(&over_h2c(port), ErrorClass::Reset);
    assert!(words.contains("before the response was complete"), "{words}");
}

#[test]
fn load_that_is_given_up_resets_its_stream_and_keeps_the_connection() {
    let resets = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&resets);
    let port = h2c(&[], move |_, peer| {
        loop {
            let frame = peer.next()?;
            match frame.kind {
                RST_STREAM => seen.lock().unwrap().push(frame.number()),
                // Every other request begins to be answered.
                HEADERS if frame.stream % 4 == 1 => peer.begin_answer(frame.stream)?,
                _ => {}
            }
        }
    });
    let mut plan = over_h2c(port);
    plan.http.timeouts.first_byte = Duration::from_millis(50);
    plan.http.timeouts.request = Duration::from_millis(150);
    let (_, total) = play(&plan);
    assert_eq!(total.errors, Errors::from([(ErrorClass::TimeoutFirstByte, 50), (ErrorClass::TimeoutRequest, 50)]));
    assert_eq!(total.connections, 1);
    let resets = resets.lock().unwrap();
    assert!(resets.len() > 80 && resets.iter().all(|reason| *reason == CANCEL), "{resets:?}");
}

#[test]
fn load_with_bodies_waits_for_the_room_the_server_gives() {
    // Room for ten bytes at a time.
    let port = h2c(&[(INITIAL_WINDOW_SIZE, 10)], |_, peer| {
        loop {
            let frame = peer.next()?;
            if frame.kind != DATA {
                continue;
            }
            assert!(frame.payload.len() <= 10, "{}", frame.payload.len());
            if frame.flags & END != 0 {
                peer.answer(frame.stream)?;
            } else {
                let length = u32::try_from(frame.payload.len()).unwrap().to_be_bytes();
                peer.send(WINDOW_UPDATE, 0, frame.stream, &length)?;
                peer.send(WINDOW_UPDATE, 0, 0, &length)?;
            }
        }
    });
    let phases = successes(&with_body(over_h2c(port), 95)).phases;
    assert!(phases.stalled > 0 && phases.stalled <= phases.send, "{phases:?}");
    let never = h2c(&[(INITIAL_WINDOW_SIZE, 10)], |_, peer| read_on(peer));
    let mut plan = with_body(over_h2c(never), 95);
    plan.http.timeouts.first_byte = Duration::from_millis(20);
    plan.http.timeouts.request = Duration::from_millis(100);
    let words = refusal(&plan, ErrorClass::TimeoutRequest);
    assert!(words.contains("request timeout"), "what was not sent is not waited for as an answer: {words}");
}

#[test]
fn load_may_be_answered_before_its_body_is_sent() {
    let port = h2c(&[(INITIAL_WINDOW_SIZE, 10)], |_, peer| {
        loop {
            let stream = peer.next_request()?;
            peer.answer(stream)?;
            peer.reset(stream, NO_ERROR)?;
        }
    });
    successes(&with_body(over_h2c(port), 95));
}

#[test]
fn load_of_large_bodies_gives_the_server_room_again() {
    // 5 MiB each: more than fits into the room of a stream, and all of them more than that of a connection.
    const BODY: usize = 5 << 20;
    let port = h2c(&[], |_, peer| {
        loop {
            let stream = peer.next_request()?;
            peer.begin_answer(stream)?;
            // Greeting of the client: rooms of 2 MiB and 8 MiB.
            let mut room = 2_i64 << 20;
            for _ in 0..BODY / 16_384 {
                while room < 16_384 {
                    let frame = peer.next()?;
                    if frame.kind == WINDOW_UPDATE && frame.stream == stream {
                        room += i64::from(frame.number());
                    }
                }
                peer.send(DATA, 0, stream, &[b'z'; 16_384])?;
                room -= 16_384;
            }
            peer.send(DATA, END, stream, &[])?;
        }
    });
    let mut plan = over_h2c(port);
    plan.stages[0].load = Load::Arrivals(Shape::Constant(PerSecond(5.0)));
    plan.http.connections = Connections { max_per_host: Some(1), streams: 1, ..Connections::default() };
    plan.http.timeouts.pool = Duration::from_secs(20);
    plan.http.timeouts.request = Duration::from_secs(20);
    let total = successes(&plan);
    assert_eq!(total.bytes, 5 * BODY as u64);
}

#[test]
fn load_over_h2c_to_a_server_of_http1_is_a_protocol_failure_with_advice() {
    let port = answers(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let words = refusal(&over_h2c(port), ErrorClass::Protocol);
    assert!(words.contains("not HTTP/2") && words.contains("protocol: http1"), "{words}");
    let closing = server(|mut stream| {
        let _ = stream.read(&mut [0; 1000]).map(|_| stream.write_all(b""));
    });
    assert!(refusal(&over_h2c(closing), ErrorClass::Reset).contains("settings"));
}

#[test]
fn load_to_a_server_that_never_greets_is_a_timeout_of_the_connection() {
    let mut plan = over_h2c(server(|mut stream| while stream.read(&mut [0; 1000]).is_ok_and(|length| length > 0) {}));
    plan.http.timeouts.connect = Duration::from_millis(100);
    let words = refusal(&plan, ErrorClass::TimeoutConnect);
    assert!(words.contains("settings"), "{words}");
}

#[test]
fn load_of_headers_without_end_is_refused_and_does_not_fill_the_memory() {
    let port = h2c(&[], |_, peer| {
        loop {
            let stream = peer.next_request()?;
            // HEADERS without END_HEADERS, then CONTINUATION (9) for ever: a literal field of 8 kB each.
            peer.send(HEADERS, 0, stream, &[0x88])?;
            let field = [&[0x00, 0x01, b'a', 0x7f, 0x81, 0x3e][..], &[b'b'; 8_000]].concat();
            while peer.send(9, 0, stream, &field).is_some() {}
        }
    });
    let mut plan = over_h2c(port);
    plan.http.timeouts.request = Duration::from_secs(2);
    let (_, total) = play(&plan);
    assert_eq!(total.error_count(), 100);
    assert!(total.errors.keys().all(|class| [ErrorClass::Protocol, ErrorClass::Reset].contains(class)), "{:?}", total.errors);
}

#[test]
fn load_without_reuse_makes_a_connection_for_each_request() {
    let mut plan = over_h2c(h2c(&[], |_, peer| answer_all(peer)));
    plan.http.connections.reuse = false;
    assert_eq!(successes(&plan).connections, 100);
}

#[test]
fn a_plan_knows_before_the_load_what_is_spoken() {
    let mut plan = over_h2c(1);
    assert_eq!(Origins::of(&plan).unwrap().known_h2(0), Some(true));
    plan.targets[0].protocol = HttpVersion::Auto;
    assert_eq!(Origins::of(&plan).unwrap().known_h2(0), Some(false), "without TLS it is HTTP/1.1");
}
