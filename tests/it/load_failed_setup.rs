//! Users who can't be set up: what a refused login does to the service, to the figures, and to the verdict.

use loadgate::record::{ErrorClass, Part};

use crate::{
    bench::Bench,
    shop::{Shop, answer, counts},
};

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { vus: 4, duration: 1500ms } ]
scenarios:
  - name: buy
    setup: [ { post: /login, json: { user: ann, password: hunter22 } } ]
    steps: [ { get: /items }, { think: 20ms } ]
record: { window: 250ms }
regression: { block: 250ms }
";
const REFUSED: &str = "{ defaults: { latency: 1ms }, routes: [ { path: /login, errors: { share: 100%, status: 401 } } ] }";

#[test]
fn load_that_cannot_log_in_does_not_hammer_the_service_with_logins() {
    let bench = Bench::new(REFUSED, CONFIG);
    bench.ends_with(3, &["gate", "--quiet"]);
    // At 0 s, after 0.5 to 1 s, and after 1 to 2 s more.
    let logins = bench.requests();
    assert!((5..=12).contains(&logins), "{logins} logins of 4 users in 1.5 s");
    let record = bench.record("loadgate-report/record.json.gz");
    let [failures] = &record.unmeasured_failures[..] else { panic!("{:?}", record.unmeasured_failures) };
    assert_eq!((failures.scenario.as_str(), failures.part, failures.endpoint.as_str()), ("buy", Part::Setup, "POST /login"));
    assert_eq!((failures.class, failures.count), (ErrorClass::Status4xx, logins));
}

#[test]
fn load_that_cannot_log_in_says_so_wherever_somebody_looks() {
    let bench = Bench::new(REFUSED, &format!("{CONFIG}thresholds: [ \"GET /items.p95 < 1s\" ]\n"));
    let text = bench.ends_with(3, &["gate", "--quiet"]);
    let logins = bench.requests();
    let why = format!("setup failed {logins} times: POST /login 4xx: status 401");
    assert!(text.contains(&format!("INVALID: no measurement: no request was made: {why}")), "{text}");
    assert!(text.contains(&format!("setup of buy, not measured: POST /login 4xx {logins}")), "{text}");
    assert!(text.contains("next: Make `setup` work first") && !text.contains("long enough"), "{text}");
    for file in ["comment.md", "step_summary.md", "report.html"] {
        let text = bench.text(&format!("loadgate-report/{file}"));
        assert!(text.contains("login") && text.contains("setup of buy"), "{file}: {text}");
    }
    let summary = &bench.json("loadgate-report/summary.json")["unmeasured_failures"][0];
    assert_eq!((&summary["part"], &summary["class"], &summary["count"]), (&"setup".into(), &"4xx".into(), &logins.into()));
    let exchange = &bench.json("loadgate-report/failures.json")["failures"][0]["exchange"];
    assert_eq!((&exchange["status"], &exchange["request"]), (&401.into(), &"POST /login".into()));

    let output = bench.run(&["run", "--quiet"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("not one request that is measured came to an outcome: setup failed"), "{said}");
}

#[test]
fn load_of_which_some_users_cannot_log_in_is_a_warning() {
    let users = "data: { users: { inline: [ { n: good }, { n: bad } ] } }\n";
    let config = format!(
        "{users}{}",
        CONFIG.replace("/login", "\"/login/{{ users.n }}\"").replace("    setup", "    feed: users\n    setup")
    );
    let bench = Bench::new(&REFUSED.replace("path: /login", "path: /login/bad"), &config);
    let text = bench.ends_with(0, &["gate", "--quiet"]);
    assert!(text.contains("WARN") && text.contains("setup failed "), "{text}");
    assert!(text.contains("POST /login/{{ users.n }} 4xx: status 401"), "{text}");
}

#[test]
fn load_of_an_open_loop_prefers_users_who_are_set_up() {
    // Every login but the second one fails.
    let shop = Shop::open(|seen, before| match seen.path.as_str() {
        "/login" if before != 1 => answer(401, "", "no"),
        _ => answer(200, "", "ok"),
    });
    let scenario = "scenarios: [ { name: a, setup: [ { post: /login } ], steps: [ { get: /b } ] } ]";
    let observed = shop.play(&format!("stages: [ {{ rate: 20/s, duration: 1s }} ]\n{scenario}"), &[]);
    let (logins, asked) = (shop.asked("/login").len(), counts(&observed, "GET /b").0);
    assert_eq!(logins as u64 + asked, 21, "an arrival asks or fails to log in, and one does both");
    assert!(asked >= 15, "{logins} logins, {asked} requests");
    assert_eq!(observed.measured.unmeasured.iter().map(|failures| failures.count).sum::<u64>(), logins as u64 - 1);
}

#[test]
fn load_keeps_the_body_of_a_failure_of_which_only_the_headers_were_kept_at_first() {
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    let shop = Shop::open(move |_, _| answer(502, "server: proxy\r\n", page));
    let config = "stages: [ { rate: 50/s, duration: 200ms } ]\nhttp: { redirects: 3 }\nscenarios: [ GET /a ]";
    let observed = shop.play(config, &[]);
    let exchange = observed.measured.failures[0].exchange.as_ref().unwrap();
    assert_eq!((exchange.body.as_str(), exchange.body_bytes), (page, page.len() as u64));
}
