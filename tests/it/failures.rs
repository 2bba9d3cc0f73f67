//! A failing check leaves a sample of the exchange, without what must not be shown.

use serde_json::json;

use crate::bench::Bench;

#[test]
fn load_that_fails_a_check_leaves_the_exchange_in_failures_json() {
    let script = r#"{ "routes": [ { "path": "/api", "body": { "text": "{\"total\":0,\"echo\":\"hunter2\"}", "type": "application/json" } } ] }"#;
    let config = r#"
name: shop
target: { base_url: TARGET, headers: { X-Tenant: t } }
secrets: { TOKEN: { env: LG_TEST_TOKEN } }
stages: [ { rate: 100/s, duration: 1s, warmup: true }, { rate: 100/s, duration: 1s } ]
scenarios:
  - { name: items, get: "/api?n={{ rand(1, 1) }}", headers: { X-Session: "${secret.TOKEN}" }, check: { json: { $.total: "> 0" } } }
"#;
    let bench = Bench::new(script, config);
    let output = bench.command(&["run", "--quiet"]).env("LG_TEST_TOKEN", "hunter2").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let written = bench.json("loadgate-report/failures.json");
    let failure = &written["failures"][0];
    assert_eq!((&written["schema"], &failure["class"]), (&json!("loadgate/failures/v1"), &json!("check_failed")));
    assert_eq!(failure["message"], "$.total: expected > 0, found 0");
    let exchange = &failure["exchange"];
    assert_eq!((&exchange["request"], &exchange["status"]), (&json!("GET /api?n=1"), &json!(200)));
    assert_eq!(exchange["request_headers"], json!([["x-session", "***"]]));
    assert_eq!(exchange["body"], r#"{"total":0,"echo":"***"}"#);
    assert!(!bench.text("loadgate-report/failures.json").contains("hunter2"));
    assert!(!serde_json::to_string(&bench.record("loadgate-report/record.json.gz")).unwrap().contains("hunter2"));
    // A later run in which nothing fails leaves none.
    bench.behave(r#"{ "routes": [ { "path": "/api", "body": { "text": "{\"total\":1}" } } ] }"#);
    let output = bench.command(&["run", "--quiet"]).env("LG_TEST_TOKEN", "hunter2").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!bench.path().join("loadgate-report/failures.json").exists());
}

#[test]
fn load_with_traces_leaves_ids_beside_what_failed_and_what_was_slow() {
    let script = "routes:\n  - { path: /api, errors: { share: 50%, status: 503 } }\n";
    let config = "name: shop\ntarget: TARGET\nobserve: { traces: w3c }\nstages: [ { rate: 100/s, duration: 500ms } ]\n\
                  scenarios: [ { name: items, get: /api } ]\n";
    let bench = Bench::new(script, config);
    bench.ends_with(0, &["run", "--quiet"]);
    let text = bench.text("loadgate-report/samples.csv");
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
    for kind in ["failed", "slow"] {
        let ids: Vec<&str> = rows.iter().filter(|row| &row[8] == kind).map(|row| &row[6]).collect();
        let is_id = |id: &&str| id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit());
        assert!(!ids.is_empty() && ids.iter().all(is_id), "{kind}: {text}");
    }
    assert_eq!(bench.json("loadgate-report/failures.json")["failures"][0]["trace_id"].as_str().map(str::len), Some(32));
}
