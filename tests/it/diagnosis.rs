//! Where to look when something failed: the pages of the report, the script beside it, and one endpoint measured again.

use std::{fs, process::Command};

use crate::{
    bench::{Bench, closed_port, target},
    services::Yard,
};

const CONFIG: &str = "version: 1
name: shop
target: { base_url: TARGET, headers: { X-Api-Key: hunter2 } }
stages: [ { rate: 40/s, duration: 2s } ]
scenarios:
  - { name: list, get: /list, weight: 3, depends_on: [redis] }
  - { name: order, post: '/order?n=1', json: { sku: it's }, check: { status: [200, 201] }, depends_on: [redis, orders-db] }
thresholds: [ { expr: order.error_rate < 1%, owner: payments }, list.error_rate < 1% ]
diagnose: { events: [events.csv, missing.jsonl] }
";
const FAILING: &str = "routes:\n  - { path: /order, errors: { share: 100%, status: 503 } }\n";

/// Runs the script of the last report.
fn script(bench: &Bench) -> (Option<i32>, String) {
    let file = bench.path().join("loadgate-report/reproduce.sh");
    let output = Command::new("sh").arg(file).env("X_API_KEY", "hunter2").output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

#[test]
fn load_that_fails_leaves_pages_and_a_script_that_tell_where_to_look() {
    let bench = Bench::new(FAILING, CONFIG);
    fs::write(bench.path().join("events.csv"), "time,name,message\n2001-01-01T00:00:00Z,deploy,v1\n").unwrap();
    let said = bench.ends_with(1, &["gate", "--quiet", "-e", "NOTE=a b", "--set", "regression.alpha=0.02"]);
    assert!(said.contains("missing.jsonl: the events of this file are left out"), "{said}");
    let page = bench.text("loadgate-report/report.html");
    for words in [
        "Where to look",
        "the only one that needs it is affected",
        "some that need it are well",
        "for payments",
        "<code>loadgate gate -c loadgate.yml -e &#x27;NOTE=a b&#x27; --set regression.alpha=0.02</code>",
        "--set regression.alpha=0.02 --only &#x27;order&#x27;",
    ] {
        assert!(page.contains(words), "'{words}' is missing");
    }
    assert!(!page.contains("hunter2") && !bench.text("loadgate-report/reproduce.sh").contains("hunter2"));
    let (code, said) = script(&bench);
    assert!(code == Some(1) && said.contains("FAILED   order: status 503, expected 200 201"), "{said}");
    bench.behave("{}");
    let (code, said) = script(&bench);
    assert!(code == Some(0) && said.contains("ok       order: status 200"), "{said}");
}

#[test]
fn load_on_a_service_that_the_gate_started_leaves_a_script_that_asks_for_its_port() {
    let sections = CONFIG.split_once("stages:").map(|(_, rest)| format!("stages:{rest}")).unwrap();
    let yard = Yard::new("exec MOCK --script failing.yml", &sections);
    fs::write(yard.path().join("failing.yml"), FAILING).unwrap();
    yard.ends_with(1, &["gate", "--quiet"]);
    let page = fs::read_to_string(yard.path().join("loadgate-report/report.html")).unwrap();
    let beside: Vec<&str> = page.lines().filter(|line| line.contains("PORT=8080")).collect();
    assert!(page.contains("<code>export PORT=8080; .&#x2f;serve &amp;</code>"), "the command is beside the line: {beside:?}");
    let script = |port: &str| {
        let file = yard.path().join("loadgate-report/reproduce.sh");
        let output = Command::new("sh").arg(file).env("PORT", port).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (code, said) = script("");
    assert!(code != Some(0) && said.contains("start the service") && !said.contains("FAILED"), "{said}");
    let (code, said) = script(&closed_port().to_string());
    assert!(code == Some(2) && said.contains("absent   order: there is no service") && !said.contains("FAILED"), "{said}");
    let mock = target(FAILING);
    let (code, said) = script(&mock.addr().port().to_string());
    assert!(code == Some(1) && said.contains("FAILED   order: status 503, expected 200 201"), "{said}");
}

#[test]
fn load_of_one_endpoint_alone_keeps_its_share_of_the_rate() {
    let bench = Bench::new("{}", CONFIG);
    bench.ends_with(0, &["run", "--quiet"]);
    let count = |name: &str| {
        let record = bench.record("loadgate-report/record.json.gz");
        record.endpoint(name).map(|series| series.total().requests)
    };
    let whole = count("order");
    bench.behave("{}");
    bench.ends_with(0, &["gate", "--quiet", "--only", "order"]);
    assert_eq!((count("order"), count("list")), (whole, None));
    assert_eq!(Some(bench.requests()), whole, "nothing else was asked");
    let thresholds = bench.verdict()["thresholds"].clone();
    assert_eq!(thresholds.as_array().unwrap().len(), 1, "{thresholds}");
    let said = bench.ends_with(2, &["gate", "--only", "ordr"]);
    assert!(said.contains("--only ordr: no measured endpoint has this name") && said.contains("did you mean 'order'?"), "{said}");
}
