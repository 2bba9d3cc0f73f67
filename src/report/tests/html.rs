//! The page.

use super::fixture::{SHOP, failing, hostile, inconclusive, invalid, passing, run, without_baseline};
use crate::report::{RunView, View};

fn html(view: &View) -> String {
    super::text("report.html", view)
}

fn all() -> [View; 6] {
    [passing(), failing(), inconclusive(), invalid(), without_baseline(), hostile()]
}

#[test]
fn the_page_asks_nothing_of_the_outside() {
    for text in all().iter().map(html) {
        for reference in ["src=", "href=", "url(", "@import", "<script", "<link", "<iframe", "srcset"] {
            assert!(!text.contains(reference), "{reference}");
        }
    }
}

#[test]
fn hostile_names_are_text() {
    let text = html(&hostile());
    assert!(text.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;|@team #12"), "{text}");
    assert!(!text.contains("<script>") && !text.contains('\u{1b}') && !text.contains("onerror"));
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
    assert_eq!(text.matches("<svg class=\"timeline\"").count(), 3, "the service as a whole and each endpoint");
    assert!(text.contains("status 503") && text.contains("AMD EPYC 7763"));
}

#[test]
fn a_run_alone_has_a_page_without_a_verdict() {
    let text = super::run_text("report.html", &RunView::new(&[run(&SHOP)]));
    assert!(!text.contains("class=\"verdict") && !text.contains("Compared with the baseline"));
    assert!(text.contains("What was measured") && text.contains("<svg class=\"timeline\""));
}
