//! `loadgate baseline show`.

use std::path::Path;

use super::{
    super::{Failure, terminal},
    learned_text,
};
use crate::{
    baseline::{Shelf, StoreError, Stored},
    exit::Exit,
    record::{EndpointSeries, RunRecord, Totals},
    units,
};

/// One run, and what was learned of its suite's noise. Who only compares side by side has stored no run, and still learned.
pub(super) fn run(shelf: &Shelf, run: &Path, suite: Option<&str>) -> Result<Exit, Failure> {
    let store = shelf.open()?;
    let latest = run == Path::new("latest");
    let stored = match if latest { store.latest(suite) } else { store.show(run) } {
        Err(StoreError::Absent { .. }) if latest && !store.lessons(suite)?.is_empty() => None,
        other => Some(other.map(|stored| Stored { path: shelf.name(&store, &stored.path), ..stored })?),
    };
    let suite = stored.as_ref().map(|stored| stored.record.suite.as_str()).or(suite);
    let mut parts: Vec<String> = stored.iter().map(describe).collect();
    parts.extend(
        store
            .lessons(suite)?
            .iter()
            .map(|lessons| [learned_text::render(lessons), learned_text::entries(lessons)].concat().join("\n")),
    );
    terminal::out(&parts.join("\n\n"));
    Ok(Exit::Ok)
}

fn describe(Stored { path, record }: &Stored) -> String {
    let mut lines = vec![
        fact("file", path.display()),
        fact("suite", &record.suite),
        fact("started", record.started_at),
        fact("commit", record.provenance.commit.as_deref().unwrap_or("unknown")),
        fact("target", record.origin()),
        fact("blocks of", units::duration(std::time::Duration::from_micros(record.plan.window_us))),
        fact("fingerprint", record.fingerprint().id),
    ];
    lines.extend(record.fingerprint().facts.iter().map(|(name, value)| fact(&format!("  {name}"), value)));
    lines.push(String::new());
    lines.extend(endpoints(record));
    lines.join("\n")
}

fn fact(name: &str, value: impl std::fmt::Display) -> String {
    format!("{name:<25}{value}")
}

fn endpoints(record: &RunRecord) -> Vec<String> {
    let rows = record.endpoints.iter().map(|endpoint| (endpoint.name.as_str(), EndpointSeries::total(endpoint)));
    let rows: Vec<(&str, Totals)> = rows.chain([("all", record.total())]).collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default().max("endpoint".len());
    let line = |name: &str, figures: [String; 5]| {
        figures.iter().fold(format!("{name:<width$}"), |line, figure| format!("{line}  {figure:>9}"))
    };
    let head = line("endpoint", ["requests", "p50", "p95", "p99", "errors"].map(str::to_owned));
    let figures = |total: &Totals| {
        let latency = |q| total.response.quantile(q).map_or_else(|| "-".to_owned(), |us| units::latency(us as f64));
        let errors = total.error_rate().map_or_else(|| "-".to_owned(), units::percent);
        [total.requests.to_string(), latency(0.5), latency(0.95), latency(0.99), errors]
    };
    std::iter::once(head).chain(rows.iter().map(|(name, total)| line(name, figures(total)))).collect()
}
