//! WebSocket connections, on the page and in the comment.

use super::fixture::{self, Load, run};
use crate::{
    exit::Exit,
    record::{ErrorClass, RunRecord},
    report::{RunView, View},
    verdict::{Reference, VerdictKind},
};

/// 40 connections for six seconds, two of which are lost in each.
fn record() -> RunRecord {
    let mut record = run(&[Load("browse.connect", 50, 12_000, 0), Load("browse.connection", 50, 12_000, 0)]);
    record.endpoints.iter_mut().for_each(|series| series.is_beside = true);
    record.endpoints[1].is_untimed = true;
    for window in record.endpoints[0].stages.iter_mut().flatten() {
        (window.connected_us, window.messages) = (40_000_000, 90);
    }
    for window in record.endpoints[1].stages.iter_mut().flatten() {
        (window.response, window.service) = Default::default();
        window.errors.insert(ErrorClass::Close1011, 2);
    }
    record
}

#[test]
fn connections_over_time_have_a_chart_and_a_row() {
    let text = super::run_text("report.html", &RunView::new(&[record()]));
    for part in [
        "browse.connect: connections over time",
        "Open WebSocket connections over 6s: up to 40 at a time.",
        "<th scope=\"col\" class=\"n\">connections</th>",
        "WebSocket connections; the most at a time",
        "<td class=\"n\">12 (4%)</td>",
        "Each connection is counted where it was opened",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let without = super::run_text("report.html", &RunView::new(&[run(&fixture::SHOP)]));
    assert!(!without.contains("WebSocket") && !without.contains("connections over time"));
}

#[test]
fn the_comment_has_a_row_for_each_scenario_of_connections() {
    let verdict = fixture::verdict(VerdictKind::Warn, Exit::Ok, "no baseline yet, nothing compared", Reference::NoBaseline);
    let text = super::text("comment.md", &View::new(&verdict, &[record()], &[]));
    assert!(text.contains("| `browse` | 40 | "), "{text}");
    assert!(text.contains("- `browse`: closed with close.1011 12; broadcast –"), "{text}");
}

#[test]
fn files_tell_of_connections_what_the_page_does() {
    let view = RunView::new(&[record()]);
    let summary: serde_json::Value = serde_json::from_str(&super::run_text("summary.json", &view)).unwrap();
    let feed = &summary["websocket"][0];
    assert_eq!(feed["scenario"], "browse");
    assert_eq!(feed["connections_max"], 40.0);
    assert_eq!(feed["connections_lost"], 12);
    assert_eq!(feed["close_codes"]["close.1011"], 12);
    let windows = super::run_text("windows.csv", &view);
    assert!(windows.lines().nth(1).is_some_and(|row| row.ends_with(",90,40")), "{windows}");
}
