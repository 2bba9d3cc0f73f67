//! A regression that must show again: the gate plays another run with fresh processes before it fails.

use crate::services::Yard;

const CONFIG: &str = "\
stages: [ { rate: 200/s, duration: 300ms, warmup: true }, { rate: 200/s, duration: 2s } ]
scenarios: [ { name: items, weight: 2, get: /items }, { name: search, weight: 1, get: /search } ]
record: { window: 250ms }
regression:
  block: 250ms
  confirm: { reruns: 1 }
  metrics:
    p50: { fail: 60%, sensitivity: 200% }
    p95: { fail: 100%, sensitivity: 300% }
    p99: { fail: 150%, sensitivity: 400% }
";

/// After five runs of the baseline, a slow process, one as before, and slow ones.
const SERVE: &str = "\
case $(wc -l < started | tr -d ' ') in
  [1-5] | 7) exec MOCK --script same.yml ;;
  *) exec MOCK --script slow.yml ;;
esac";

fn script(search: &str) -> String {
    format!(
        "routes:\n  - {{ path: /items, latency: 'lognormal:4ms,0.3' }}\n  - {{ path: /search, latency: 'lognormal:{search},0.3' }}\n"
    )
}

#[test]
fn load_fails_only_where_a_second_run_shows_the_regression_too() {
    let yard = Yard::new(SERVE, CONFIG);
    for (name, search) in [("same.yml", "8ms"), ("slow.yml", "48ms")] {
        std::fs::write(yard.path().join(name), script(search)).unwrap();
    }
    let text = yard.ends_with(0, &["check"]);
    assert!(
        text.contains("again     once, where a gate finds a regression, as it must show again; then 4.6s of load at most"),
        "{text}"
    );
    yard.ends_with(0, &["baseline", "record", "--runs", "5", "-q"]);

    let text = yard.ends_with(0, &["gate", "-q"]);
    let verdict = yard.verdict();
    assert_eq!((&verdict["verdict"], yard.started().len()), (&"inconclusive".into(), 7), "{text}");
    assert!(text.contains("it must show again, so a second run is played"), "{text}");
    let reasons: Vec<&str> = verdict["reasons"].as_array().unwrap().iter().filter_map(|reason| reason.as_str()).collect();
    let is_doubt = |reason: &&str| {
        reason.starts_with("the regression of search p50 (+") && reason.contains(" did not show again in the second run (")
    };
    assert!(reasons.iter().any(is_doubt), "{reasons:#?}");
    assert_eq!(
        (&verdict["replicates"], &verdict["reruns"]),
        (&2.into(), &serde_json::json!([{ "replicates": 1, "confirms": false }]))
    );
    for n in [1, 2] {
        let slow =
            yard.record(&format!("records/candidate-{n}.json.gz")).endpoint("search").unwrap().total().response.quantile(0.5);
        assert_eq!(slow.unwrap() > 24_000, n == 1);
        assert!(yard.path().join(format!("loadgate-report/logs/candidate-{n}.log")).exists());
    }

    let text = yard.ends_with(1, &["gate", "-q"]);
    assert_eq!((&yard.verdict()["verdict"], yard.started().len()), (&"fail".into(), 9), "{text}");
    assert!(yard.text("loadgate-report/report.html").contains("all was played again once, and the regression showed each time"));
    assert!(text.contains("records are 1 of the first run, 2 of the second run"), "{text}");
}
