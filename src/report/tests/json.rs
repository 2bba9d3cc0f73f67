//! verdict.json and summary.json: what other programs read.

use serde_json::Value;

use super::fixture::{HOSTILE, Load, SHOP, failing, hostile, inconclusive, invalid, passing, run, without_baseline};
use crate::report::{ReportError, RunView, VerdictFile, summary_json};

fn keys(value: &Value) -> String {
    value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

fn verdict_json(view: &crate::report::View) -> Value {
    serde_json::from_str(&super::text("verdict.json", view)).unwrap()
}

#[test]
fn a_verdict_has_exactly_the_documented_fields() {
    let file = verdict_json(&failing());
    assert_eq!(
        keys(&file),
        "schema verdict exit_code suite candidate baseline design mode replicates coverage sensitivity comparisons thresholds validity \
         reasons"
    );
    assert_eq!(keys(&file["candidate"]), "commit ref started_at requests errors ci");
    assert_eq!(keys(&file["baseline"]), "runs commits ref newest");
    assert_eq!(keys(&file["design"]), "block_us blocks run_us family alpha vanished appeared notes");
    assert_eq!(
        keys(&file["comparisons"][0]),
        "endpoint metric unit baseline candidate change ci p_value tolerance mde outcome level reason"
    );
    assert_eq!(keys(&file["thresholds"][0]), "expr actual outcome");
    assert_eq!(keys(&file["validity"][0]), "check ok value reason");
    assert_eq!(file["schema"], "loadgate/verdict/v1");
    assert_eq!((&file["verdict"], &file["exit_code"]), (&"fail".into(), &1.into()));
    assert_eq!(file["comparisons"][2]["ci"], serde_json::json!([0.26, 0.37]));
    assert_eq!((&file["comparisons"][0]["endpoint"], &file["comparisons"][2]["level"]), (&"*".into(), &"fail".into()));
    assert_eq!((&file["candidate"]["requests"], &file["candidate"]["errors"]), (&12_300.into(), &12.into()));
}

#[test]
fn without_a_baseline_there_is_null_and_no_zero() {
    let file = verdict_json(&without_baseline());
    assert_eq!((&file["baseline"], &file["coverage"], &file["sensitivity"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(file["comparisons"], serde_json::json!([]));
}

#[test]
fn every_verdict_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for view in [passing(), failing(), inconclusive(), invalid(), without_baseline(), hostile()] {
        let path = folder.path().join("verdict.json");
        std::fs::write(&path, super::text("verdict.json", &view)).unwrap();
        assert_eq!(VerdictFile::read(&path).unwrap(), view.file);
    }
}

#[test]
fn what_is_no_verdict_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verdict.json");
    for (text, reason) in [
        ("{\"schema\": \"loadgate/verdict/v2\"}", "its schema is loadgate/verdict/v2, not loadgate/verdict/v1"),
        ("{\"schema\": \"loadgate/verdict/v1\"}", "the verdict is damaged: missing field `verdict`"),
        ("[1]", "JSON without a schema, not a loadgate/verdict/v1 file"),
        ("pass", "not a verdict, as it is not JSON"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = VerdictFile::read(&path).unwrap_err();
        assert!(matches!(error, ReportError::Foreign { .. }) && error.to_string().contains(reason), "{error}");
    }
    assert!(matches!(VerdictFile::read(&folder.path().join("none")), Err(ReportError::Io { .. })));
}

#[test]
fn a_newer_field_is_no_reason_to_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("verdict.json");
    let mut file = verdict_json(&passing());
    file["added_later"] = 1.into();
    std::fs::write(&path, file.to_string()).unwrap();
    assert_eq!(VerdictFile::read(&path).unwrap().verdict, "pass");
}

#[test]
fn a_summary_has_exactly_the_documented_fields() {
    let summary: Value = serde_json::from_str(&summary_json(&RunView::new(&[run(&SHOP)]))).unwrap();
    assert_eq!(keys(&summary), "schema endpoints total generator steps events unmeasured_failures");
    let fields = "endpoint requests errors error_rate achieved_rate_per_s dropped response_time_us service_time_us errors_by_class retries retried \
         connections connection_reuse phases_mean_us";
    assert_eq!((keys(&summary["endpoints"][0]), keys(&summary["total"])), (fields.to_owned(), fields.to_owned()));
    assert_eq!(keys(&summary["total"]["response_time_us"]), "p50 p90 p95 p99 p999 max mean");
    assert_eq!(
        keys(&summary["generator"]),
        "late_p99_us late_max_us late_over_1ms cpu_share max_rss_bytes busy_share_max memory_share_max sched_lag_p99_us \
         sched_lag_max_us throttled_us steal_share_max saturated"
    );
    assert_eq!(summary["endpoints"][1]["errors_by_class"], serde_json::json!({"5xx": 12}));
    assert_eq!(summary["total"]["achieved_rate_per_s"], 2050.0);
}

#[test]
fn the_last_thousandth_needs_ten_thousand_responses() {
    let view = RunView::new(&[run(&SHOP)]);
    let [search, orders] = view.endpoints.as_slice() else { panic!("two endpoints") };
    assert!(search.response.count >= 10_000 && search.response.p999.is_some());
    assert_eq!((orders.response.p999, orders.response.text[4].as_str()), (None, "– (n < 10,000)"));
}

#[test]
fn an_endpoint_without_requests_has_dashes_and_nulls() {
    let record = run(&[Load("idle", 0, 1_000, 0)]);
    let summary: Value = serde_json::from_str(&summary_json(&RunView::new(std::slice::from_ref(&record)))).unwrap();
    assert_eq!((&summary["total"]["error_rate"], &summary["total"]["response_time_us"]["p50"]), (&Value::Null, &Value::Null));
    let view = RunView::new(&[record]);
    assert_eq!((view.total.response.text[0].as_str(), view.total.text.error_rate.as_str()), ("–", "–"));
    assert_eq!(view.total.response.text[4], "–");
}

#[test]
fn names_are_written_as_they_are_for_programs() {
    let summary: Value = serde_json::from_str(&summary_json(&RunView::new(&[run(&[Load(HOSTILE, 5, 1_000, 0)])]))).unwrap();
    assert_eq!(summary["endpoints"][0]["endpoint"], HOSTILE);
}

#[test]
fn what_a_page_shows_has_names() {
    let view = serde_json::to_value(failing().run).unwrap();
    let text = &view["total"]["response"]["text"];
    assert!(text["p99"].as_str().is_some_and(|p99| p99.ends_with(" ms")), "{text}");
    assert_eq!(text.as_object().unwrap().len(), 6, "{text}");
    let detail = &view["details"][0];
    assert_eq!(detail["percentile_rows"][1]["name"], "p50", "{detail}");
    assert!(detail["time_rows"][0]["not_sent"].is_string(), "{detail}");
}
