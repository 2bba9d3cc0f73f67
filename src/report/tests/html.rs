//! The page.

use super::fixture::{self, SHOP, failing, hostile, inconclusive, invalid, passing, run, threshold, without_baseline};
use crate::{
    compare::Outcome,
    exit::Exit,
    policy::{Quantile, Severity},
    report::{RunView, View},
    verdict::{Reference, ThresholdOutcome, ThresholdResult, VerdictKind},
};

fn html(view: &View) -> String {
    super::text("report.html", view)
}

fn all() -> [View; 6] {
    [passing(), failing(), inconclusive(), invalid(), without_baseline(), hostile()]
}

#[test]
fn the_page_asks_nothing_of_the_outside() {
    for text in all().iter().map(html) {
        for reference in ["src=", "url(", "@import", "<script", "<link", "<iframe", "srcset"] {
            assert!(!text.contains(reference), "{reference}");
        }
        assert_eq!(text.matches("href=").count(), text.matches("href=\"#").count(), "links lead to places of the page");
        for link in text.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(text.contains(&format!(" id=\"{link}\"")), "{link} leads nowhere");
        }
    }
}

#[test]
fn hostile_names_are_text() {
    let text = html(&hostile());
    assert!(text.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;|@team #12"), "{text}");
    assert!(!text.contains("<script>") && !text.contains('\u{1b}') && !text.contains("onerror"));
    for part in ["for &lt;script&gt;", "the body contains", "Where to look"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for file in ["reproduce.sh", "samples.csv", "failures.json", "metrics.txt"] {
        let text = super::text(file, &hostile());
        assert!(!text.contains('\u{1b}'), "{file}: {text}");
    }
}

#[test]
fn every_element_that_is_opened_is_closed() {
    for text in all().iter().map(html) {
        for name in [
            "html", "head", "body", "main", "section", "table", "thead", "tbody", "tr", "th", "td", "svg", "figure", "dl", "ul",
            "p", "g", "text", "details",
        ] {
            let opened = text.matches(&format!("<{name}>")).count() + text.matches(&format!("<{name} ")).count();
            assert_eq!(opened, text.matches(&format!("</{name}>")).count(), "{name}");
        }
    }
}

#[test]
fn every_part_of_the_page_is_explained() {
    let explained = include_str!("../../../docs/report.md");
    let text = html(&failing());
    let heads = ["<h2", "<h3>"].map(|tag| text.split(tag).skip(1).filter_map(|rest| rest.split('<').next()));
    let heads: Vec<&str> = heads.into_iter().flatten().map(|head| head.rsplit('>').next().unwrap_or_default()).collect();
    assert!(heads.contains(&"Where to look") && heads.contains(&"2. What it reaches"), "{heads:?}");
    // The names of endpoints stand behind a sign, in an element of its own.
    for head in heads.iter().filter(|head| !head.is_empty()) {
        assert!(explained.contains(&format!("# {head}\n")), "docs/report.md has nothing on '{head}'");
    }
}

#[test]
fn tables_have_captions_and_heads_for_those_who_listen() {
    let text = html(&failing());
    assert_eq!(text.matches("<table").count(), text.matches("<caption>").count());
    assert_eq!(text.matches("<th ").count(), text.matches("<th scope=").count());
    assert!(!text.contains("<th>"));
}

#[test]
fn both_colour_schemes_and_paper_are_provided_for() {
    let text = html(&passing());
    for media in ["color-scheme: light dark", "@media (prefers-color-scheme: dark)", "@media print"] {
        assert!(text.contains(media), "{media}");
    }
}

#[test]
fn a_failing_page_shows_the_regression_in_verdict_table_and_chart() {
    let text = html(&failing());
    assert!(text.contains("<div class=\"verdict fail\">"));
    assert!(text.contains("<tr class=\"fail group\"") || text.contains("<tr class=\"fail\""));
    assert!(text.contains("<svg class=\"forest\"") && text.contains("<g class=\"row fail\">"));
    assert_eq!(text.matches("over time</title>").count(), 8, "latency and rate of all and of each endpoint, failures of two");
    assert!(text.contains("status 503") && text.contains("AMD EPYC 7763"));
}

#[test]
fn a_run_alone_has_a_page_without_a_verdict() {
    let text = super::run_text("report.html", &RunView::new(&[run(&SHOP)]));
    assert!(!text.contains("class=\"verdict") && !text.contains("Compared with the baseline"));
    assert!(text.contains("What was measured") && text.contains("<svg class=\"timeline\""));
}

#[test]
fn the_worst_change_is_drawn_first_and_told_by_shape_too() {
    let text = html(&failing());
    let chart = text.split("<svg class=\"forest\"").nth(1).unwrap();
    let chart = chart.split("</svg>").next().unwrap();
    let classes: Vec<&str> = chart.split("<g class=\"row ").skip(1).filter_map(|row| row.split('"').next()).collect();
    assert_eq!(classes, ["fail", "open", "same", "same"]);
    assert_eq!(chart.matches("<path class=\"estimate\"").count(), 1, "{chart}");
    assert_eq!(text.matches("<svg class=\"forest\"").count(), 2, "error rates have a chart of their own");
    assert_eq!(html(&inconclusive()).matches("<svg class=\"forest\"").count(), 1);
}

#[test]
fn the_chart_that_shows_why_it_failed_comes_first() {
    let first = |view: &View| html(view).find("id=\"forest-errors\"") < html(view).find("id=\"forest-times\"");
    assert!(!first(&failing()), "a latency regressed");
    let mut regressed = fixture::errors("GET /search");
    (regressed.outcome, regressed.level) = (Outcome::Regressed, Some(Severity::Fail));
    let rows = vec![fixture::row("GET /search", Quantile::P50, 12_000.0, 0.004), regressed];
    let reference = Reference::Compared(Box::new(fixture::comparison(rows)));
    let verdict = fixture::verdict(VerdictKind::Fail, Exit::Failed, "more errors", reference);
    assert!(first(&View::new(&verdict, &[run(&SHOP)], &[run(&SHOP)])));
}

#[test]
fn thresholds_show_what_is_left_of_them_and_who_looks_after_them() {
    let margins = |results: Vec<ThresholdResult>| {
        let mut verdict = fixture::verdict(VerdictKind::Pass, Exit::Ok, "fine", Reference::NoBaseline);
        verdict.thresholds = results;
        View::new(&verdict, &[run(&SHOP)], &[])
    };
    let (pass, fail, none) = (ThresholdOutcome::Pass, ThresholdOutcome::Fail, ThresholdOutcome::NoData);
    let mut owned = threshold("p95 < 250ms", Some(50_000.0), pass);
    owned.threshold.owner = Some("team <shop>".to_owned());
    let view = margins(vec![
        owned,
        threshold("error_rate < 0.1%", Some(0.002), fail),
        threshold("achieved_rate >= 99%", Some(0.99), pass),
        threshold("dropped == 0", Some(12.0), fail),
        threshold("p99 < 1s", None, none),
    ]);
    let found: Vec<&str> = view.judged.thresholds.iter().map(|threshold| threshold.margin.as_str()).collect();
    assert_eq!(found, ["80% to spare", "100% beyond", "none to spare", "12 beyond", "–"]);
    let text = html(&view);
    assert!(text.contains("<td>team &lt;shop&gt;</td>") && text.contains("<th scope=\"col\">owner</th>"), "{text}");
    assert!(text.find("dropped == 0") < text.find("achieved_rate &gt;= 99%"), "what does not hold comes first");
    assert!(!html(&failing()).contains("owner</th>"));
}

#[test]
fn the_page_begins_with_what_was_played_and_how_to_play_it_again() {
    let text = html(&super::comment::regression());
    let head = text.split("<h2>").next().unwrap_or_default();
    assert!(head.contains("<code>loadgate gate -c perf&#x2f;loadgate.yml</code>"), "{head}");
    for fact in [
        "2050&#x2f;s, 6s measured in 1 stage",
        "a1b2c3d4e against 9f8e7d6c5",
        "AMD EPYC 7763",
        "the same as those of the baseline",
        "kept up: ",
    ] {
        assert!(head.contains(fact), "{fact}: {head}");
    }
}
