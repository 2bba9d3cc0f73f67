//! The history for a terminal.

use super::{Change, History, Metric, Run, SERVICE, Series, Status, json::rate};
use crate::units;

/// Steps of a small chart.
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Runs of a small chart: the newest ones.
const CHARTED: usize = 40;
const NONE: &str = "-";

/// The table of the newest runs of one endpoint (or of the service as a whole), charts of all series, and all changes.
#[must_use]
pub fn text(history: &History, endpoint: Option<&str>, newest: usize) -> String {
    let shown = endpoint.unwrap_or_else(|| history.series.first().map_or(SERVICE, |series| &series.endpoint));
    let mut lines = vec![format!(
        "{}, {} of fingerprint {}; latencies of {}",
        printable(&history.suite),
        counted(history.runs.len(), "run"),
        history.fingerprint,
        words(shown)
    )];
    lines.extend(rows(history, shown, newest));
    lines.push(String::new());
    lines.extend(charts(history, endpoint));
    lines.push(String::new());
    lines.extend(changes(history, endpoint));
    lines.extend(history.notes.iter().map(|note| format!("note: {}", printable(note))));
    lines.join("\n")
}

fn rows(history: &History, endpoint: &str, newest: usize) -> Vec<String> {
    let skipped = history.runs.len().saturating_sub(newest);
    let head = ["started", "commit", "rate", "errors", "p50", "p95", "p99", ""].map(str::to_owned);
    let row = |(place, run): (usize, &Run)| {
        let own = run.point.endpoints.iter().find(|own| own.name == endpoint);
        let (requests, errors) = own.map_or((run.point.requests, run.point.errors), |own| (own.requests, own.errors));
        let [p50, p95, p99] = Metric::ALL.map(|metric| {
            let us = history.of_series(endpoint, metric).and_then(|series| series.us[place]);
            us.map_or_else(|| NONE.to_owned(), units::latency)
        });
        [
            run.point.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
            run.commit(),
            rate(run).map_or_else(|| NONE.to_owned(), |rate| format!("{}/s", units::significant(rate, 3))),
            if requests == 0 { NONE.to_owned() } else { units::percent(errors as f64 / requests as f64) },
            p50,
            p95,
            p99,
            remarks(history, place, run, endpoint),
        ]
    };
    let rows: Vec<[String; 8]> = std::iter::once(head).chain(history.runs.iter().enumerate().skip(skipped).map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut lines: Vec<String> = rows
        .iter()
        .map(|[started, commit, numbers @ .., remarks]| {
            let numbers: String = numbers.iter().zip(&widths[2..]).map(|(text, width)| format!("  {text:>width$}")).collect();
            format!("{started:<0$}  {commit:<1$}{numbers}  {remarks}", widths[0], widths[1]).trim_end().to_owned()
        })
        .collect();
    if skipped > 0 {
        lines.insert(1, format!("({} before; --last shows more)", counted(skipped, "run")));
    }
    lines
}

/// What is to be said of a run: its label, whether it is pinned or withdrawn, and what changed with it.
fn remarks(history: &History, place: usize, run: &Run, endpoint: &str) -> String {
    let mut remarks: Vec<String> = run.point.label.iter().map(|label| printable(label)).collect();
    remarks.extend(
        run.pinned
            .as_ref()
            .map(|label| if label.is_empty() { "pinned".to_owned() } else { format!("pinned: {}", printable(label)) }),
    );
    remarks.extend(run.point.accepted.as_ref().map(|accepted| printable(&accepted.in_words())));
    remarks.extend((!run.counts()).then(|| "withdrawn".to_owned()));
    let here = history.changes.iter().filter(|change| change.first == place && change.endpoint == endpoint);
    let changed: Vec<String> =
        here.map(|change| format!("{} {}", change.metric.name(), units::signed_percent(change.change()))).collect();
    remarks.extend((!changed.is_empty()).then(|| format!("<- {}", changed.join(", "))));
    remarks.join(", ")
}

fn charts(history: &History, endpoint: Option<&str>) -> Vec<String> {
    let chosen: Vec<&Series> = history
        .series
        .iter()
        .filter(|series| match endpoint {
            Some(endpoint) => series.endpoint == endpoint,
            None => series.metric != Metric::P99,
        })
        .filter(|series| series.us.iter().flatten().count() > 1)
        .collect();
    let width = chosen.iter().map(|series| words(&series.endpoint).chars().count()).max().unwrap_or_default();
    chosen
        .into_iter()
        .map(|series| {
            let newest = &series.us[series.us.len().saturating_sub(CHARTED)..];
            let (low, high) =
                newest.iter().flatten().fold((f64::INFINITY, 0.0_f64), |(low, high), us| (low.min(*us), high.max(*us)));
            let range =
                if low.is_finite() { format!("{} to {}", units::latency(low), units::latency(high)) } else { NONE.to_owned() };
            format!("{:<width$}  {}  {}  {range}", words(&series.endpoint), series.metric.name(), chart(newest, low, high))
        })
        .collect()
}

/// A column for each run; a blank one where it has no such figure.
fn chart(us: &[Option<f64>], low: f64, high: f64) -> String {
    let step = |us: f64| {
        let share = if high > low { (us.ln() - low.ln()) / (high.ln() - low.ln()) } else { 0.0 };
        STEPS[((share * 7.0).round() as usize).min(7)]
    };
    us.iter().map(|us| us.map_or(' ', step)).collect()
}

fn changes(history: &History, endpoint: Option<&str>) -> Vec<String> {
    let chosen: Vec<&Change> =
        history.changes.iter().filter(|change| endpoint.is_none_or(|endpoint| change.endpoint == endpoint)).collect();
    if chosen.is_empty() {
        return vec!["no change of level is seen".to_owned()];
    }
    chosen.into_iter().map(|change| sentence(history, change)).collect()
}

/// `slower: /items p95 +12 % (10.2 ms -> 11.4 ms) between commits abc and def, open`.
pub(super) fn sentence(history: &History, change: &Change) -> String {
    let (last, first) = history.commits(change);
    let day = history.runs[change.first].point.started_at.strftime("%Y-%m-%d");
    let what = if change.status == Status::Faster { "faster" } else { "slower" };
    let fate = match change.status {
        Status::Open => ": still open".to_owned(),
        Status::Faster => String::new(),
        Status::Accepted { with } => {
            let accepted = history.runs[with].point.accepted.as_ref();
            accepted.map_or_else(String::new, |accepted| format!(": {}", printable(&accepted.in_words())))
        }
        Status::Closed { with } => {
            let run = &history.runs[with];
            format!(": back since {} ({})", run.commit(), run.point.started_at.strftime("%Y-%m-%d"))
        }
    };
    format!(
        "{what}: {} {} {} ({} -> {}) with commits {last}..{first}, first seen {day}{fate}",
        words(&change.endpoint),
        change.metric.name(),
        units::signed_percent(change.change()),
        units::latency(change.before_us),
        units::latency(change.after_us),
    )
}

pub(super) fn words(endpoint: &str) -> String {
    if endpoint == SERVICE { "the service as a whole".to_owned() } else { printable(endpoint) }
}

/// Names come from files: what would move the cursor is left out.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

pub(super) fn counted(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", units::count(n as u64), if n == 1 { "" } else { "s" })
}
