//! The comment of every kind of verdict, as a reviewer reads it.

use super::fixture::{
    self, SHOP, check, comparison, died, errors, failing, inconclusive, invalid, passing, regressed, row, run, verdict,
    without_baseline,
};
use crate::{
    compare::{Comparison, Outcome, Row, SERVICE},
    exit::Exit,
    policy::{Quantile, Severity},
    record::{Ended, RunRecord},
    report::{
        Places, View, WebAddress,
        comment::{Around, CiPage, Comment, Conclusion, Leg, Rung, State},
    },
    verdict::{Reference, ThresholdOutcome, VerdictKind},
};

/// The shop as main measured it.
fn of_main() -> RunRecord {
    let mut record = run(&SHOP);
    record.provenance.reference = Some("refs/heads/main".to_owned());
    record
}

fn view(kind: VerdictKind, headline: &str, comparison: Comparison) -> View {
    let exit = if kind == VerdictKind::Fail { Exit::Failed } else { Exit::Ok };
    View::new(&verdict(kind, exit, headline, Reference::Compared(Box::new(comparison))), &[run(&SHOP)], &[of_main()])
}

/// A regression, a broken threshold, something open and something better.
pub(super) fn regression() -> View {
    let better = Row { outcome: Outcome::Improved, ..row("GET /health", Quantile::P50, 900.0, -0.12) };
    let rows = vec![
        row(SERVICE, Quantile::P50, 12_400.0, 0.021),
        row("GET /search", Quantile::P50, 12_000.0, 0.004),
        fixture::open("POST /orders", Quantile::P50, 41_000.0, true),
        regressed("GET /search", Quantile::P99, 20_000.0, 0.31),
        errors("POST /orders"),
        better,
    ];
    let headline = "regression in 1 of 3 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate < 0.05% is 0.098%";
    let comparison = Reference::Compared(Box::new(comparison(rows)));
    let mut verdict = verdict(VerdictKind::Fail, Exit::Failed, headline, comparison);
    let mut broken = fixture::threshold("error_rate < 0.05%", Some(0.000_98), ThresholdOutcome::Fail);
    broken.threshold.line = Some(31);
    verdict.thresholds = vec![fixture::threshold("p95 < 250ms", Some(41_000.0), ThresholdOutcome::Pass), broken];
    let endpoints = vec![("GET /search".to_owned(), 12), ("POST /orders".to_owned(), 17)];
    View::new(&verdict, &[run(&SHOP)], &[of_main()]).placed(Places {
        file: Some("perf/loadgate.yml".to_owned()),
        named: Some("perf/loadgate.yml".to_owned()),
        endpoints,
        ..Places::default()
    })
}

fn within_tolerance() -> View {
    let slower =
        Row { level: Some(Severity::Warn), tolerance: 0.05, ..regressed("POST /orders", Quantile::P50, 41_000.0, 0.034) };
    view(
        VerdictKind::Warn,
        "slower, within the tolerance (POST /orders p50 +3.4%)",
        comparison(vec![row(SERVICE, Quantile::P50, 12_400.0, 0.011), slower]),
    )
}

fn aborted() -> View {
    let reason = "aborted by a threshold: error_rate < 20% was broken for 10s";
    let mut judged = verdict(VerdictKind::Invalid, Exit::Invalid, &format!("no measurement: {reason}"), Reference::NoBaseline);
    judged.reasons = vec![reason.to_owned()];
    judged.validity = vec![check("complete", false, reason)];
    let mut record = run(&SHOP);
    record.ended = Ended::Aborted;
    record.ended_because = Some("error_rate < 20% was broken for 10s".to_owned());
    View::new(&judged, &[record], &[of_main()])
}

fn around() -> Around {
    Around {
        key: Some("staging/api".to_owned()),
        report: WebAddress::new("https://github.com/acme/shop/actions/runs/123/artifacts/7"),
        artifacts: WebAddress::new("https://github.com/acme/shop/actions/runs/123#artifacts"),
        verdict: WebAddress::new("https://github.com/acme/shop/actions/runs/123/artifacts/8"),
        run: Some(CiPage {
            run: 123,
            attempt: 2,
            page: WebAddress::new("https://github.com/acme/shop/actions/runs/123/attempts/2"),
        }),
        previous: None,
    }
}

fn comment(view: &View) -> String {
    Comment::of(view, &around()).at(Rung::Short).unwrap()
}

/// Without the lines that all comments end with.
fn seen(view: &View) -> String {
    comment(view).split("\n<!--").next().unwrap_or_default().trim_end().to_owned()
}

#[test]
fn a_regression_is_told_with_its_size_its_certainty_and_what_to_do() {
    insta::assert_snapshot!(comment(&regression()), @r#"
    ### ❌ loadgate: regression in 1 of 3 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098%

    | Endpoint | Metric | main → this PR | Change (95% interval) | Verdict |
    |:--|:--|--:|--:|:--|
    | `GET /search` | p99 | 20 ms → **26.2 ms** | **+31%** (+26 … +37) | ❌ regressed, limit +10% |
    | all endpoints | error_rate | **0.098%** | – | ❌ broken: &lt; 0.05% |
    | `POST /orders` | p50 | 41 ms → 45.9 ms | +12% (+7 … +18) | ⚠️ inconclusive, looks slower |

    Service as a whole: p50 +2.1% (-2.9% … +8.1%). 1 improved (`GET /health` p50 -12%). 2 comparisons unchanged. 1 of 2 thresholds holds. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

    **Next:** Not intended: the HTML report shows where and when it was slow. Intended: raise the tolerance of that endpoint under regression.overrides, or accept what it is now as its level: `loadgate baseline accept --reason TEXT RECORD`

    **Next:** A broken threshold speaks of this run alone, whatever the baseline did: make the service keep it, or change it under thresholds.

    `a1b2c3d4e` against `9f8e7d6c5`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8) · reproduce: `loadgate gate -c perf/loadgate.yml`

    <!-- loadgate:state {"run":123,"attempt":2,"sha":"a1b2c3d4e5f60718293a4b5c6d7e8f9001122334","verdict":"fail","failing":[{"endpoint":"GET /search","metric":"p99","change":0.31},{"threshold":"error_rate \u003c 0.05%","actual":0.00098}]} -->
    <!-- loadgate:report key="staging/api" v=1 -->
    "#);
}

#[test]
fn a_pass_is_told_with_what_would_have_been_seen() {
    insta::assert_snapshot!(seen(&passing()), @r"
    ### ✅ loadgate: no regression found (a change of 7% or more would have been seen)

    Service as a whole: p50 +0.4% (-4.6% … +6.4%). 4 comparisons unchanged. The threshold holds (p95 41 ms &lt; 250 ms). 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

    `a1b2c3d4e` against `9f8e7d6c5`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
}

#[test]
fn an_inconclusive_run_is_told_as_neither_good_nor_bad() {
    insta::assert_snapshot!(seen(&inconclusive()), @r"
    ### ⚠️ loadgate: inconclusive – cannot tell for p50 of the service as a whole: only changes of 60% or more could have been seen

    | Endpoint | Metric | baseline → this PR | Change (95% interval) | Verdict |
    |:--|:--|--:|--:|:--|
    | service as a whole | p50 | 12.4 ms → 13.9 ms | +12% (+7 … +18) | ⚠️ inconclusive |
    | `GET /search` | p50 | 12 ms → 13.4 ms | +12% (+7 … +18) | ⚠️ inconclusive, looks slower |

    2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    Inconclusive is neither good nor bad: the build is not failed by it (`regression.policy.inconclusive: fail` would change that).

    **How sure:** 1 run against 1 run of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 60% or more would have been seen. Endpoints with 98% of the requests could be settled.

    - provisional: only 1 baseline run

    **Next:** Run the job again, make the measured stages longer, or store more baseline runs: each lets a smaller change be seen.

    `a1b2c3d4e` against `9f8e7d6c5`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
}

#[test]
fn a_slowdown_within_the_tolerance_is_told_as_a_warning() {
    insta::assert_snapshot!(seen(&within_tolerance()), @r"
    ### ⚠️ loadgate: slower, within the tolerance (POST /orders p50 +3.4%)

    | Endpoint | Metric | main → this PR | Change (95% interval) | Verdict |
    |:--|:--|--:|--:|:--|
    | `POST /orders` | p50 | 41 ms → 42.4 ms | +3.4% (-1.6 … +9.4) | ⚠️ slower, limit +5% |

    Service as a whole: p50 +1.1% (-3.9% … +7.1%). 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    This is a warning: the build is not failed by it.

    **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

    `a1b2c3d4e` against `9f8e7d6c5`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
}

#[test]
fn a_first_run_is_told_as_compared_with_nothing() {
    insta::assert_snapshot!(seen(&without_baseline()), @r"
    ### ℹ️ loadgate: no baseline yet, nothing compared

    There is no baseline yet, so nothing was compared. The threshold holds (p95 41 ms &lt; 250 ms). 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    **Next:** Store runs of the main branch as baseline, five or more if you can: by update-baseline: auto in its builds, or with `loadgate baseline promote RECORD`

    `a1b2c3d4e`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
}

#[test]
fn nobody_is_told_to_store_what_builds_store_by_themselves() {
    let text = seen(&without_baseline().stored_by_builds_of("main"));
    assert!(text.contains("**Next:** Builds of main store their runs by themselves") && !text.contains("promote"), "{text}");
    assert_eq!(seen(&failing().stored_by_builds_of("main")), seen(&failing()), "something was compared");
}

#[test]
fn an_unreachable_target_is_told_as_no_measurement() {
    insta::assert_snapshot!(seen(&invalid()), @r"
    ### 🚫 loadgate: target unreachable, no measurement

    **Partial:** the run was aborted: 127.0.0.1:8080 did not answer within 60s; nothing was measured.

    - none of 300 requests found a connection (connect_refused)

    Exit code 3: this is no measurement of the service, so nothing is said about its performance. No request was made.

    **Next:** See whether the target answers from the machine that makes the load. `curl -v --max-time 5 http://127.0.0.1:8080/`

    `a1b2c3d4e`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
}

#[test]
fn a_target_that_never_answered_is_told_once() {
    let reason = "127.0.0.1:8080 did not answer within 60s";
    let mut judged = verdict(VerdictKind::Invalid, Exit::Invalid, &format!("no measurement: {reason}"), Reference::NoBaseline);
    judged.reasons = vec![reason.to_owned(), "no request was made".to_owned()];
    let mut record = run(&[]);
    (record.ended, record.ended_because) = (Ended::Aborted, Some(reason.to_owned()));
    let text = seen(&View::new(&judged, &[record], &[]));
    assert!(text.starts_with(&format!("### 🚫 loadgate: no measurement: {reason}\n\nExit code 3")), "{text}");
    assert_eq!((text.matches(reason).count(), text.to_lowercase().matches("no request was made").count()), (1, 1), "{text}");
}

#[test]
fn an_aborted_run_is_told_as_partial_and_not_compared() {
    insta::assert_snapshot!(seen(&aborted()), @r"
    ### ⛔ loadgate: no measurement: aborted by a threshold: error_rate &lt; 20% was broken for 10s

    **Partial:** the figures cover what was measured until then.

    Exit code 3: this is no measurement of the service, so nothing is said about its performance. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    **Next:** Find out why it was aborted: the failed requests of the report tell what came back.

    `a1b2c3d4e`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
}

#[test]
fn a_service_that_died_is_told_with_its_last_lines_and_where_all_of_them_are() {
    insta::assert_snapshot!(seen(&died(&["  at Main.java:7 <init>", "</pre> @everyone _no_ **database**"])), @r"
    ### 🚫 loadgate: the baseline's service did not stay up before it was ready: it ended by itself (exit code 1)

    Exit code 3: this is no measurement of the service, so nothing is said about its performance. No request was made.

    What the baseline's service said last (all of it in `loadgate-report/logs/baseline-1.log`):

    <pre>
      at Main.java:7 &lt;init&gt;
    &lt;/pre&gt; @&#8203;everyone _no_ **database**
    </pre>

    **Next:** Read what the baseline's service said: loadgate-report/logs/baseline-1.log

    `a1b2c3d4e`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)
    ");
    let silent = seen(&died(&[]));
    assert!(
        !silent.contains("<pre>") && silent.contains("**Next:** See whether the command that starts the baseline"),
        "{silent}"
    );
}

#[test]
fn what_failed_before_and_is_mended_is_told() {
    let before = regression();
    let previous = State::read(&comment(&before));
    let around = Around { previous, ..around() };
    let mut now = passing();
    now.judged.thresholds[0].expr = "error_rate < 0.05%".to_owned();
    let text = Comment::of(&now, &around).at(Rung::Short).unwrap();
    let line = text.lines().find(|line| line.starts_with("Previously")).unwrap_or_default();
    insta::assert_snapshot!(line, @"Previously failing on `a1b2c3d4e`: `GET /search` p99 +31% → now -1% (-6 … +5).");
    let again = Comment::of(&before, &around).at(Rung::Full).unwrap();
    assert!(!again.contains("Previously failing"), "{again}");
}

#[test]
fn the_report_is_linked_where_its_page_is_known_else_among_the_artifacts_of_the_run() {
    let footer = |around: &Around| {
        let text = Comment::of(&regression(), around).at(Rung::Verdict).unwrap();
        text.lines().find(|line| line.starts_with("`a1b2c3d4e`")).unwrap_or_default().to_owned()
    };
    let known = footer(&around());
    assert!(known.contains("[HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7)"), "{known}");
    assert!(!known.contains("#artifacts"), "{known}");
    let in_run = footer(&Around { report: None, ..around() });
    let link = "[HTML report (artifact of the run)](https://github.com/acme/shop/actions/runs/123#artifacts)";
    assert!(in_run.contains(link), "{in_run}");
    let alone = footer(&Around { report: None, artifacts: None, ..around() });
    assert!(alone.contains("`report.html` of the report folder"), "{alone}");
}

#[test]
fn several_measurements_share_a_comment_with_the_worst_first() {
    let (pass, fail) = (passing(), regression());
    let legs = [Leg { name: "linux-x64", view: &pass }, Leg { name: "linux-arm64", view: &fail }];
    let around = around();
    let merged = Comment::merged(&legs, &around);
    insta::assert_snapshot!(merged.at(Rung::Short).unwrap(), @r#"
    ### ❌ loadgate: 1 of 2 measurements failed (linux-arm64: regression in 1 of 3 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098%)

    | Measurement | Verdict | Finding |
    |:--|:--|:--|
    | `linux-arm64` | ❌ failed | regression in 1 of 3 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098% |
    | `linux-x64` | ✅ passed | no regression found (a change of 7% or more would have been seen) |

    #### ❌ `linux-arm64`

    | Endpoint | Metric | main → this PR | Change (95% interval) | Verdict |
    |:--|:--|--:|--:|:--|
    | `GET /search` | p99 | 20 ms → **26.2 ms** | **+31%** (+26 … +37) | ❌ regressed, limit +10% |
    | all endpoints | error_rate | **0.098%** | – | ❌ broken: &lt; 0.05% |
    | `POST /orders` | p50 | 41 ms → 45.9 ms | +12% (+7 … +18) | ⚠️ inconclusive, looks slower |

    Service as a whole: p50 +2.1% (-2.9% … +8.1%). 1 improved (`GET /health` p50 -12%). 2 comparisons unchanged. 1 of 2 thresholds holds. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

    **Next:** Not intended: the HTML report shows where and when it was slow. Intended: raise the tolerance of that endpoint under regression.overrides, or accept what it is now as its level: `loadgate baseline accept --reason TEXT RECORD`

    **Next:** A broken threshold speaks of this run alone, whatever the baseline did: make the service keep it, or change it under thresholds.

    `a1b2c3d4e`, 2026-11-20 12:03 UTC · [run 123, attempt 2](https://github.com/acme/shop/actions/runs/123/attempts/2) · [HTML report](https://github.com/acme/shop/actions/runs/123/artifacts/7) · [JSON](https://github.com/acme/shop/actions/runs/123/artifacts/8)

    <!-- loadgate:state {"run":123,"attempt":2,"sha":"a1b2c3d4e5f60718293a4b5c6d7e8f9001122334","verdict":"fail","failing":[{"leg":"linux-arm64","endpoint":"GET /search","metric":"p99","change":0.31},{"leg":"linux-arm64","threshold":"error_rate \u003c 0.05%","actual":0.00098}]} -->
    <!-- loadgate:report key="staging/api" v=1 -->
    "#);
    assert!(merged.title().starts_with("❌ 1 of 2 measurements failed (linux-arm64: regression in 1 of 3"), "{}", merged.title());
    let (open, warned) = (inconclusive(), within_tolerance());
    let all = [Leg { name: "w", view: &warned }, Leg { name: "o", view: &open }, legs[0], legs[1]];
    let title = Comment::merged(&all, &around).title();
    assert!(
        title.starts_with("❌ 1 of 4 measurements failed, 1 inconclusive, 1 passed with a warning (linux-arm64: "),
        "{title}"
    );
    assert_eq!(merged.state().verdict, "fail");
    let both = [Leg { name: "a", view: &pass }, Leg { name: "b", view: &pass }];
    assert!(Comment::merged(&both, &around).at(Rung::Full).unwrap().starts_with("### ✅ loadgate: all 2 measurements passed\n"));
}

#[test]
fn of_several_that_can_not_tell_the_one_that_fails_the_build_makes_the_check() {
    let (open, mut strict) = (inconclusive(), inconclusive());
    strict.judged.exit_code = Exit::Inconclusive.code();
    let (around, legs) = (around(), [Leg { name: "mild", view: &open }, Leg { name: "strict", view: &strict }]);
    let check = Comment::merged(&legs, &around).check_run().unwrap();
    assert_eq!(check.conclusion, Conclusion::Failure, "{}", check.title);
    assert!(check.title.contains("(strict: inconclusive – cannot tell for p50"), "{}", check.title);
}

#[test]
fn the_verdict_agrees_with_the_rows_below_it() {
    for view in [regression(), passing(), inconclusive(), within_tolerance(), without_baseline(), aborted(), failing()] {
        let text = seen(&view);
        let fails = text.lines().filter(|line| line.starts_with('|') && line.contains("❌")).count();
        assert_eq!(text.starts_with("### ❌"), fails > 0, "{text}");
        assert_eq!(text.contains("**How sure:**"), view.judged.compared.is_some() && view.judged.kind != "invalid", "{text}");
        assert!(!(text.starts_with("### ✅") && text.contains("⚠️")), "{text}");
    }
}

#[test]
fn a_check_run_has_the_finding_in_its_title_and_no_marker() {
    let around = around();
    let check = |view: &View| Comment::of(view, &around).check_run().unwrap();
    let failed = check(&regression());
    assert_eq!(failed.conclusion.name(), "failure");
    assert!(failed.title.starts_with("❌ regression in 1 of 3 endpoints (GET /search p99 +31%)"), "{}", failed.title);
    assert!(!failed.summary.contains("<!--") && failed.summary.contains("**How sure:**"), "{}", failed.summary);
    let conclusions =
        [passing(), inconclusive(), within_tolerance(), without_baseline(), invalid()].map(|view| check(&view).conclusion.name());
    assert_eq!(conclusions, ["success", "neutral", "success", "neutral", "failure"]);
}

#[test]
fn findings_are_annotated_at_the_lines_they_speak_of() {
    let line = |found: &crate::report::Annotation| {
        format!("{}:{} {} {}\n  {}", found.path, found.line, found.level.name(), found.title, found.message.replace('\n', "\n  "))
    };
    let lines: Vec<String> = crate::report::annotations(&regression(), 10).iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    perf/loadgate.yml:31 failure error_rate < 0.05% is 0.098% (broken)
      error_rate < 0.05% is broken: 0.098%
    perf/loadgate.yml:12 failure GET /search p99 +31% (regressed, limit +10%)
      GET /search p99: p99 is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction
    perf/loadgate.yml:17 notice POST /orders p50 +12% (inconclusive, looks slower)
      POST /orders p50: cannot tell for p50: only changes of 60% or more could have been seen
    ");
    assert_eq!(crate::report::annotations(&regression(), 1).len(), 1);
    assert!(crate::report::annotations(&failing(), 10).is_empty(), "nobody knows the file");
}
