//! The comment and the job summary.

use super::fixture::{self, failing, hostile, inconclusive, invalid, passing, without_baseline};
use crate::{
    exit::Exit,
    report::{Format, Render, View},
    verdict::{Reference, ThresholdOutcome, VerdictKind},
};

fn comment(view: &View) -> String {
    super::text("comment.md", view)
}

#[test]
fn a_failure_is_told_whole() {
    insta::assert_snapshot!(
        comment(&failing()),
        @r#"
    ### ❌ loadgate: regression in 1 of 2 endpoints (GET /search p99 +31%); 1 threshold broken: error_rate &lt; 0.05% is 0.098%

    | Endpoint | Metric | baseline → this PR | Change (95% interval) | Verdict |
    |:--|:--|--:|--:|:--|
    | `GET /search` | p99 | 20 ms → **26.2 ms** | **+31%** (+26 … +37) | ❌ regressed, limit +10% |
    | all endpoints | error_rate | **0.098%** | – | ❌ broken: &lt; 0.05% |
    | `POST /orders` | p50 | 41 ms → 45.9 ms | +12% (+7 … +18) | ⚠️ inconclusive, looks slower |

    Service as a whole: p50 +2.1% (-2.9% … +8.1%). 2 comparisons unchanged. 1 of 2 thresholds holds. 2 endpoints, 12,300 requests at 2050/s, 0.098% failed.

    **How sure:** 1 run against 7 runs of the baseline, each in 12 blocks of 5s. The chance that a build without any change is failed is at most 1% over all 36 comparisons together. A change of the whole service by 7% or more would have been seen. Endpoints with 98% of the requests could be settled.

    **Next:** Not intended: the HTML report shows where and when it was slow. Intended: raise the tolerance of that endpoint under regression.overrides, or accept what it is now as its level: `loadgate baseline accept --reason TEXT RECORD`

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

    `a1b2c3d4e` against `9f8e7d6c5`, 2026-11-20 12:03 UTC · [github run 123, attempt 2](https://github.com/acme/shop/actions/runs/123) · charts and all figures are in `report.html` of the report folder

    <!-- loadgate:state {"run":123,"attempt":2,"sha":"a1b2c3d4e5f60718293a4b5c6d7e8f9001122334","verdict":"fail","failing":[{"endpoint":"GET /search","metric":"p99","change":0.31},{"threshold":"error_rate \u003c 0.05%","actual":0.00098}]} -->
    <!-- loadgate:report key="checkout-api" v=1 -->
    "#);
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

#[test]
fn thresholds_that_all_hold_are_told_with_their_figures() {
    let held = |rows: &[(&str, f64)]| {
        let mut verdict = fixture::verdict(VerdictKind::Pass, Exit::Ok, "all hold", Reference::NoBaseline);
        let row = |&(expr, actual): &(&str, f64)| fixture::threshold(expr, Some(actual), ThresholdOutcome::Pass);
        verdict.thresholds = rows.iter().map(row).collect();
        View::new(&verdict, &[], &[]).judged.thresholds_held.unwrap_or_default()
    };
    let (all, search, errors) = (("p95 < 250ms", 41_000.0), ("search.p99 < 600ms", 63_500.0), ("error_rate < 1%", 0.000_98));
    assert_eq!(held(&[all]), "The threshold holds (p95 41 ms < 250 ms).");
    assert_eq!(held(&[search, errors]), "Both thresholds hold (search p99 63.5 ms < 600 ms; error_rate 0.098% < 1%).");
    assert!(held(&[all, search, errors, all, all]).ends_with("; error_rate 0.098% < 1%; and 2 more)."));
}
