//! Connections of HTTP/2: who waits for a place on one, and who gives one up. The rules are those of HTTP/1.1.

use std::{
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use loadgate::{
    plan::{HttpVersion, Plan, Request},
    protocol::{Driver as _, Exchange, Keep, http::HttpRequest},
    record::ErrorClass,
};

use crate::{
    frames::{MAX_CONCURRENT_STREAMS, Peer, h2c},
    http1::Client,
    load_outcomes::{OK, plan, target},
    scripted::{answers, server},
};

const NEVER: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_millis(60);

/// Requests over HTTP/2 without TLS.
fn over_h2c(port: u16) -> Plan {
    let mut plan = plan(port);
    plan.targets[0].protocol = HttpVersion::H2c;
    plan
}

fn answer_all(peer: &mut Peer<TcpStream>) -> Option<()> {
    loop {
        let stream = peer.next_request()?;
        peer.answer(stream)?;
    }
}

fn to(client: &Client, target: usize) -> HttpRequest {
    let request = Request { target, method: Method::GET, path: "/".to_owned(), headers: Vec::new(), body: Bytes::new() };
    client.driver.prepare(&request)
}

fn class(exchange: &Exchange) -> Option<ErrorClass> {
    exchange.outcome.as_ref().err().map(|failure| failure.class)
}

#[test]
fn no_free_place_is_a_pool_timeout_however_long_a_connection_might_take_to_make() {
    let mut plan = over_h2c(h2c(&[(MAX_CONCURRENT_STREAMS, 1)], |_, peer| {
        while peer.next().is_some() {}
        None
    }));
    plan.http.connections.max_per_host = Some(1);
    (plan.http.timeouts.pool, plan.http.timeouts.connect) = (SOON, NEVER);
    (plan.http.timeouts.first_byte, plan.http.timeouts.request) = (NEVER, 4 * SOON);
    let client = Client::new(&plan);
    let request = to(&client, 0);
    client.send(&request, Keep::Status);
    let (one, two) =
        client.block_on(async { tokio::join!(client.exchange(&request, Keep::Status), client.exchange(&request, Keep::Status)) });
    assert_eq!((class(&one), class(&two)), (Some(ErrorClass::TimeoutRequest), Some(ErrorClass::TimeoutPool)));
}

#[test]
fn a_connection_that_is_being_made_is_waited_for_by_all_as_by_the_one_who_makes_it() {
    let mut plan = over_h2c(server(|stream| {
        // Whatever the machine makes of it: a request that waits no longer than its patience fails here.
        std::thread::park_timeout(3 * SOON);
        let _ = Peer::greet(stream, &[]).and_then(|mut peer| answer_all(&mut peer));
    }));
    (plan.http.timeouts.pool, plan.http.timeouts.connect) = (SOON, NEVER);
    let client = Client::new(&plan);
    let request = to(&client, 0);
    let (one, two) =
        client.block_on(async { tokio::join!(client.exchange(&request, Keep::Status), client.exchange(&request, Keep::Status)) });
    assert_eq!((class(&one), class(&two), one.connections > 0, two.connections > 0), (None, None, true, false));
}

/// Two targets that share one connection.
fn with_one_connection(mut plan: Plan, other: u16, protocol: HttpVersion) -> Plan {
    plan.targets.push(target(other));
    plan.targets[1].protocol = protocol;
    (plan.http.connections.max, plan.http.connections.max_per_host) = (Some(1), Some(1));
    (plan.http.timeouts.pool, plan.http.timeouts.request) = (NEVER, NEVER);
    plan
}

#[test]
fn a_connection_that_falls_idle_gives_way_to_another_target_that_waits() {
    for (other, protocol) in [(answers(OK), HttpVersion::Http1), (h2c(&[], |_, peer| answer_all(peer)), HttpVersion::H2c)] {
        let plan = with_one_connection(over_h2c(h2c(&[], |_, peer| answer_all(peer))), other, protocol);
        let client = Client::new(&plan);
        let (here, there) = (to(&client, 0), to(&client, 1));
        let exchanges = client.block_on(async {
            let send = |request| client.exchange(request, Keep::Status);
            tokio::join!(send(&here), send(&here), send(&there), send(&here), send(&there))
        });
        let (one, two, three, four, five) = exchanges;
        assert!([&one, &two, &three, &four, &five].iter().all(|exchange| exchange.outcome.is_ok()), "{protocol:?}");
        assert!(one.connections > 0 && two.connections == 0 && four.connections == 0 && three.connections > 0, "{protocol:?}");
    }
}

#[test]
fn a_connection_that_is_idle_gives_way_at_once_and_is_used_again_where_nobody_waits() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    let port = h2c(&[], move |_, peer| {
        counted.fetch_add(1, Ordering::SeqCst);
        answer_all(peer)
    });
    let client = Client::new(&with_one_connection(over_h2c(port), answers(OK), HttpVersion::Http1));
    let (here, there) = (to(&client, 0), to(&client, 1));
    for (request, opened) in [(&here, true), (&here, false), (&there, true), (&there, false), (&here, true), (&here, false)] {
        assert_eq!(client.send(request, Keep::Status).connections > 0, opened);
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 2);
}
