//! Requests that are sent with ids, so that they are found in the traces of the service.

use std::collections::BTreeSet;

use loadgate::record::ErrorClass;

use crate::shop::{Shop, answer};

const PLAY: &str = "stages: [ { rate: 100/s, duration: 300ms } ]\nscenarios:\n  - { name: a, get: /a }\n";

#[test]
fn load_carries_ids_by_which_the_slowest_and_the_failed_are_found() {
    let shop = Shop::open(|_, before| answer(if before == 3 { 503 } else { 200 }, "", "ok"));
    let observed = shop.play(&format!("{PLAY}observe: {{ traces: w3c }}"), &[]);
    let seen = shop.asked("/a");
    let headers: Vec<&str> = seen.iter().map(|seen| seen.headers["traceparent"].as_str()).collect();
    assert!(
        headers.iter().all(|header| header.starts_with("00-") && header.len() == 55 && header.ends_with("-01")),
        "{headers:?}"
    );
    let ids: BTreeSet<&str> = headers.iter().map(|header| &header[3..35]).collect();
    assert_eq!((ids.len(), seen.len()), (30, 30), "each has an id of its own");
    let slowest = &observed.measured.slowest;
    assert_eq!(slowest.len(), 5);
    assert!(slowest.windows(2).all(|pair| pair[0].response_us >= pair[1].response_us), "{slowest:?}");
    assert!(slowest.iter().all(|slow| ids.contains(slow.trace_id.unwrap().to_string().as_str())), "{slowest:?}");
    let failure = observed.measured.failures.iter().find(|failure| failure.class == ErrorClass::Status5xx).unwrap();
    assert_eq!(failure.trace_id.unwrap().to_string(), headers[3][3..35]);
}

#[test]
fn load_without_traces_is_sent_as_it_is_written() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let observed = shop.play(PLAY, &[]);
    assert!(shop.asked("/a").iter().all(|seen| !seen.headers.contains_key("traceparent")));
    assert_eq!(observed.measured.slowest.len(), 5);
    assert!(observed.measured.slowest.iter().all(|slow| slow.trace_id.is_none()));
}
