//! Text for a terminal: tables whose columns line up, readable without colour.

use super::view::{EndpointView, RowView, VerdictView, View};

/// The figures of the run and, where it was judged, the verdict with its reasons.
#[must_use]
pub fn console(view: &View) -> String {
    let mut parts = vec![endpoints(view)];
    if view.endpoints.iter().any(|endpoint| !endpoint.classes.is_empty()) {
        parts.push(failures(view));
    }
    if let Some(verdict) = &view.verdict {
        if !verdict.rows.is_empty() {
            parts.push(comparisons(&verdict.rows));
        }
        if !verdict.thresholds.is_empty() {
            parts.push(thresholds(verdict));
        }
        parts.push(conclusion(verdict));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn endpoints(view: &View) -> String {
    if view.endpoints.is_empty() {
        return String::new();
    }
    let head = ["endpoint", "requests", "rate", "p50", "p90", "p95", "p99", "p99.9", "max", "errors", "dropped"];
    let row = |endpoint: &EndpointView| {
        let latency = &endpoint.response;
        [
            endpoint.name.as_str(),
            &endpoint.requests,
            &endpoint.rate,
            &latency.p50,
            &latency.p90,
            &latency.p95,
            &latency.p99,
            latency.p999.split_once(" (").map_or(latency.p999.as_str(), |(dash, _)| dash),
            &latency.max,
            &endpoint.error_rate,
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([endpoint.dropped.to_string()])
        .collect()
    };
    let mut rows: Vec<Vec<String>> = view.endpoints.iter().map(row).collect();
    if view.endpoints.len() > 1 {
        rows.push(row(&view.total));
    }
    format!("{}{}\n", table(&head, &rows), view.throughput)
}

fn failures(view: &View) -> String {
    let mut text = String::new();
    for endpoint in view.endpoints.iter().filter(|endpoint| !endpoint.classes.is_empty()) {
        let classes: Vec<String> = endpoint.classes.iter().map(|(class, count)| format!("{count} {class}")).collect();
        text.push_str(&format!("{}: {}\n", endpoint.name, classes.join(", ")));
    }
    for failure in &view.failures {
        text.push_str(&format!("  {} {}: {}\n", failure.endpoint, failure.class, failure.message));
    }
    text
}

fn comparisons(rows: &[RowView]) -> String {
    let head = ["endpoint", "metric", "baseline", "candidate", "change", "95% interval", "limit", "outcome"];
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            [&row.endpoint, &row.metric, &row.baseline, &row.candidate, &row.change, &row.interval, &row.limit, row.word]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    table(&head, &rows)
}

fn thresholds(verdict: &VerdictView) -> String {
    let rows: Vec<Vec<String>> = verdict
        .thresholds
        .iter()
        .map(|threshold| vec![threshold.expr.clone(), threshold.actual.clone(), threshold.outcome.to_owned()])
        .collect();
    table(&["threshold", "actual", "outcome"], &rows)
}

fn conclusion(verdict: &VerdictView) -> String {
    let mut text = format!("{}: {}\n", verdict.kind.to_uppercase(), verdict.headline);
    for reason in verdict.reasons.iter().filter(|reason| **reason != verdict.headline) {
        text.push_str(&format!("  - {reason}\n"));
    }
    for check in verdict.validity.iter().filter(|check| !check.ok && !verdict.reasons.contains(&check.reason)) {
        text.push_str(&format!("  - {}\n", check.reason));
    }
    for note in &verdict.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    for step in &verdict.next {
        text.push_str(&format!("next: {step}\n"));
    }
    text
}

/// First column to the left, the others to the right, two spaces between.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| length(&row[column])).chain([length(head[column])]).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            let pad = " ".repeat(width - length(cell));
            if column == 0 { format!("{cell}{pad}") } else { format!("{pad}{cell}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
