//! The history as a page: one file, no reference to the outside, readable without JavaScript, in light and dark.

use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::{History, Metric, NoiseRow, NoiseTable, Series, Status, json::rate, table};
use crate::units;

const NAME: &str = "history.html";
const TEMPLATE: &str = include_str!("../../templates/history.html");
/// Rows of the table of runs: the newest ones; all are in the other formats.
const ROWS_MAX: usize = 200;
/// Points of a chart; longer histories are thinned out.
const POINTS_MAX: usize = 400;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 120.0;
/// Free space at the edges, so that no dot is cut.
const MARGIN: f64 = 6.0;

#[derive(Serialize)]
struct Page {
    histories: Vec<Section>,
}

#[derive(Serialize)]
struct Section {
    suite: String,
    fingerprint: String,
    count: String,
    changes: Vec<ChangeView>,
    charts: Vec<Chart>,
    head: String,
    rows: Vec<Row>,
    skipped: usize,
    notes: Vec<String>,
    noise: Option<NoiseView>,
}

#[derive(Serialize)]
struct NoiseView {
    facts: Vec<String>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct ChangeView {
    status: &'static str,
    sign: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Chart {
    title: String,
    range: String,
    dots: Vec<Dot>,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Dot {
    x: String,
    y: String,
    text: String,
}

#[derive(Serialize)]
struct Mark {
    x: String,
    status: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Row {
    started: String,
    commit: String,
    label: String,
    state: String,
    rate: String,
    errors: String,
    latencies: [String; 3],
}

/// The page.
///
/// # Errors
/// A mistake in the template.
pub fn page(histories: &[History]) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build()?);
    environment.add_template(NAME, TEMPLATE)?;
    environment.get_template(NAME)?.render(Serde(Page { histories: histories.iter().map(section).collect() }))
}

fn section(history: &History) -> Section {
    let endpoint = history.series.first().map_or(super::SERVICE, |series| &series.endpoint);
    let skipped = history.runs.len().saturating_sub(ROWS_MAX);
    let rows = history.runs.iter().enumerate().skip(skipped).rev().map(|(place, _)| row(history, place, endpoint)).collect();
    let changes = history.changes.iter().map(|change| ChangeView {
        status: change.status.name(),
        sign: match change.status {
            Status::Open => "▲",
            Status::Closed { .. } | Status::Accepted { .. } => "✓",
            Status::Faster => "▼",
        },
        text: table::sentence(history, change),
    });
    Section {
        suite: history.suite.clone(),
        fingerprint: history.fingerprint.clone(),
        count: table::counted(history.runs.len(), "run"),
        changes: changes.collect(),
        charts: history
            .series
            .iter()
            .filter(|series| series.us.iter().flatten().count() > 1)
            .map(|series| chart(history, series))
            .collect(),
        head: table::words(endpoint),
        rows,
        skipped,
        notes: history.notes.clone(),
        noise: history.noise.as_ref().map(|noise| NoiseView {
            facts: noise.facts(),
            head: NoiseTable::head(),
            rows: noise.rows.iter().map(NoiseRow::cells).collect(),
        }),
    }
}

fn row(history: &History, place: usize, endpoint: &str) -> Row {
    let run = &history.runs[place];
    let latency = |metric| {
        history.of_series(endpoint, metric).and_then(|series| series.us[place]).map_or_else(|| "–".to_owned(), units::latency)
    };
    let pinned = run.pinned.as_ref().map(|label| if label.is_empty() { "pinned".to_owned() } else { format!("pinned: {label}") });
    Row {
        started: run.point.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
        commit: run.commit(),
        label: run.point.label.clone().unwrap_or_default(),
        state: pinned.unwrap_or_else(|| if run.counts() { String::new() } else { run.fate.to_owned() }),
        rate: rate(run).map_or_else(|| "–".to_owned(), |rate| format!("{}/s", units::significant(rate, 3))),
        errors: if run.point.requests == 0 {
            "–".to_owned()
        } else {
            units::percent(run.point.errors as f64 / run.point.requests as f64)
        },
        latencies: Metric::ALL.map(latency),
    }
}

/// One dot a run, on a scale of logarithms so that equal shares are equal heights.
fn chart(history: &History, series: &Series) -> Chart {
    let (low, high) = series.us.iter().flatten().fold((f64::INFINITY, 0.0_f64), |(low, high), us| (low.min(*us), high.max(*us)));
    let span = (high.ln() - low.ln()).max(0.02);
    let x = |place: usize| MARGIN + (WIDTH - 2.0 * MARGIN) * place as f64 / (series.us.len() - 1).max(1) as f64;
    let y = |us: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * (us.ln() - low.ln()) / span;
    let every = series.us.len().div_ceil(POINTS_MAX).max(1);
    let dots = series.us.iter().enumerate().filter(|(place, _)| place % every == 0).filter_map(|(place, us)| {
        let run = &history.runs[place];
        let text = format!("{}: {} ({})", run.commit(), units::latency((*us)?), run.point.started_at.strftime("%Y-%m-%d"));
        Some(Dot { x: format!("{:.1}", x(place)), y: format!("{:.1}", y((*us)?)), text })
    });
    let own = history.changes.iter().filter(|change| change.endpoint == series.endpoint && change.metric == series.metric);
    let marks = own.map(|change| Mark {
        x: format!("{:.1}", f64::midpoint(x(change.last), x(change.first))),
        status: change.status.name(),
        text: table::sentence(history, change),
    });
    Chart {
        title: format!("{} {}", table::words(&series.endpoint), series.metric.name()),
        range: format!("{} to {}", units::latency(low), units::latency(high)),
        dots: dots.collect(),
        marks: marks.collect(),
    }
}
