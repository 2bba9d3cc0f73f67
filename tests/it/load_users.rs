//! Users over time: what they do once, what they are given and keep, where they are sent, and what they try again.

use loadgate::{
    engine::{Stop, run},
    protocol::{Origins, http::HttpDriver},
    record::{ErrorClass, Errors, Part},
};

use crate::shop::{Shop, answer, counts, said};

const LOGIN: &str = r#"
data: { users: { inline: [ { name: ann }, { name: bob }, { name: cho } ] } }
scenarios:
  - name: checkout
    feed: users
    setup:
      - { post: /login, json: { user: "{{ users.name }}" }, extract: { token: $.token } }
    steps:
      - { post: /order, headers: { Authorization: "Bearer {{ token }}", X-User: "{{ users.name }}" } }
    teardown:
      - { post: /logout, headers: { Authorization: "Bearer {{ token }}" } }
"#;

fn token_of(body: &str) -> String {
    body.split('"').nth(3).unwrap_or_default().to_uppercase()
}

#[test]
fn load_sets_a_user_up_once_and_lets_it_leave_at_the_end() {
    let shop = Shop::open(|seen, _| match seen.path.as_str() {
        "/login" => answer(200, "", &format!("{{\"token\":\"{}\"}}", token_of(&seen.body))),
        _ => answer(200, "", "ok"),
    });
    let observed = shop.play(&format!("stages: [ {{ vus: 2, count: 30, duration: 10s }} ]{LOGIN}"), &[]);
    assert_eq!(counts(&observed, "POST /order"), (30, 0, Errors::new()), "{:?}", observed.measured.failures);
    assert!(
        observed.measured.endpoints.iter().all(|series| series.name == "POST /order"),
        "what is not measured is not reported"
    );
    let mut logins: Vec<String> = shop.asked("/login").iter().map(|seen| token_of(&seen.body)).collect();
    logins.sort();
    assert_eq!(logins, ["ANN", "BOB"]);
    let mut logouts: Vec<String> = shop.asked("/logout").iter().map(|seen| seen.headers["authorization"].clone()).collect();
    logouts.sort();
    assert_eq!(logouts, ["Bearer ANN", "Bearer BOB"]);
    let lines = shop.lines();
    assert!(lines[lines.len() - 2..].iter().all(|line| line == "POST /logout"), "{lines:?}");
    let orders = shop.asked("/order");
    // Two users and three rows: the third is taken by whoever has an iteration to make, not by a user of its own.
    let rows = orders.iter().filter(|seen| seen.headers["x-user"].eq_ignore_ascii_case("cho")).count();
    assert_eq!(rows, 10, "each iteration takes the next row");
}

#[test]
fn load_sets_up_the_users_of_an_open_loop_too() {
    let shop = Shop::open(|seen, _| match seen.path.as_str() {
        "/login" => answer(200, "", r#"{"token":"t"}"#),
        _ => answer(200, "", "ok"),
    });
    let observed = shop.play(&format!("stages: [ {{ rate: 100/s, duration: 500ms }} ]{LOGIN}"), &[]);
    assert_eq!(counts(&observed, "POST /order"), (50, 0, Errors::new()));
    let (logins, logouts) = (shop.asked("/login").len(), shop.asked("/logout").len());
    assert!(logins < 50 && logins == logouts, "{logins} logins, {logouts} logouts");
}

#[test]
fn load_tries_a_failed_setup_again_at_the_next_iteration() {
    let shop = Shop::open(|seen, before| match seen.path.as_str() {
        "/login" if before < 2 => answer(503, "", "later"),
        "/login" => answer(200, "", r#"{"token":"t"}"#),
        _ => answer(200, "", "ok"),
    });
    let observed = shop.play(&format!("stages: [ {{ vus: 1, count: 5, duration: 10s }} ]{LOGIN}"), &[]);
    assert_eq!(counts(&observed, "POST /order"), (3, 0, Errors::new()));
    assert_eq!(shop.asked("/login").len(), 3);
    assert_eq!(said(&observed, ErrorClass::Status5xx), "status 503", "it is told, though not counted");
    let measured = LOGIN.replace("extract: { token: $.token }", "extract: { token: $.token }, measure: true");
    let shop = Shop::open(|_, _| answer(503, "", "no"));
    let observed = shop.play(&format!("stages: [ {{ rate: 100/s, duration: 100ms }} ]{measured}"), &[]);
    assert_eq!(counts(&observed, "POST /login"), (10, 0, Errors::from([(ErrorClass::Status5xx, 10)])));
    assert_eq!(counts(&observed, "POST /order"), (0, 0, Errors::new()));
}

#[test]
fn load_leaves_what_is_not_measured_out_of_the_figures() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let sections = "scenarios: [ { name: a, steps: [ { get: /a, measure: false }, { think: 1ms..5ms }, { get: /b } ] } ]";
    let observed = shop.play(&format!("stages: [ {{ vus: 1, count: 10, duration: 10s }} ]\n{sections}"), &[]);
    let names: Vec<&str> = observed.measured.endpoints.iter().map(|series| series.name.as_str()).collect();
    assert_eq!((names, counts(&observed, "GET /b").0, shop.asked("/a").len()), (vec!["GET /b"], 10, 10));
}

#[test]
fn load_keeps_the_cookies_of_each_user() {
    let shop = Shop::open(|seen, before| match seen.path.as_str() {
        "/login" => {
            answer(200, &format!("set-cookie: sid={before}; Path=/shop\r\nset-cookie: x=1; Domain=other.example\r\n"), "ok")
        }
        _ => answer(200, "", "ok"),
    });
    let sections = "scenarios: [ { name: a, setup: [ { get: /login } ], steps: [ { get: /shop/cart }, { get: /else } ] } ]";
    let stages = "stages: [ { vus: 2, count: 10, duration: 10s } ]";
    shop.play(&format!("{stages}\nhttp: {{ cookies: per_vu }}\n{sections}"), &[]);
    let carts = shop.asked("/shop/cart");
    assert!(carts.iter().all(|seen| ["sid=0", "sid=1"].contains(&seen.headers["cookie"].as_str())), "{carts:?}");
    assert!(["sid=0", "sid=1"].iter().all(|cookie| carts.iter().any(|seen| seen.headers["cookie"] == *cookie)));
    assert!(shop.asked("/else").iter().all(|seen| !seen.headers.contains_key("cookie")), "the path does not match");
    let without = Shop::open(|_, _| answer(200, "set-cookie: sid=1\r\n", "ok"));
    without.play(&format!("{stages}\n{sections}"), &[]);
    assert!(without.seen().iter().all(|seen| !seen.headers.contains_key("cookie")));
}

#[test]
fn load_follows_redirects_within_its_targets() {
    let shop = Shop::open(|seen, _| match seen.path.as_str() {
        "/old" => answer(307, "location: /older?x=1\r\n", ""),
        "/older?x=1" => answer(303, "location: new\r\n", ""),
        "/away" => answer(302, "location: http://other.example/\r\n", ""),
        "/round" => answer(302, "location: /round\r\n", ""),
        _ => answer(200, "", "{\"id\":5}"),
    });
    let stages = "stages: [ { rate: 100/s, duration: 100ms } ]\nhttp: { redirects: 2 }";
    let play = |scenario: &str| shop.play(&format!("{stages}\nscenarios: [ {{ name: a, {scenario} }} ]"), &[]);
    let observed = play("post: /old, json: { a: 1 }, check: { json: { $.id: 5 } }");
    assert_eq!(counts(&observed, "a"), (10, 0, Errors::new()), "{:?}", observed.measured.failures);
    assert_eq!(shop.asked("/older?x=1")[0].body, "{\"a\":1}");
    let last = &shop.asked("/new")[0];
    assert_eq!((last.method.as_str(), last.body.as_str(), last.headers.get("content-type")), ("GET", "", None));
    let failed = |scenario: &str| {
        let observed = play(scenario);
        assert_eq!(counts(&observed, "a").2, Errors::from([(ErrorClass::Redirect, 10)]));
        said(&observed, ErrorClass::Redirect)
    };
    assert_eq!(failed("get: /away"), "redirect to http://other.example/: it leads out of the targets of the configuration");
    assert_eq!(failed("get: /round"), "more than 2 redirects");
    let before = shop.asked("/older?x=1").len();
    let observed = play("get: /old, check: { status: 307 }");
    assert_eq!(
        (counts(&observed, "a").2, shop.asked("/older?x=1").len()),
        (Errors::new(), before),
        "a redirect that is expected is the answer"
    );
}

#[test]
fn load_tries_again_what_it_is_told_to() {
    let shop = || {
        Shop::open(|seen, before| {
            let status = if before % 3 == 2 { 200 } else { 503 };
            answer(if seen.path == "/wrong" { 404 } else { status }, "", "x")
        })
    };
    // One user, so that the third attempt of each request is the one that succeeds.
    let play = |shop: &Shop, http: &str, path: &str, check: &str| {
        shop.play(&format!("stages: [ {{ vus: 1, count: 4, duration: 10s }} ]\nhttp: {{ retries: {http} }}\nscenarios: [ {{ name: a, get: {path}, {check} }} ]"), &[])
    };
    let quick = "backoff: { initial: 1ms, max: 2ms }";
    let (first, second, third, fourth) = (shop(), shop(), shop(), shop());
    let observed = play(&first, &format!("{{ max: 2, {quick} }}"), "/flaky", "");
    assert_eq!((counts(&observed, "a"), first.seen().len()), ((4, 8, Errors::new()), 12));
    let observed = play(&second, &format!("{{ max: 1, {quick} }}"), "/flaky", "");
    // The third request of all and the sixth succeed: the second and the fourth iteration need no second attempt.
    assert_eq!((counts(&observed, "a"), second.seen().len()), ((4, 2, Errors::from([(ErrorClass::Status5xx, 2)])), 6));
    let observed = play(&third, &format!("{{ max: 3, {quick} }}"), "/wrong", "");
    assert_eq!(counts(&observed, "a"), (4, 0, Errors::from([(ErrorClass::Status4xx, 4)])), "not named, not tried again");
    let observed = play(
        &fourth,
        &format!("{{ max: 2, retry_on: [check_failed], {quick} }}"),
        "/flaky",
        "check: { status: [200, 503], body: never }",
    );
    assert_eq!(counts(&observed, "a"), (4, 8, Errors::from([(ErrorClass::CheckFailed, 4)])));
}

#[test]
fn load_counts_the_latency_of_a_request_that_was_tried_again_from_its_first_attempt() {
    let shop = Shop::open(|_, before| answer(if before == 0 { 503 } else { 200 }, "", "x"));
    let observed = shop.play(
        "stages: [ { vus: 1, count: 1, duration: 10s } ]\nhttp: { retries: { max: 1, backoff: { initial: 100ms, jitter: none } } }\nscenarios: [ { name: a, get: /a } ]",
        &[],
    );
    let total = observed.measured.endpoints[0].total();
    assert_eq!((total.requests, total.retries), (1, 1));
    assert!(total.response.min() >= Some(100_000) && total.service.min() >= Some(100_000), "the pause is part of the latency");
}

#[test]
fn load_keeps_samples_of_what_failed() {
    let shop = Shop::open(|_, _| answer(500, "set-cookie: sid=secret\r\nserver: x\r\n", "{\"error\":\"boom\"}"));
    let sections =
        "scenarios: [ { name: a, get: '/a?n={{ rand(1, 9) }}', headers: { Authorization: Bearer t, Accept: text/html } } ]";
    let observed = shop.play(&format!("stages: [ {{ rate: 100/s, duration: 500ms }} ]\n{sections}"), &[]);
    let samples: Vec<_> = observed.measured.failures.iter().filter_map(|failure| failure.exchange.as_deref()).collect();
    assert!(!samples.is_empty(), "{:?}", observed.measured.failures);
    let sample = samples.iter().find(|sample| sample.is_full()).expect("a full one");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert!(sample.request.starts_with("GET /a?n=") && sample.status == 500);
    assert_eq!(sample.request_headers, [pair("accept", "text/html"), pair("authorization", "***")]);
    assert!(
        sample.response_headers.contains(&pair("set-cookie", "***")) && sample.response_headers.contains(&pair("server", "x"))
    );
    assert_eq!((sample.body.as_str(), sample.body_bytes), ("{\"error\":\"boom\"}", 16));
}

#[test]
fn load_of_arrivals_and_of_users_never_gives_two_users_one_number() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let stages = "stages: [ { rate: 20/s, duration: 500ms }, { vus: 2, count: 4, duration: 10s } ]";
    shop.play(&format!("{stages}\nscenarios: [ 'GET /u/{{{{ vu }}}}' ]"), &[]);
    let lines = shop.lines();
    let is_of_users = |line: &String| line == "GET /u/0" || line == "GET /u/1";
    assert_eq!((lines.len(), lines.iter().filter(|line| is_of_users(line)).count()), (14, 4), "{lines:?}");
}

/// A user who pauses for far longer than any run lasts.
const PAUSING: &str = r#"
load: { graceful_stop: 5s }
scenarios:
  - name: a
    setup: [ { post: /login } ]
    steps: [ { get: /b }, { think: 10m }, { get: /c } ]
    teardown: [ { post: /logout } ]
"#;

#[test]
fn load_lets_users_leave_who_pause_when_the_run_is_over() {
    for load in ["vus: 2", "rate: 10/s"] {
        let shop = Shop::open(|_, _| answer(200, "", "ok"));
        let observed = shop.play(&format!("stages: [ {{ {load}, duration: 200ms }} ]{PAUSING}"), &[]);
        assert_eq!(["/b", "/c", "/logout"].map(|path| shop.asked(path).len()), [2, 0, 2], "{load}");
        assert_eq!((counts(&observed, "GET /b"), observed.measured.unmeasured), ((2, 0, Errors::new()), Vec::new()), "{load}");
    }
}

#[test]
fn load_lets_users_leave_who_pause_when_somebody_asks_to_stop() {
    for load in ["vus: 2, duration: 10m", "vus: 2, count: 2, duration: 10m"] {
        let shop = Shop::open(|_, _| answer(200, "", "ok"));
        let plan = shop.resolved(&format!("stages: [ {{ {load} }} ]{PAUSING}"), &[]).plan;
        let (origins, stop) = (Origins::of(&plan).unwrap(), Stop::default());
        let end_it = |_: loadgate::engine::Progress<'_>| {
            if shop.asked("/b").len() == 2 && !stop.is_asked() {
                stop.ask();
            }
        };
        run(&plan, |share| HttpDriver::new(&plan, &origins, share), &stop, end_it).unwrap();
        assert_eq!(["/c", "/logout"].map(|path| shop.asked(path).len()), [0, 2], "{load}");
    }
}

#[test]
fn load_of_users_who_share_a_count_is_played_to_the_end_of_all_iterations() {
    let shop = Shop::open(|_, _| answer(200, "", "ok"));
    let sections = "scenarios: [ { name: a, steps: [ { get: /a }, { think: 10ms..400ms }, { get: /b } ] } ]";
    let observed = shop.play(&format!("stages: [ {{ vus: 8, count: 8, duration: 10s }} ]\n{sections}"), &[]);
    assert_eq!((counts(&observed, "GET /a").0, counts(&observed, "GET /b").0), (8, 8));
}

#[test]
fn load_whose_users_have_no_time_to_leave_says_so() {
    let shop = Shop::open(|seen, _| match seen.path.as_str() {
        "/slow" => loop {
            std::thread::park();
        },
        _ => answer(200, "", "ok"),
    });
    let observed = shop.play(
        r#"
stages: [ { vus: 3, duration: 500ms } ]
load: { graceful_stop: 100ms }
scenarios:
  - { name: a, setup: [ { post: /login } ], steps: [ { get: /slow } ], teardown: [ { post: /logout } ] }
"#,
        &[],
    );
    assert_eq!((shop.asked("/login").len(), shop.asked("/logout").len()), (3, 0));
    let [stayed] = &observed.measured.unmeasured[..] else { panic!("{:?}", observed.measured.unmeasured) };
    assert_eq!((stayed.part, stayed.endpoint.as_str(), stayed.count), (Part::Teardown, "POST /logout", 3));
    assert_eq!(stayed.class, ErrorClass::Unfinished);
    let said = observed.measured.failures.iter().find(|failure| failure.endpoint == "POST /logout").unwrap();
    assert_eq!(said.message, "the run ended before it was made: load.graceful_stop is the time for it");
}
