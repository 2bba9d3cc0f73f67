//! A regression that people accepted, in every report.

use super::fixture::{SHOP, comparison, regressed, row, run, threshold, verdict};
use crate::{
    compare::SERVICE,
    exit::Exit,
    policy::Quantile,
    record::Acceptance,
    report::{
        VerdictFile, View,
        comment::{Around, Comment, Conclusion, Failing, FailingWhat, Rung, State},
        console,
    },
    verdict::{Reference, ThresholdOutcome, VerdictKind},
};

const HEADLINE: &str = "regression in 1 of 1 endpoints (GET /search p99 +31%), accepted by ann";

fn accepted() -> View {
    let rows = vec![row(SERVICE, Quantile::P50, 12_400.0, 0.021), regressed("GET /search", Quantile::P99, 20_000.0, 0.31)];
    let mut verdict = verdict(VerdictKind::Warn, Exit::Ok, HEADLINE, Reference::Compared(Box::new(comparison(rows))));
    let acceptance = Acceptance {
        reason: "exact rounding costs <two> queries".to_owned(),
        by: Some("ann".to_owned()),
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
    };
    verdict.reasons = vec![acceptance.in_words(), "GET /search: p99 is 31% slower (+26% to +37%)".to_owned()];
    verdict.accepted = Some(acceptance);
    View::new(&verdict, &[run(&SHOP)], &[run(&SHOP)])
}

fn comment(view: &View, around: &Around) -> String {
    Comment::of(view, around).at(Rung::Short).unwrap()
}

#[test]
fn a_regression_that_is_meant_to_be_is_told_with_who_says_so_and_why_and_fails_nothing() {
    let view = accepted();
    let text = comment(&view, &Around::default());
    assert!(text.starts_with(&format!("### ⚠️ loadgate: {HEADLINE}\n")), "{text}");
    assert!(text.contains("| ⚠️ regressed, limit +10%, accepted |"), "{text}");
    assert!(text.contains("\n- accepted by ann: exact rounding costs &lt;two&gt; queries\n"), "{text}");
    assert!(!text.contains('❌') && !text.contains("\"failing\""), "{text}");
    let check = Comment::of(&view, &Around::default()).check_run().unwrap();
    assert_eq!((check.conclusion, check.title), (Conclusion::Success, format!("⚠️ {HEADLINE}")));
    let text = console(&view);
    assert!(text.contains(&format!("WARN: {HEADLINE}\n  - accepted by ann: exact rounding costs <two> queries\n")), "{text}");
    assert!(!super::text("junit.xml", &view).contains("<failure"), "a viewer of tests is not red where the gate is green");
    let html = super::text("report.html", &view);
    assert!(html.contains("accepted by ann: exact rounding costs &lt;two&gt; queries"), "{html}");
}

#[test]
fn what_failed_before_and_is_accepted_now_is_not_called_mended() {
    let view = accepted();
    let what = FailingWhat::Row { endpoint: "GET /search".to_owned(), metric: "p99".to_owned(), change: 0.31 };
    let previous = State { failing: vec![Failing { leg: None, what }], ..State::default() };
    let text = comment(&view, &Around { previous: Some(previous), ..Around::default() });
    assert!(!text.contains("Previously failing"), "{text}");
}

#[test]
fn it_is_kept_in_the_verdict_and_restored_from_it_but_excuses_nothing_else() {
    let view = accepted();
    let file: VerdictFile = serde_json::from_str(&super::text("verdict.json", &view)).unwrap();
    assert_eq!(file.accepted, view.file.accepted);
    assert_eq!((file.verdict.as_str(), file.comparisons[1].level.as_deref()), ("warn", Some("fail")), "the row says what it was");
    let restored = View::restored(&file).unwrap();
    assert_eq!((&restored.judged.headline, restored.judged.kind), (&view.judged.headline, "warn"));
    assert_eq!(restored.judged.reasons[0], view.judged.reasons[0]);
    let refused = |change: &dyn Fn(&mut VerdictFile)| {
        let mut file = file.clone();
        change(&mut file);
        View::restored(&file).unwrap_err()
    };
    assert_eq!(refused(&|file: &mut VerdictFile| file.accepted = None), "it says 'warn' above a row that fails");
    assert_eq!(refused(&|file: &mut VerdictFile| file.verdict = "pass".to_owned()), "it says 'pass' above a row that fails");
    let broken = threshold("error_rate < 0.05%", Some(0.000_98), ThresholdOutcome::Fail);
    let mut judged = verdict(VerdictKind::Fail, Exit::Failed, "broken", Reference::NoBaseline);
    judged.thresholds = vec![broken];
    let rows = VerdictFile::new(&judged, &[run(&SHOP)]).thresholds;
    assert_eq!(refused(&|file: &mut VerdictFile| file.thresholds.clone_from(&rows)), "it says 'warn' above a row that fails");
}
