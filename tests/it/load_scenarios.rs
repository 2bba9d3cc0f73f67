//! What users do: rendered requests, values handed from step to step, rows of data. What was sent is asserted by the service.

use std::collections::BTreeSet;

use loadgate::record::{Ended, ErrorClass, Errors};
use serde_json::{Value, json};

use crate::shop::{Shop, answer, counts, said};

/// Ten arrivals in a tenth of a second, one after another.
const TEN: &str = "stages: [ { rate: 100/s, duration: 100ms } ]\n";

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn load_renders_paths_headers_and_bodies_for_each_request() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let observed = shop.play(
        &format!(
            r#"{TEN}
env: {{ REGION: eu }}
scenarios:
  - name: order
    post: /orders/{{{{ rand(1, 3) }}}}?q={{{{ 'a b&ü' }}}}
    headers: {{ X-Id: "{{{{ uuid() }}}}", X-Region: "{{{{ env.REGION }}}}" }}
    json: {{ qty: "{{{{ rand(1, 5) }}}}", text: 'say "{{{{ "\"hi\"" }}}}" to {{{{ vu }}}}', at: "{{{{ now() }}}}", list: ["{{{{ [1, 2] }}}}"], plain: "5" }}
"#
        ),
        &[],
    );
    assert_eq!(counts(&observed, "order"), (10, 0, Errors::new()));
    let seen = shop.seen();
    assert_eq!(seen.len(), 10);
    assert!(
        seen.iter().all(|seen| ["1", "2", "3"].contains(&&seen.path[8..9]) && seen.path[9..] == *"?q=a%20b&%C3%BC"),
        "{seen:?}"
    );
    let ids: BTreeSet<&str> = seen.iter().map(|seen| seen.headers["x-id"].as_str()).collect();
    assert_eq!((ids.len(), seen[0].headers["x-region"].as_str()), (10, "eu"));
    for seen in &seen {
        let sent = body(&seen.body);
        assert!(sent["qty"].is_u64() && sent["at"].as_u64() > Some(1_500_000_000_000), "{sent}");
        assert!(sent["text"].as_str().is_some_and(|text| text.starts_with("say \"\"hi\"\" to ")), "{sent}");
        assert_eq!((&sent["list"], &sent["plain"]), (&json!([[1, 2]]), &json!("5")));
        assert_eq!(seen.headers["content-type"], "application/json");
    }
}

#[test]
fn load_of_equal_seeds_draws_equal_values() {
    let drawn = |seed: u32| {
        let shop = Shop::open(|_, _| answer(200, "", "ok"));
        // One user at a time, so that the same user makes the same iteration.
        let sections = format!(
            "load: {{ seed: {seed}, stages: [ {{ vus: 1, count: 5, duration: 10s }} ] }}\nscenarios: [ 'GET /i/{{{{ rand(1, 1000000) }}}}' ]"
        );
        shop.play(&sections, &[]);
        shop.lines()
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn load_hands_values_from_step_to_step() {
    let shop = Shop::open(|seen, _| match seen.path.as_str() {
        "/items" => answer(200, "location: /next/9\r\n", r#"{"items":[{"id":7}],"csrf":"<input name=\"csrf\" value=\"t 1\">"}"#),
        _ => answer(200, "", "{}"),
    });
    let observed = shop.play(
        &format!(
            r#"{TEN}
scenarios:
  - name: buy
    steps:
      - get: /items
        extract:
          item_id: $.items[0].id
          csrf: {{ regex: 'value=\\"([^"\\]+)' }}
          next: {{ header: Location }}
          count: {{ json: "$.items.length()" }}
          note: {{ json: $.note, default: none }}
      - get: "{{{{ next }}}}?i={{{{ item_id }}}}"
      - post: /order
        json: {{ item: "{{{{ item_id }}}}", csrf: "{{{{ csrf }}}}", count: "{{{{ count }}}}", note: "{{{{ note }}}}" }}
"#
        ),
        &[],
    );
    assert_eq!(counts(&observed, "POST /order"), (10, 0, Errors::new()), "{:?}", observed.measured.failures);
    assert_eq!(shop.asked("/next/9?i=7").len(), 10);
    assert_eq!(body(&shop.asked("/order")[0].body), json!({ "item": 7, "csrf": "t 1", "count": 1, "note": "none" }));
}

#[test]
fn load_that_finds_nothing_to_extract_says_what_was_there_instead() {
    let shop = Shop::open(|_, _| answer(200, "", r#"{"items":[]}"#));
    let sections =
        "scenarios: [ { name: a, steps: [ { get: /items, extract: { id: '$.items[0].id' } }, { get: '/i/{{ id }}' } ] } ]";
    let observed = shop.play(&format!("{TEN}{sections}"), &[]);
    assert_eq!(counts(&observed, "GET /items"), (10, 0, Errors::from([(ErrorClass::ExtractFailed, 10)])));
    assert_eq!(said(&observed, ErrorClass::ExtractFailed), r#"id: nothing at $.items[0].id, found {"items":[]}"#);
    assert!(shop.lines().iter().all(|line| line == "GET /items"), "the iteration ends");
}

#[test]
fn load_whose_template_fails_sends_nothing_and_says_why() {
    let shop = Shop::open(|_, _| answer(200, "", r#"{"id":"a\r\nX: y","n":"x"}"#));
    let sections = r#"
scenarios:
  - name: a
    steps:
      - { get: /a, extract: { id: $.id, n: $.n } }
      - { get: /b, name: b, headers: { X-Id: "{{ id }}" } }
  - name: c
    get: /c/{{ rand(5, vu - 1000) }}
  - name: d
    steps: [ { get: /a, extract: { n: $.n } }, { get: "{{ n }}", name: d } ]
"#;
    let observed = shop.play(&format!("stages: [ {{ rate: 200/s, duration: 200ms }} ]{sections}"), &[]);
    for endpoint in ["b", "c", "d"] {
        let (requests, _, errors) = counts(&observed, endpoint);
        assert!(requests > 0, "{endpoint}");
        assert_eq!(errors, Errors::from([(ErrorClass::Template, requests)]), "{endpoint}");
    }
    assert!(shop.lines().iter().all(|line| line == "GET /a"));
    let message = |endpoint: &str| {
        let found = observed.measured.failures.iter().find(|failure| failure.endpoint == endpoint);
        found.map(|failure| failure.message.clone()).unwrap_or_default()
    };
    assert_eq!(message("b"), "header x-id: the value holds a line break or a control character");
    assert!(message("c").starts_with("path: rand(5, -"), "{}", message("c"));
    assert_eq!(message("d"), "path: 'x' does not begin with '/'");
}

#[test]
fn load_is_judged_by_its_checks() {
    let shop = Shop::open(|_, _| answer(200, "content-type: text/html\r\n", r#"{"ok":false,"items":[1]}"#));
    let check = |check: &str| {
        let sections = format!("{TEN}scenarios: [ {{ name: a, get: /a, check: {check} }} ]");
        let schema = r#"{ "type": "object", "required": ["total"] }"#;
        let observed = shop.play(&sections, &[("item.json", schema)]);
        let (requests, _, errors) = counts(&observed, "a");
        assert_eq!(requests, 10);
        let failed = errors.get(&ErrorClass::CheckFailed).copied().unwrap_or(0);
        assert!(failed == 0 || failed == 10, "{errors:?}");
        (failed == 10).then(|| said(&observed, ErrorClass::CheckFailed))
    };
    let failed = |message: &str| Some(message.to_owned());
    assert_eq!(check("{ status: 200, json: { '$.items.length()': '> 0', $.ok: false }, max_bytes: 1kB, body: items }"), None);
    assert_eq!(check("{ header: { Content-Type: '~ json' } }"), failed("header content-type: expected ~ json, found text/html"));
    assert_eq!(check("{ json: { $.ok: true } }"), failed("$.ok: expected true, found false"));
    assert_eq!(check("{ max_bytes: 10B }"), failed("body: expected at most 10 bytes, found 24"));
    assert_eq!(check("{ body: '~ ^ok' }"), failed(r#"body: expected ~ ^ok, found {"ok":false,"items":[1]}"#));
    assert_eq!(check("{ schema: item.json }"), failed(r#"item.json: the body: "total" is a required property"#));
}

#[test]
fn load_takes_rows_of_data_each_once() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let rows: String = (0..20).map(|n| format!("u{n},\"p,{n}\"\n")).collect();
    let sections = r#"
data:
  users: { csv: users.csv, order: shuffle }
  skus: { inline: [A-1, A-2] }
  sizes: { inline: [ { name: S, cm: 36 }, { name: M, cm: 40 } ] }
scenarios:
  - name: login
    feed: [users, sizes]
    post: /login
    json: { user: "{{ users.name }}", password: "{{ users.password }}", sku: "{{ pick(skus) }}", cm: "{{ sizes.cm }}" }
"#;
    let stages = "stages: [ { rate: 2000/s, duration: 20ms } ]";
    shop.play(&format!("{stages}{sections}"), &[("users.csv", &format!("\u{feff}name,password\n{rows}"))]);
    let sent: Vec<Value> = shop.seen().iter().map(|seen| body(&seen.body)).collect();
    assert_eq!(sent.len(), 40);
    let times = |user: &str| sent.iter().filter(|sent| sent["user"] == user).count();
    assert!((0..20).all(|n| times(&format!("u{n}")) == 2), "each row twice in two passes: {sent:?}");
    let row = sent.iter().find(|sent| sent["user"] == "u7").unwrap();
    assert_eq!(row["password"], "p,7");
    assert!(sent.iter().all(|sent| sent["sku"] == "A-1" || sent["sku"] == "A-2"));
    assert_eq!(sent.iter().filter(|sent| sent["cm"] == 36).count(), 20, "a number of the configuration is a number");
}

#[test]
fn load_ends_when_the_rows_do() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let rows = "name\na\nb\nc\n";
    let sections =
        "data: { users: { csv: users.csv, on_end: stop } }\nscenarios: [ { name: a, feed: users, get: '/{{ users.name }}' } ]";
    for stages in [
        "[ { rate: 100/s, duration: 60s }, { rate: 1/s, duration: 60s } ]",
        "[ { vus: 2, duration: 60s }, { vus: 1, duration: 60s } ]",
    ] {
        let before = shop.seen().len();
        let observed = shop.play(&format!("stages: {stages}\n{sections}"), &[("users.csv", rows)]);
        let mut lines = shop.lines().split_off(before);
        lines.sort();
        assert_eq!(lines, ["GET /a", "GET /b", "GET /c"]);
        assert_eq!(observed.ended, Ended::Complete);
        assert_eq!(observed.ended_because.as_deref(), Some("it ended early, as the feeder 'users' has no rows left"));
        assert_eq!(counts(&observed, "a"), (3, 0, Errors::new()));
        assert!(observed.stages[0].played_us < 10_000_000, "{:?}", observed.stages);
    }
}

#[test]
fn load_of_a_scenario_whose_rows_end_leaves_the_others_to_go_on() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let sections =
        "data: { n: { inline: [1, 2], on_end: stop } }\nscenarios: [ { name: fed, feed: n, get: '/{{ n }}' }, GET /free ]";
    let observed = shop.play(&format!("stages: [ {{ rate: 100/s, duration: 1s }} ]\n{sections}"), &[]);
    let free = counts(&observed, "GET /free").0;
    assert_eq!(counts(&observed, "fed").0, 2);
    assert!(free > 30, "{free}");
    assert_eq!(observed.stages[0].held_back, 100 - 2 - free);
    assert_eq!(observed.ended_because, None);
}
