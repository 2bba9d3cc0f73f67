//! Several sides beside one another, each with its change against the first.

use super::{changes, text};
use crate::{
    compare::{ComparedMetric, Comparison, Row},
    record::RunRecord,
    report::escape::plain,
    units,
    verdict::{Reference, Verdict},
};

/// A side that was held against the first one.
#[derive(Clone, Copy, Debug)]
pub struct SeveralSide<'a> {
    /// What the user calls it.
    pub name: &'a str,
    /// Its runs.
    pub runs: &'a [RunRecord],
    /// What became of it.
    pub verdict: &'a Verdict,
}

/// A table of several sides, in words.
#[derive(Clone, Debug)]
pub struct Several {
    /// `endpoint`, `metric` and the names of the sides.
    pub head: Vec<String>,
    /// A line for each metric of each endpoint.
    pub rows: Vec<Vec<String>>,
    /// A line for each side but the first: its verdict.
    pub verdicts: Vec<String>,
}

impl Several {
    /// Puts sides beside the one they were compared with.
    #[must_use]
    pub fn new(name: &str, reference: &[RunRecord], sides: &[SeveralSide<'_>]) -> Self {
        let names = std::iter::once(name).chain(sides.iter().map(|side| side.name)).map(plain);
        let mut rows = vec![rates(reference, sides)];
        let mut seen: Vec<(&str, ComparedMetric)> = Vec::new();
        for row in sides.iter().filter_map(comparison).flat_map(|comparison| &comparison.rows) {
            let key = (row.endpoint.as_str(), row.metric);
            if !seen.contains(&key) {
                seen.push(key);
                rows.extend(line(key, sides));
            }
        }
        Self {
            head: ["endpoint", "metric"].map(str::to_owned).into_iter().chain(names).collect(),
            rows,
            verdicts: sides
                .iter()
                .map(|side| {
                    format!(
                        "{}: {}: {}",
                        plain(side.name),
                        side.verdict.kind.name().to_uppercase(),
                        plain(side.verdict.headline.strip_prefix("inconclusive: ").unwrap_or(&side.verdict.headline))
                    )
                })
                .collect(),
        }
    }
}

fn comparison<'a>(side: &SeveralSide<'a>) -> Option<&'a Comparison> {
    match &side.verdict.reference {
        Reference::Compared(comparison) => Some(comparison),
        Reference::NoBaseline | Reference::Mismatch(_) => None,
    }
}

/// A metric of an endpoint in all sides; `None` where nobody knows its value.
fn line((endpoint, metric): (&str, ComparedMetric), sides: &[SeveralSide<'_>]) -> Option<Vec<String>> {
    let of = |side: &SeveralSide<'_>| {
        comparison(side)
            .and_then(|comparison| comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric == metric).cloned())
    };
    let found: Vec<Option<Row>> = sides.iter().map(of).collect();
    let reference = found.iter().flatten().find_map(|row| row.baseline)?;
    let first = changes::named(endpoint, metric);
    let cells = found.iter().map(|row| row.as_ref().map_or_else(|| text::NONE.to_owned(), cell));
    Some(first.into_iter().chain([metric.display(reference)]).chain(cells).collect())
}

/// `210 ms  -75% ✔`
fn cell(row: &Row) -> String {
    let Some((value, change)) = row.candidate.zip(row.change) else { return text::NONE.to_owned() };
    let sign = changes::sign_of(row);
    format!("{} {} {sign}", row.metric.display(value), row.metric.display_change(change.estimate))
}

/// Requests per second of each side: what was made, not a test.
fn rates(reference: &[RunRecord], sides: &[SeveralSide<'_>]) -> Vec<String> {
    let first = rate(reference);
    let value = |rate: Option<f64>| rate.map_or_else(|| text::NONE.to_owned(), |rate| ComparedMetric::Throughput.display(rate));
    let cell = |side: &SeveralSide<'_>| {
        let own = rate(side.runs);
        let change =
            own.zip(first).map_or_else(String::new, |(own, first)| format!(" {}", units::signed_percent(own / first - 1.0)));
        format!("{}{change}", value(own))
    };
    let named = ["all endpoints".to_owned(), "rate".to_owned(), value(first)];
    named.into_iter().chain(sides.iter().map(cell)).collect()
}

fn rate(runs: &[RunRecord]) -> Option<f64> {
    let windows = runs.iter().flat_map(|run| &run.endpoints).flat_map(|series| series.windows());
    let requests: u64 = windows.map(|window| window.requests).sum();
    let seconds: f64 = runs.iter().map(RunRecord::measured_seconds).sum();
    (requests > 0 && seconds > 0.0).then(|| requests as f64 / seconds)
}
