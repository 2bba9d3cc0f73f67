//! Load behind TLS: whom we trust, how we prove ourselves, and what is said when either fails. Whatever happens, every arrival
//! is accounted for.

use std::{io::Write as _, path::PathBuf, time::Duration};

use loadgate::{
    plan::{HttpVersion, Plan, Tls},
    protocol::Origins,
    record::{ErrorClass, Errors},
};

use crate::{
    certificates::{Authority, Certificate, Https, Secured, self_signed},
    load_outcomes::{plan, play},
    scripted::{read_request, server},
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers each request on a connection.
fn answer(mut stream: Secured) {
    while read_request(&mut stream).is_some() && stream.write_all(OK).is_ok() {}
}

/// 100 requests in a second to `https://127.0.0.1`, trusting this file.
fn https(port: u16, ca_file: PathBuf) -> Plan {
    let mut plan = plan(port);
    plan.targets[0].tls = Some(Tls { ca_file: Some(ca_file), ..Tls::default() });
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
    let (_, total) = play(&https(port, authority.ca_file()));
    assert_eq!((total.errors, total.bytes), (Errors::new(), 200));
}

#[test]
fn load_to_a_server_of_an_unknown_issuer_fails_and_says_what_to_do() {
    let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
    let port = Https::default().serve(&authority.certificate(&["127.0.0.1"], |_| {}), answer);
    let mut plan = https(port, other.ca_file());
    let words = refusal(&plan);
    assert!(words.contains("unknown issuer") && words.contains("target.tls.ca_file"), "{words}");
    tls(&mut plan).insecure = true;
    assert_eq!(play(&plan).1.errors, Errors::new(), "`insecure` takes anybody");
}
