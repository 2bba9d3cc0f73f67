//! Load behind TLS: whom we trust, how we prove ourselves, and what is said when either fails. Whatever happens, every arrival
//! is accounted for.

use std::{
    fs,
    io::{Read as _, Write as _},
    time::Duration,
};

use loadgate::{
    config::{self, Overrides},
    engine::{NotReady, Stop, wait_until_ready},
    plan::{Authorities, HttpVersion, Plan, Tls, Trust, resolve},
    protocol::{Origins, http::HttpDriver},
    record::{ErrorClass, Errors},
};

use crate::{
    certificates::{Authority, Https, Secured, self_signed},
    frames::Peer,
    load_outcomes::{plan, play},
    scripted::{read_request, server},
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers each request on a connection.
fn answer(mut stream: Secured) {
    while read_request(&mut stream).is_some() && stream.write_all(OK).is_ok() {}
}

/// 100 requests in a second to `https://127.0.0.1`, trusting these.
fn https(port: u16, authorities: Authorities) -> Plan {
    let mut plan = plan(port);
    plan.targets[0].tls = Some(Tls { trust: Trust::Only(authorities), ..Tls::default() });
    plan.http.timeouts.connect = Duration::from_secs(5);
    plan
}

fn tls(plan: &mut Plan) -> &mut Tls {
    plan.targets[0].tls.as_mut().unwrap()
}

/// Plays a plan of which every request fails, and gives the words that the first failure was told in.
fn refusal(plan: &Plan) -> String {
    let (observed, total) = play(plan);
    assert_eq!(total.errors, Errors::from([(ErrorClass::Tls, 100)]), "{:?}", observed.measured.failures);
    observed.measured.failures[0].message.clone()
}

#[test]
fn load_goes_through_tls_to_a_server_whose_authority_is_trusted() {
    let authority = Authority::new("ours");
    let port = Https::default().serve(&authority.certificate(&["127.0.0.1"], |_| {}), answer);
    let (_, total) = play(&https(port, authority.authorities()));
    assert_eq!((total.errors, total.bytes), (Errors::new(), 200));
}

#[test]
fn load_to_a_server_of_an_unknown_issuer_fails_and_says_what_to_do() {
    let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
    let port = Https::default().serve(&authority.certificate(&["127.0.0.1"], |_| {}), answer);
    let mut plan = https(port, other.authorities());
    let words = refusal(&plan);
    assert!(words.contains("unknown issuer") && words.contains("target.tls.ca_file"), "{words}");
    tls(&mut plan).trust = Trust::Anybody;
    assert_eq!(play(&plan).1.errors, Errors::new(), "`insecure` takes anybody");
}

#[test]
fn load_to_a_server_whose_certificate_is_wrong_says_what_is_wrong_with_it() {
    let authority = Authority::new("ours");
    let other_name = authority.certificate(&["shop.example.com"], |_| {});
    let words = refusal(&https(Https::default().serve(&other_name, answer), authority.authorities()));
    assert!(words.contains("is for shop.example.com, not for 127.0.0.1") && words.contains("target.tls.sni"), "{words}");
    let expired = authority.certificate(&["127.0.0.1"], |params| params.not_after = rcgen::date_time_ymd(2001, 2, 3));
    let words = refusal(&https(Https::default().serve(&expired, answer), authority.authorities()));
    assert!(words.contains("has expired on 2001-02-03"), "{words}");
    let early = authority.certificate(&["127.0.0.1"], |params| params.not_before = rcgen::date_time_ymd(3001, 2, 3));
    let words = refusal(&https(Https::default().serve(&early, answer), authority.authorities()));
    assert!(words.contains("not valid yet, but from 3001-02-03 on"), "{words}");
}

#[test]
fn load_to_a_server_that_vouches_for_itself_is_sent_where_its_certificate_is_named() {
    let (certificate, authority) = (self_signed("127.0.0.1", |_| {}), Authority::new("ours"));
    let port = Https::default().serve(&certificate, answer);
    let words = refusal(&https(port, authority.authorities()));
    assert!(words.contains("self-signed") && words.contains("target.tls.ca_file"), "{words}");
    let mut plan = https(port, certificate.authorities());
    assert_eq!(play(&plan).1.errors, Errors::new());
    tls(&mut plan).sni = Some("localhost".to_owned());
    let words = refusal(&plan);
    assert!(words.contains("is for 127.0.0.1, not for localhost"), "its name is looked at nevertheless: {words}");
    let expired = self_signed("127.0.0.1", |params| params.not_after = rcgen::date_time_ymd(2001, 2, 3));
    let words = refusal(&https(Https::default().serve(&expired, answer), expired.authorities()));
    assert!(words.contains("has expired on 2001-02-03"), "and so is its time: {words}");
}

#[test]
fn load_is_secured_by_what_was_checked_whatever_becomes_of_the_files() {
    let authority = Authority::new("ours");
    let demanding = Https { clients_of: Some(authority.der()), ..Https::default() };
    let port = demanding.serve(&authority.certificate(&["127.0.0.1"], |_| {}), answer);
    let own = authority.certificate(&["client"], |_| {});
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::copy(authority.ca_file(), folder.path().join("ca.pem")).unwrap();
    write("own.pem", &own.pem);
    write("own.key", &own.key_pem);
    let tls = "{ ca_file: ca.pem, client_cert: own.pem, client_key: own.key }";
    let target = format!("{{ base_url: 'https://127.0.0.1:{port}', tls: {tls} }}");
    write("loadgate.yml", &format!("target: {target}\nstages: [ {{ rate: 20/s, duration: 1s }} ]\nscenarios: [ GET / ]\n"));
    let loaded = config::load(&folder.path().join("loadgate.yml"), &Overrides::default()).unwrap();
    let plan = resolve(&loaded).unwrap().plan;
    drop((folder, loaded));
    let (observed, total) = play(&plan);
    assert_eq!((total.requests, total.errors), (20, Errors::new()), "{:?}", observed.measured.failures);
}

#[test]
fn load_asks_for_the_name_it_is_told_to() {
    let authority = Authority::new("ours");
    let https_server = Https::default();
    let port = https_server.serve(&authority.certificate(&["shop.example.com"], |_| {}), answer);
    let mut plan = https(port, authority.authorities());
    tls(&mut plan).sni = Some("shop.example.com".to_owned());
    assert_eq!(play(&plan).1.errors, Errors::new());
    let asked_for = https_server.asked_for.lock().unwrap();
    assert!(asked_for.iter().all(|name| name.as_deref() == Some("shop.example.com")), "{asked_for:?}");
}

#[test]
fn load_shows_a_certificate_of_its_own_where_one_is_demanded() {
    let authority = Authority::new("ours");
    let demanding = Https { clients_of: Some(authority.der()), ..Https::default() };
    let port = demanding.serve(&authority.certificate(&["127.0.0.1"], |_| {}), answer);
    let mut plan = https(port, authority.authorities());
    let words = refusal(&plan);
    assert!(words.contains("wants a client certificate") && words.contains("target.tls.client_cert"), "{words}");
    let own = authority.certificate(&["client"], |_| {});
    tls(&mut plan).identity = Some(own.identity());
    assert_eq!(play(&plan).1.errors, Errors::new());
    let foreign = Authority::new("theirs").certificate(&["client"], |_| {});
    tls(&mut plan).identity = Some(foreign.identity());
    let words = refusal(&plan);
    assert!(words.contains("the server refuses the TLS connection"), "{words}");
}

#[test]
fn load_resumes_sessions_of_tls() {
    let authority = Authority::new("ours");
    let https_server = Https::default();
    let port = https_server.serve(&authority.certificate(&["127.0.0.1"], |_| {}), |mut stream| {
        let closing = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = read_request(&mut stream).map(|_| stream.write_all(closing));
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    let (_, total) = play(&https(port, authority.authorities()));
    assert_eq!((total.errors, total.connections), (Errors::new(), 100));
    let resumed = *https_server.resumed.lock().unwrap();
    assert!(resumed > 90, "{resumed}");
    assert!(total.phases.tls > 0 && total.phases.connect > 0, "{:?}", total.phases);
}

#[test]
fn load_to_a_port_without_tls_fails_and_asks_whether_it_is_the_right_one() {
    let authority = Authority::new("ours");
    let plain = server(|mut stream| {
        let _ = stream.read(&mut [0; 1000]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let words = refusal(&https(plain, authority.authorities()));
    assert!(words.contains("is not TLS") && words.contains("https"), "{words}");
    let closing = server(|mut stream| drop(stream.read(&mut [0; 1000])));
    let words = refusal(&https(closing, authority.authorities()));
    assert!(words.contains("closed the connection during the TLS handshake"), "{words}");
}

#[test]
fn load_to_a_server_that_never_ends_the_handshake_is_a_timeout_of_the_connection() {
    let silent = server(|mut stream| while stream.read(&mut [0; 1000]).is_ok_and(|length| length > 0) {});
    let authority = Authority::new("ours");
    let mut plan = https(silent, authority.authorities());
    plan.http.timeouts.connect = Duration::from_millis(100);
    let (observed, total) = play(&plan);
    assert_eq!(total.errors, Errors::from([(ErrorClass::TimeoutConnect, 100)]));
    assert!(observed.measured.failures[0].message.contains("TLS handshake"), "{:?}", observed.measured.failures);
}

/// Answers all requests of a connection over HTTP/2.
fn answer_h2(stream: Secured) {
    let _: Option<()> = Peer::greet(stream, &[]).and_then(|mut peer| {
        loop {
            let stream = peer.next_request()?;
            peer.answer(stream)?;
        }
    });
}

#[test]
fn load_speaks_what_the_server_prefers_of_what_it_may() {
    let authority = Authority::new("ours");
    let certificate = authority.certificate(&["127.0.0.1"], |_| {});
    let serving =
        |alpn: &[&'static str], serve: fn(Secured)| Https { alpn: alpn.to_vec(), ..Https::default() }.serve(&certificate, serve);
    let plan = |port: u16, protocol: HttpVersion| {
        let mut plan = https(port, authority.authorities());
        plan.targets[0].protocol = protocol;
        plan
    };
    let connections = |plan: &Plan| {
        let (observed, total) = play(plan);
        assert_eq!(total.errors, Errors::new(), "{:?}", observed.measured.failures);
        total.connections
    };
    let both = ["h2", "http/1.1"];
    assert_eq!(connections(&plan(serving(&both, answer_h2), HttpVersion::Auto)), 1);
    assert_eq!(connections(&plan(serving(&both, answer_h2), HttpVersion::Http2)), 1);
    connections(&plan(serving(&both, answer), HttpVersion::Http1));
    connections(&plan(serving(&["http/1.1"], answer), HttpVersion::Auto));
    connections(&plan(serving(&[], answer), HttpVersion::Auto));
    for alpn in [&["http/1.1"][..], &[]] {
        let words = refusal(&plan(serving(alpn, answer), HttpVersion::Http2));
        assert!(words.contains("does not speak HTTP/2") && words.contains("protocol: auto"), "{words}");
    }
}

#[test]
fn what_is_spoken_is_known_when_the_target_is_ready() {
    let authority = Authority::new("ours");
    let h2 = Https { alpn: vec!["h2"], ..Https::default() };
    let plan = https(h2.serve(&authority.certificate(&["127.0.0.1"], |_| {}), answer_h2), authority.authorities());
    let origins = Origins::of(&plan).unwrap();
    assert_eq!(origins.known_h2(0), None);
    wait_until_ready(&plan, HttpDriver::for_probes(&plan, &origins), &Stop::default()).unwrap();
    assert_eq!(origins.known_h2(0), Some(true));
}

#[test]
fn a_name_without_an_address_is_a_failure_of_its_own_kind() {
    let mut plan = plan(80);
    plan.targets[0].host = "shop.invalid".to_owned();
    plan.http.timeouts.connect = Duration::from_secs(20);
    let origins = Origins::of(&plan).unwrap();
    let Err(NotReady::Unreachable { reason, .. }) =
        wait_until_ready(&plan, HttpDriver::for_probes(&plan, &origins), &Stop::default())
    else {
        panic!("nobody is there");
    };
    assert!(reason.contains("'shop.invalid' has no address"), "{reason}");
}

#[test]
fn load_to_a_name_without_an_address_fails_at_once() {
    let mut plan = plan(80);
    plan.targets[0].host = "shop.invalid".to_owned();
    plan.http.timeouts.connect = Duration::from_secs(20);
    plan.http.timeouts.request = Duration::from_secs(20);
    assert_eq!(play(&plan).1.errors, Errors::from([(ErrorClass::Dns, 100)]));
}
