//! What HTTP remembers of a user, and where an answer leads: one exchange at a time through the driver.

use std::{io::Write as _, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode};
use loadgate::{
    plan::{Plan, Request, WaitFor},
    protocol::{
        Driver as _, Exchange, Keep, Origins, Terms,
        http::{HttpDriver, HttpSession},
    },
    record::{ErrorClass, Side},
};

use crate::{
    http1::Client,
    load_outcomes::plan,
    scripted::{read_request, server},
};

/// Answers by the path that is asked for; `/seen` with the cookies that came.
fn shop() -> u16 {
    server(|mut stream| {
        while let Some(head) = read_request(&mut stream) {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let cookies = head.lines().find_map(|line| line.strip_prefix("cookie: ")).unwrap_or("none");
            let (status, header, body) = match path {
                "/login" => ("302 Found", "set-cookie: sid=1\r\nlocation: /seen\r\n".to_owned(), "go on"),
                "/out" => ("302 Found", "location: http://elsewhere.example/?token=abc\r\n".to_owned(), "no"),
                "/loop" => ("302 Found", "location: /loop\r\n".to_owned(), "again"),
                _ => ("200 OK", String::new(), cookies),
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\n{header}content-length: {length}\r\n\r\n{body}");
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    })
}

fn following() -> Plan {
    let mut plan = plan(shop());
    (plan.http.redirects, plan.http.cookies) = (3, true);
    plan
}

fn visit(client: &Client, session: &mut HttpSession, path: &str, keep: Keep, expected: &[StatusCode]) -> Exchange {
    let request = Request { target: 0, method: Method::GET, path: path.to_owned(), headers: Vec::new(), body: Bytes::new() };
    let request = client.driver.prepare(&request);
    let terms = Terms { timeout: Duration::from_secs(60), keep, expected, trace: None };
    client.block_on(client.driver.exchange(session, &request, &terms))
}

#[test]
fn an_exchange_goes_on_to_where_its_answer_leads_and_tells_of_all_of_it() {
    let client = Client::new(&following());
    let mut session = client.driver.session(Side::Candidate);
    let exchange = visit(&client, &mut session, "/login", Keep::Body, &[]);
    let reply = exchange.outcome.as_ref().unwrap();
    assert_eq!((reply.status.as_u16(), &reply.body[..], reply.bytes), (200, &b"sid=1"[..], 5));
    assert_eq!((exchange.bytes, exchange.connections, exchange.resent), (10, 1, 0));
    assert_eq!(exchange.request.as_ref().map(|request| request.path.as_str()), Some("/seen"));
    assert!(exchange.phases.total() >= u64::try_from((exchange.done - exchange.sent).as_nanos()).unwrap(), "no time is lost");
    let promised = visit(&client, &mut session, "/login", Keep::Status, &[StatusCode::FOUND]);
    assert_eq!(
        (promised.outcome.unwrap().status.as_u16(), promised.request.is_none()),
        (302, true),
        "what is promised is the end"
    );
}

#[test]
fn cookies_belong_to_one_user() {
    let client = Client::new(&following());
    let [mut one, mut two] = [(); 2].map(|()| client.driver.session(Side::Candidate));
    visit(&client, &mut one, "/login", Keep::Status, &[]);
    let seen = |session: &mut HttpSession| visit(&client, session, "/seen", Keep::Body, &[]).outcome.unwrap().body;
    assert_eq!((&seen(&mut one)[..], &seen(&mut two)[..]), (&b"sid=1"[..], &b"none"[..]));
}

#[test]
fn an_answer_that_leads_nowhere_is_a_failure_that_shows_the_answer() {
    let client = Client::new(&following());
    let mut session = client.driver.session(Side::Candidate);
    for (path, words, hops) in [("/out", "out of the targets", 0), ("/loop", "more than 3 redirects", 3)] {
        let exchange = visit(&client, &mut session, path, Keep::Status, &[]);
        let failure = exchange.outcome.as_ref().unwrap_err();
        assert!(failure.class == ErrorClass::Redirect && failure.message.contains(words), "{failure:?}");
        assert!(!failure.message.contains("abc"), "{failure:?}");
        assert_eq!(exchange.reply().map(|reply| reply.status.as_u16()), Some(302));
        assert_eq!(exchange.bytes, if hops == 0 { 2 } else { 5 * (hops + 1) });
    }
}

#[test]
fn who_asks_whether_a_target_is_ready_sees_each_answer_as_it_comes() {
    let mut plan = following();
    let (timeout, interval) = (Duration::from_secs(60), Duration::from_millis(1));
    plan.targets[0].wait_for = Some(WaitFor { path: "/login".to_owned(), status: 302, timeout, interval });
    let origins = Origins::of(&plan).unwrap();
    let driver = HttpDriver::for_probes(&plan, &origins);
    loadgate::engine::wait_until_ready(&plan, driver, &loadgate::engine::Stop::default()).unwrap();
}
