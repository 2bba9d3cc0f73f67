//! A verdict as text: headline, the table of comparisons, reasons.

use crate::{
    compare::{Comparison, Row},
    policy::Severity,
    units,
    verdict::{Reference, Verdict},
};

/// Headings of the table.
const HEADINGS: [&str; 7] = ["endpoint", "metric", "baseline", "candidate", "change", "95% interval", "outcome"];
/// Columns that are text and stand left; figures stand right.
const LEFT: [bool; 7] = [true, true, false, false, false, false, true];

/// The whole text.
pub(super) fn render(verdict: &Verdict) -> String {
    let mut text = format!("{}: {}\n", verdict.kind, verdict.headline);
    if let Reference::Compared(comparison) = &verdict.reference {
        text.push('\n');
        text.push_str(&table(comparison));
    }
    if !verdict.reasons.is_empty() {
        text.push('\n');
    }
    for reason in &verdict.reasons {
        text.push_str(&format!("- {reason}\n"));
    }
    text
}

fn table(comparison: &Comparison) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(comparison.rows.iter().map(cells));
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let padded = |line: &[String; 7]| {
        let cells = line.iter().zip(widths).zip(LEFT);
        let cells = cells.map(|((cell, width), left)| if left { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}

fn cells(row: &Row) -> [String; 7] {
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| row.metric.display(value));
    let change = |value: f64| row.metric.display_change(value);
    let interval = row.change.and_then(|change| change.interval);
    let outcome = if row.level == Some(Severity::Warn) { "slower".to_owned() } else { row.outcome.name().replace('_', " ") };
    [
        row.endpoint.clone(),
        row.metric.to_string(),
        value(row.baseline),
        value(row.candidate),
        row.change.map_or_else(|| "-".to_owned(), |found| change(found.estimate)),
        interval.map_or_else(|| "-".to_owned(), |(low, high)| format!("{} .. {}", change(low), change(high))),
        match row.mde {
            Some(mde) if row.level.is_none() => format!("{outcome} (sees {})", units::percent(mde)),
            _ => outcome,
        },
    ]
}
