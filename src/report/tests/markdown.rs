//! The comment and the job summary.

use super::fixture::{self, died, failing, hostile, inconclusive, invalid, passing, without_baseline};
use crate::{
    exit::Exit,
    report::{Format, Render, View},
    verdict::{Reference, ThresholdOutcome, VerdictKind},
};

fn comment(view: &View) -> String {
    super::text("comment.md", view)
}

/// What is seen without unfolding.
fn head(view: &View) -> String {
    comment(view).split("<details>").next().unwrap_or_default().to_owned()
}

#[test]
fn a_failure_is_told_whole() {
    insta::assert_snapshot!(
        comment(&failing()),
        @r###"
        ### ❌ loadgate: regression in 1 of 2 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098%

        | Endpoint | Metric | Baseline → candidate | Change (95% interval) | Found |
        |:--|:--|--:|--:|:--|
        | `GET /search` | p99 | 20 ms → **26.2 ms** | **+31%** (+26% … +37%) | ❌ regressed, limit +10% |
        | `POST /orders` | p50 | 41 ms → 45.9 ms | +12% (+7% … +18%) | ⚠️ inconclusive, looks slower |
        | all endpoints | error_rate | **0.098%** | – | ❌ broken: &lt; 0.05% |

        Service as a whole: p50 +2.1% (-2.9% … +8.1%). 2 comparisons unchanged. 1 of 2 thresholds holds. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

        **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

        **Next:** Not intended: report.html shows where and when it was slow. Intended: raise the tolerance of that endpoint under regression.overrides.

        **Next:** A broken threshold speaks of this run alone, whatever the baseline did: make the service keep it, or change it under thresholds.

        <details>
        <summary>All figures, comparisons, failures, environment</summary>

        **Reasons**

        - error_rate &lt; 0.05% is broken: 0.098%
        - GET /search: p99 is 31% slower (+26% to +37%), beyond the tolerance of 10%; p = 0.0002 after correction

        **Response times of the candidate**, from the moment a request was due

        | Endpoint | Requests | p50 / p95 / p99 | Longest | Errors |
        |:--|--:|--:|--:|--:|
        | `GET /search` | 12,000 | 12.1 ms / 17.5 ms / 18 ms | 50.2 ms | 0% |
        | `POST /orders` | 300 | 39.5 ms / 58.3 ms / 60.5 ms | 60.5 ms | 4% |

        **All comparisons**

        | Endpoint | Metric | Baseline → candidate | Change (95% interval) | Found |
        |:--|:--|--:|--:|:--|
        | service as a whole | p50 | 12.4 ms → 12.7 ms | +2.1% (-2.9% … +8.1%) | ✔ unchanged |
        | `GET /search` | p50 | 12 ms → 12 ms | +0.4% (-4.6% … +6.4%) | ✔ unchanged |
        | `GET /search` | p99 | 20 ms → 26.2 ms | +31% (+26% … +37%) | ❌ regressed, limit +10% |
        | `POST /orders` | p50 | 41 ms → 45.9 ms | +12% (+7% … +18%) | ⚠️ inconclusive, looks slower |
        | `POST /orders` | errors | 3.8% → 4% | +0.2 pp (-0.4 pp … +0.8 pp) | ✔ unchanged |

        **Thresholds**

        | Threshold | Actual | Found |
        |:--|--:|:--|
        | <code>p95 &lt; 250ms</code> | 41 ms | ✔ holds |
        | <code>error_rate &lt; 0.05%</code> | 0.098% | ❌ broken |

        **Failed requests**

        - `POST /orders`: 5xx 12
        - `POST /orders` 5xx: status 503

        **Is it a measurement?**

        - ✔ complete: all stages were played to their end
        - ✔ achieved rate: 100% of 12300 offered arrivals were sent

        **Environment**

        - target: 127.0.0.1:8080
        - started: 2026-11-20 12:03 UTC
        - runner: github-hosted, linux x86_64
        - processor: 4 cores, AMD EPYC 7763
        - memory: 16 GB
        - generator threads: 4
        - seed: 42
        - loadgate: 0.1.0
        - fingerprint: 7a09826767f0
        - commit: a1b2c3d4e5f60718293a4b5c6d7e8f9001122334
        - ref: refs/pull/12/merge
        - pull request: 12
        - CI run: github run 123, attempt 2
        - CI page: https:&#8203;//github.com/acme/shop/actions/runs/123
        - configuration (SHA-256): 0123abcd
        - baseline: 7 runs, the newest of 2026-11-20 12:03 UTC (9f8e7d6c5)
        - stage `warm-up`: 2050/s for 2s, not measured
        - stage `steady`: 2050/s for 6s, measured

        </details>

        `a1b2c3d4e`, 2026-11-20 12:03 UTC, [github run 123, attempt 2](https://github.com/acme/shop/actions/runs/123). Charts and all figures are in `report.html` of the report folder.

        <!-- loadgate:state {"run":123,"attempt":2,"sha":"a1b2c3d4e5f60718293a4b5c6d7e8f9001122334","verdict":"fail"} -->
        <!-- loadgate:report key="checkout-api" v=1 -->
        "###
    );
}

#[test]
fn a_pass_says_what_would_have_been_seen() {
    insta::assert_snapshot!(
        head(&passing()),
        @r###"
        ### ✅ loadgate: no regression found (a change of 7% or more would have been seen)

        Service as a whole: p50 +0.4% (-4.6% … +6.4%). 4 comparisons unchanged. The threshold holds. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

        **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.
        "###
    );
}

#[test]
fn an_inconclusive_run_says_what_would_help() {
    insta::assert_snapshot!(
        head(&inconclusive()),
        @r###"
        ### ⚠️ loadgate: inconclusive: cannot tell for p50 of the service as a whole

        | Endpoint | Metric | Baseline → candidate | Change (95% interval) | Found |
        |:--|:--|--:|--:|:--|
        | service as a whole | p50 | 12.4 ms → 13.9 ms | +12% (+7% … +18%) | ⚠️ inconclusive |
        | `GET /search` | p50 | 12 ms → 13.4 ms | +12% (+7% … +18%) | ⚠️ inconclusive, looks slower |

        - cannot tell for p50 of the service as a whole: only changes of 60% or more could have been seen

        Service as a whole: p50 +12% (+7% … +18%). 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

        **How sure:** 1 run against 1 run of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 60% or more would have been seen. Endpoints with 98% of the requests could be settled.
        provisional: only 1 baseline run.

        **Next:** Run the job again, make the measured stages longer, or store more baseline runs: each lets a smaller change be seen.
        "###
    );
}

#[test]
fn an_invalid_run_says_where_to_look() {
    insta::assert_snapshot!(
        head(&invalid()),
        @r###"
        ### 🚫 loadgate: target unreachable, no measurement

        **Partial:** the run was aborted: 127.0.0.1:8080 did not answer within 60s; nothing was measured.

        | Endpoint | Metric | Baseline → candidate | Change (95% interval) | Found |
        |:--|:--|--:|--:|:--|
        | all endpoints | p95 | – | – | ⚠️ no data: &lt; 250 ms |

        - target unreachable: none of 300 requests found a connection (connect_refused)

        There is no baseline yet, so nothing was compared. The threshold can't be judged. No request was made.

        **Next:** See whether the target answers from the machine that makes the load. `curl -v --max-time 5 http://127.0.0.1:8080/`
        "###
    );
}

#[test]
fn a_service_that_died_is_shown_with_its_last_lines_and_where_all_of_them_are() {
    insta::assert_snapshot!(
        head(&died(&["  at Main.java:7 <init>", "</pre> @everyone _no_ **database**"])),
        @r"
        ### 🚫 loadgate: the baseline's service did not stay up before it was ready: it ended by itself (exit code 1)

        **Partial:** the run was aborted: the baseline's service did not stay up before it was ready: it ended by itself (exit code 1); nothing was measured.

        There is no baseline yet, so nothing was compared. No request was made.

        What the baseline's service said last (all of it in `loadgate-report/logs/baseline-1.log`):

        <pre>
          at Main.java:7 &lt;init&gt;
        &lt;/pre&gt; @&#8203;everyone _no_ **database**
        </pre>

        **Next:** Read what the baseline's service said: loadgate-report/logs/baseline-1.log
        "
    );
    let silent = head(&died(&[]));
    assert!(
        !silent.contains("<pre>") && silent.contains("**Next:** See whether the command that starts the baseline"),
        "{silent}"
    );
}

#[test]
fn a_first_run_says_how_to_store_a_baseline() {
    insta::assert_snapshot!(
        head(&without_baseline()),
        @r###"
        ### ℹ️ loadgate: no baseline yet, nothing compared

        There is no baseline yet, so nothing was compared. The threshold holds. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

        **Next:** Store runs of the main branch as baseline, five or more if you can. `loadgate baseline promote RECORD`
        "###
    );
}

#[test]
fn tables_have_at_most_five_columns_and_keep_them_whatever_a_name_holds() {
    for view in [failing(), passing(), inconclusive(), invalid(), without_baseline(), hostile()] {
        let text = comment(&view);
        for line in text.lines().filter(|line| line.starts_with('|')) {
            let bars = line.replace("\\|", "").matches('|').count();
            assert!((3..=6).contains(&bars), "{line}");
        }
    }
}

#[test]
fn the_marker_is_the_last_line_and_only_there() {
    let text = comment(&hostile());
    assert!(text.lines().last().is_some_and(|line| line.starts_with("<!-- loadgate:report key=")), "{text}");
    assert_eq!(text.matches("<!--").count(), 2);
}

#[test]
fn nobody_is_mentioned_and_nothing_is_linked_by_a_hostile_name() {
    for file in ["comment.md", "step_summary.md"] {
        let text = super::text(file, &hostile());
        let visible = text.split("<!-- loadgate:state").next().unwrap_or_default();
        for danger in ["<script", "@team", "#12", "https://x", "\u{1b}"] {
            assert!(!visible.contains(danger), "{danger} in {file}: {visible}");
        }
    }
}

#[test]
fn a_comment_on_a_thousand_endpoints_still_fits() {
    let mut view = failing();
    let compared = view.judged.compared.as_mut().unwrap();
    compared.rows = vec![compared.rows[2].clone(); 3_000];
    let text = comment(&view);
    assert!(text.len() <= 60_000, "{}", text.len());
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.lines().last().is_some_and(|line| line.starts_with("<!-- loadgate:report")));
}

#[test]
fn the_job_summary_has_everything_unfolded() {
    let text = super::text("step_summary.md", &failing());
    assert!(!text.contains("<details>") && text.contains("**All comparisons**") && text.contains("**Environment**"), "{text}");
    assert!(crate::report::FORMATS.iter().all(|file| file.format != Format::Md || matches!(file.render, Render::Verdict(_))));
}

#[test]
fn a_threshold_that_cannot_be_judged_is_not_called_broken() {
    let held = |outcomes: &[ThresholdOutcome]| {
        let mut verdict = fixture::verdict(VerdictKind::Fail, Exit::Failed, "one is broken", Reference::NoBaseline);
        verdict.thresholds = outcomes.iter().map(|&outcome| fixture::threshold("p95 < 250ms", None, outcome)).collect();
        View::new(&verdict, &[], &[]).judged.thresholds_held.unwrap_or_default()
    };
    let (pass, warn, fail, no_data) =
        (ThresholdOutcome::Pass, ThresholdOutcome::Warn, ThresholdOutcome::Fail, ThresholdOutcome::NoData);
    assert_eq!(held(&[no_data]), "The threshold can't be judged.");
    assert_eq!(held(&[fail]), "The threshold does not hold.");
    assert_eq!(held(&[pass, warn]), "1 of 2 thresholds holds.");
    assert_eq!(held(&[pass, pass, no_data, fail]), "2 of 4 thresholds hold, 1 can't be judged.");
    assert_eq!(held(&[]), "");
}
