//! Each endpoint in detail, on the page.

use super::fixture::{self, HOSTILE, Load, SHOP, failing, hostile, invalid, passing, run};
use crate::{
    exit::Exit,
    report::{RunView, View},
    verdict::{Reference, ThresholdOutcome, VerdictKind},
};

fn html(view: &View) -> String {
    super::text("report.html", view)
}

/// The part of the page on an endpoint.
fn part(text: &str, id: &str) -> String {
    let begin = text.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {text}"));
    let rest = &text[begin..];
    let end = rest.find("<details class=\"endpoint").or_else(|| rest.find("</section>")).unwrap_or(rest.len());
    rest[..end].to_owned()
}

fn order(view: &View) -> Vec<(&str, &str, bool)> {
    view.run.details.iter().map(|detail| (detail.name.as_str(), detail.class, detail.open)).collect()
}

#[test]
fn the_worst_endpoint_comes_first() {
    assert_eq!(
        order(&failing()),
        [("GET /search", "fail", true), ("all endpoints", "fail", true), ("POST /orders", "open", true)]
    );
    let first = &failing().run.details[0];
    assert_eq!(first.found, ["p99 +31%: regressed, limit +10%"]);
    assert!(first.compared);
    assert_eq!(order(&passing())[0], ("all endpoints", "same", true));
}

#[test]
fn a_promise_about_a_scenario_marks_each_of_its_endpoints() {
    let mut verdict = fixture::verdict(VerdictKind::Fail, Exit::Failed, "1 threshold broken", Reference::NoBaseline);
    verdict.thresholds = vec![fixture::threshold("browse.p95 < 1ms", Some(41_000.0), ThresholdOutcome::Fail)];
    let view = View::new(&verdict, &[run(&SHOP)], &[]);
    assert_eq!(order(&view), [("GET /search", "fail", true), ("POST /orders", "fail", true), ("all endpoints", "same", true)]);
    assert_eq!(view.run.details[0].found, ["browse.p95 < 1ms broken: 41 ms"]);
}

#[test]
fn many_endpoints_are_folded_but_for_the_first() {
    let names: Vec<String> = (0..40).map(|n| format!("GET /{n}")).collect();
    let loads: Vec<Load> = names.iter().map(|name| Load(name.clone().leak(), 10, 9_000, 0)).collect();
    let view = RunView::new(&[run(&loads)]);
    assert_eq!((view.details.len(), view.details.iter().filter(|detail| detail.open).count()), (41, 1));
    assert!(view.details.iter().all(|detail| detail.class == "none" && !detail.compared));
    let text = super::run_text("report.html", &view);
    assert!(
        text.contains("<p class=\"paper\">Folded endpoints, whose charts are not printed: <span class=\"folded\">"),
        "{text}"
    );
    assert!(text.contains("counter-increment: folded") && text.contains("p.paper { display: block; }"), "paper says how many");
    assert!(!html(&passing()).contains("Folded endpoints"), "all of a few are open");
}

#[test]
fn every_endpoint_has_its_charts_with_words_and_tables_beside_them() {
    let text = html(&failing());
    for id in ["all-endpoints", "endpoint-1", "endpoint-2"] {
        let part = part(&text, id);
        for class in ["percentiles", "histogram", "timeline"] {
            assert!(part.contains(&format!("<svg class=\"{class}\"")), "{id}: {class}");
        }
        for caption in
            ["Response time by percentile", "Share of the requests that took so long", "Over time;", "The slowest requests"]
        {
            assert!(part.contains(&format!("<caption>{caption}")), "{id}: {caption}: {part}");
        }
        assert!(part.contains("class=\"line base\"") && part.contains("class=\"line cand\""), "{id}");
    }
    assert_eq!(text.matches("<svg").count(), text.matches("role=\"img\" aria-labelledby=").count());
    let labels = text.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for id in labels.flat_map(str::split_whitespace) {
        assert_eq!(text.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
}

#[test]
fn failures_have_a_chart_where_there_are_any() {
    let text = html(&failing());
    assert!(part(&text, "endpoint-2").contains("failed share of the requests, by class"));
    assert!(part(&text, "endpoint-2").contains("5xx"));
    assert!(!part(&text, "endpoint-1").contains("failed share of the requests, by class"));
}

#[test]
fn the_slowest_requests_are_shown_with_what_they_are_found_by() {
    let part = part(&html(&failing()), "endpoint-2");
    assert!(part.contains("<code>0000000000000007000000000000a028</code>"), "{part}");
    assert!(part.contains("sent late, on a new connection, failed (5xx)") && part.contains("12:03:08.200"), "{part}");
}

#[test]
fn nothing_that_succeeded_has_no_charts_of_latencies() {
    let none = RunView::new(&[run(&[Load("GET /", 5, 9_000, 5)])]);
    let text = super::run_text("report.html", &none);
    assert!(text.contains("No request succeeded, so there is no response time to show."), "{text}");
    assert!(!text.contains("<svg class=\"percentiles\"") && text.contains("failed share of the requests, by class"));
    assert!(!html(&invalid()).contains("Each endpoint"), "there is none");
}

#[test]
fn hostile_names_stay_text_in_all_charts() {
    let text = html(&hostile());
    assert!(!text.contains("<script") && !text.contains(HOSTILE));
    assert!(part(&text, "endpoint-1").contains("&lt;script&gt;"));
}

#[test]
fn the_same_runs_make_the_same_page() {
    assert_eq!(html(&failing()), html(&failing()));
}

#[test]
fn a_hundred_endpoints_that_fail_all_the_time_stay_a_small_page() {
    let names: Vec<String> = (0..100).map(|n| format!("GET /endpoint/number/{n}")).collect();
    let loads: Vec<Load> = names.iter().map(|name| Load(name.clone().leak(), 20, 9_000, 1)).collect();
    // As many windows as each has points: of longer runs there are no more.
    let mut record = run(&loads);
    (record.plan.stages[1].duration_us, record.plan.stages[1].played_us) = (80_000_000, 80_000_000);
    for series in &mut record.endpoints {
        series.stages[1] = series.stages[1].iter().cycle().take(80).cloned().collect();
    }
    let text = super::run_text("report.html", &RunView::against(std::slice::from_ref(&record), &[run(&SHOP)]));
    assert!(text.len() < 4_000_000, "{} bytes", text.len());
}
