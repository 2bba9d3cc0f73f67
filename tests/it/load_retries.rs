//! Requests that only a second attempt saves: told, counted, limited.

use crate::bench::Bench;

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 1s } ]
http: { retries: { max: 5, retry_on: [5xx], backoff: { initial: 1ms, jitter: none } } }
scenarios: [ { name: detail, get: /items } ]
record: { window: 250ms }
regression: { block: 250ms }
";
const FLAKY: &str = "routes: [ { path: /items, errors: { share: 20%, status: 503 } } ]";

#[test]
fn load_that_retries_save_says_so_and_keeps_to_a_limit_of_them() {
    let bench = Bench::new(FLAKY, &format!("{CONFIG}thresholds: [ error_rate < 1%, detail.retries < 90% ]\n"));
    let text = bench.ends_with(0, &["gate", "--quiet"]);
    let window_sum = |of: fn(&loadgate::record::Totals) -> u64| of(&bench.record("loadgate-report/record.json.gz").total());
    let (requests, retried, retries) = (window_sum(|t| t.requests), window_sum(|t| t.retried), window_sum(|t| t.retries));
    assert!((1..100).contains(&retried) && retries >= retried && requests == 100, "{retried} retried, {retries} retries");
    let said = format!("{retried} requests of detail ({retried}%) needed a retry");
    assert!(text.contains(&said), "{text}");
    for file in ["comment.md", "step_summary.md"] {
        assert!(bench.text(&format!("loadgate-report/{file}")).contains(&said), "{file}");
    }
    let summary = bench.json("loadgate-report/summary.json");
    assert_eq!((&summary["total"]["retried"], &summary["total"]["retries"]), (&retried.into(), &retries.into()));
    bench.configure(&format!("{CONFIG}thresholds: [ retries < 1% ]\n"));
    let text = bench.ends_with(1, &["gate", "--quiet"]);
    assert!(text.contains("1 threshold broken: retries < 1% is "), "{text}");
}
