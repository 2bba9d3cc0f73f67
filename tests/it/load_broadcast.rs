//! Messages from a publisher to everybody else: what became of each at each receiver, counted against what the target did with them.

use loadgate::record::{ErrorClass, Errors, Totals};
use serde_json::Value;

use crate::bench::Bench;

const RECORD: &str = "loadgate-report/record.json.gz";

/// A room of so many, with thresholds.
fn room(connections: &str, broadcast: &str, thresholds: &str) -> String {
    format!(
        "name: room\ntarget: TARGET\nrecord: {{ window: 500ms }}\nscenarios:\n  - name: room\n    websocket: /room\n    \
         connections: {{ {connections} }}\n    setup: [ {{ think: 500ms }} ]\n    broadcast: {{ {broadcast} }}\n{thresholds}"
    )
}

fn target(websocket: &str) -> String {
    format!("seed: 7\nroutes: [ {{ path: /room, websocket: {{ answer: broadcast, {websocket} }} }} ]")
}

fn total(bench: &Bench, endpoint: &str) -> Totals {
    bench.record(RECORD).endpoint(endpoint).unwrap_or_else(|| panic!("no endpoint {endpoint}")).total()
}

fn count(seen: &Value, key: &str) -> u64 {
    seen["websocket"][key].as_u64().unwrap_or_else(|| panic!("no {key} in {seen:#}"))
}

const SEND: &str = "within: 1s, send: { json: { id: \"{{ message_id }}\", sent_at: \"{{ now() }}\", text: hello } }";

#[test]
fn load_of_a_broadcast_finds_each_message_that_a_receiver_lost() {
    let bench = Bench::new(
        &target("delay: 20ms, lose: 1%"),
        &room("ramp: 101, hold: 5s", &format!("rate: 10/s, {SEND}"), "thresholds: [ room.delivery.errors.lost < 0.1% ]\n"),
    );
    let text = bench.ends_with(1, &["gate", "--no-publish"]);
    let (seen, publish, delivery) = (bench.seen(), total(&bench, "room.publish"), total(&bench, "room.delivery"));
    let published = count(&seen, "received");
    assert!((20..=30).contains(&published), "for 2.9 s, as the last 1.5 s are for what is on its way: {seen:#}");
    assert_eq!((publish.requests, publish.errors), (published, Errors::new()));
    // Where the machine is slow, a receiver comes after the first message; what it gets of that is none of its business.
    let early = published * 100 - delivery.requests;
    assert!(early < 100, "each message has an outcome at each receiver: {} of {published} * 100", delivery.requests);
    let lost = delivery.errors.get(&ErrorClass::Lost).copied().unwrap_or_default();
    assert_eq!(delivery.errors, Errors::from([(ErrorClass::Lost, lost)]));
    // The target sends to the publisher, too, and loses some of that.
    let to_others = count(&seen, "lost").checked_sub(lost).unwrap_or_else(|| panic!("{lost} lost, {seen:#}"));
    assert!(lost > 0 && to_others <= published + early, "{lost} lost, {seen:#}");
    assert_eq!(delivery.requests + early + published, count(&seen, "sent") + count(&seen, "lost"), "{seen:#}");
    assert!(delivery.response.min() >= Some(20_000), "the target takes 20 ms: {:?}", delivery.response.min());
    assert!(text.contains("room.delivery.errors.lost < 0.1%") && text.contains("the message did not come within 1s"), "{text}");
}

#[test]
fn load_of_a_broadcast_tells_what_overtook_what() {
    let bench = Bench::new(
        &target("delay: 'uniform:1ms,300ms'"),
        &room("ramp: 10, hold: 4s", &format!("publishers: 2, rate: 20/s, {SEND}"), ""),
    );
    bench.ends_with(0, &["run"]);
    let (published, delivery) = (total(&bench, "room.publish").requests, total(&bench, "room.delivery"));
    assert_eq!(published, count(&bench.seen(), "received"));
    assert_eq!(delivery.requests, published * 9, "a publisher receives what the other one sends");
    assert_eq!(delivery.errors.keys().collect::<Vec<_>>(), [&ErrorClass::Reordered], "nothing is lost or comes twice");
}
