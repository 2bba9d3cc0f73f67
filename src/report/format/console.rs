//! The report for a terminal. Nothing in it needs colours.

use std::fmt::Write as _;

use super::table::aligned;
use crate::report::{ChangeRow, Compared, Judged, LatencyFigures, RunView, StepRow, Traffic, View};

/// Up to so many compared metrics are shown in full; of more, only those worth a look.
const ROWS_ALL: usize = 24;
/// The latencies that a terminal has room for, as places of [`LatencyFigures::COLUMNS`]: p50, p95 and p99.
const LATENCIES: [usize; 3] = [0, 2, 3];
/// Class of a change that may be real and does not count.
const NEAR: &str = "near";

/// Measurements, comparison, thresholds, and last, where a log ends and eyes begin, the verdict.
#[must_use]
pub fn console(view: &View) -> String {
    let mut text = measurements(&view.run);
    if let Some(compared) = view.judged.compared.as_ref().filter(|compared| !compared.rows.is_empty()) {
        text.push_str(&comparison(compared));
    }
    text.push_str(&thresholds(&view.judged));
    text.push_str(&verdict(&view.judged));
    text
}

/// Measurements alone, of both versions where two were played.
#[must_use]
pub fn console_run(view: &RunView) -> String {
    let own = measurements(view);
    match &view.baseline {
        Some(baseline) => format!("candidate: {own}\nbaseline: {}", measurements(baseline)),
        None => own,
    }
}

fn measurements(view: &RunView) -> String {
    let mut text = format!("{}, {}, {}\n", view.suite, view.target, view.started);
    if let Some(partial) = &view.partial {
        let _ = writeln!(text, "{partial}");
    }
    if view.endpoints.is_empty() {
        text.push_str("no request was made\n");
        return text;
    }
    let several = (view.endpoints.len() > 1).then_some(&view.total);
    let any_dropped = view.total.dropped > 0;
    let mut head = vec!["endpoint", "requests", "rate"];
    head.extend(LATENCIES.map(|place| LatencyFigures::COLUMNS[place]));
    head.push("errors");
    head.extend(any_dropped.then_some("dropped"));
    head.push("");
    let rows: Vec<Vec<String>> = view.endpoints.iter().chain(several).map(|of| traffic(of, any_dropped)).collect();
    let _ = write!(text, "\n{}", aligned(&head, 1, &rows));
    text.push_str(&steps(view));
    let failing: Vec<String> = view
        .endpoints
        .iter()
        .filter(|traffic| traffic.errors > 0)
        .map(|traffic| format!("  {}: {}\n", traffic.name, traffic.text.errors_by_class))
        .collect();
    if !failing.is_empty() || !view.unmeasured.is_empty() {
        let _ = write!(text, "\nfailed requests\n{}", failing.concat());
    }
    for failure in &view.unmeasured {
        let _ = writeln!(text, "  {}, not measured: {} {} {}", failure.place, failure.name, failure.class, failure.text);
    }
    for failure in &view.failures {
        let _ = writeln!(text, "  {} {}: {}", failure.endpoint, failure.class, failure.message);
    }
    let retried: Vec<String> = view.endpoints.iter().filter_map(|traffic| traffic.text.retried.clone()).collect();
    if !retried.is_empty() {
        let _ = writeln!(text, "\n{}", retried.join("\n"));
    }
    if !view.events.is_empty() {
        text.push_str("\nwhat loadgate changed about the load\n");
    }
    for event in &view.events {
        let _ = writeln!(text, "  {} {}: {}", event.at, event.what, event.reason);
    }
    text
}

/// How the service does as the load grows: a table for each `step:` stage.
fn steps(view: &RunView) -> String {
    let mut text = String::new();
    for table in &view.steps {
        let mut head = vec![table.name.as_str()];
        head.extend(&StepRow::COLUMNS[1..]);
        head.push("");
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.text.iter().cloned().chain([String::new()]).collect()).collect();
        let _ = write!(text, "\n{}", aligned(&head, 1, &rows));
    }
    text
}

fn traffic(traffic: &Traffic, with_dropped: bool) -> Vec<String> {
    let words = &traffic.text;
    let mut cells = vec![traffic.name.clone(), words.requests.clone(), words.rate.clone()];
    cells.extend(LATENCIES.map(|place| traffic.response.text[place].clone()));
    cells.push(words.error_rate.clone());
    cells.extend(with_dropped.then(|| words.dropped.clone()));
    cells.push(String::new());
    cells
}

fn comparison(compared: &Compared) -> String {
    let all = compared.rows.len() <= ROWS_ALL;
    let shown: Vec<&ChangeRow> = compared.rows.iter().filter(|row| all || row.notable || row.service).collect();
    let rows: Vec<Vec<String>> = shown.iter().map(|row| change(row)).collect();
    let head = ["endpoint", "metric", "baseline", "candidate", "change", "found"];
    let mut text = format!("\ncompared with the baseline ({})\n{}", compared.baseline, aligned(&head, 2, &rows));
    if shown.iter().any(|row| row.class == NEAR) {
        text.push_str("≈ stands for a change that is too small or too unsure to count\n");
    }
    if let Some(rest) = compared.rest.as_ref().filter(|_| !all) {
        let _ = writeln!(text, "not shown: {rest}");
    }
    text
}

fn change(row: &ChangeRow) -> Vec<String> {
    let words = &row.text;
    let cells = [&row.name, &row.metric_name, &words.baseline, &words.candidate, &words.change].map(String::clone);
    // Why it does not count takes more room than there is.
    let looks = row.found.split(", ").next().unwrap_or_default();
    let found = if row.class == NEAR { format!("{} {looks}", row.sign) } else { row.found.clone() };
    cells.into_iter().chain([found]).collect()
}

fn thresholds(judged: &Judged) -> String {
    if judged.thresholds.is_empty() {
        return String::new();
    }
    let cells = |threshold: &crate::report::ThresholdView| {
        vec![threshold.expr.clone(), threshold.actual.clone(), threshold.found.to_owned()]
    };
    let rows: Vec<Vec<String>> = judged.thresholds.iter().map(cells).collect();
    format!("\n{}", aligned(&["threshold", "actual", "found"], 1, &rows))
}

fn verdict(judged: &Judged) -> String {
    let kind = judged.kind.to_uppercase();
    let headline = judged.headline.strip_prefix("inconclusive: ").unwrap_or(&judged.headline);
    let mut text = format!("\n{kind}: {headline}\n");
    for reason in &judged.reasons {
        let _ = writeln!(text, "  - {reason}");
    }
    if let Some(compared) = &judged.compared {
        let _ = writeln!(text, "how sure: {}", compared.how_sure);
    }
    for next in &judged.next {
        let command = next.command.as_ref().map_or_else(String::new, |command| format!("\n      {command}"));
        let _ = writeln!(text, "next: {}{command}", next.text);
    }
    text
}
