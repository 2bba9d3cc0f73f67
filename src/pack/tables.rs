//! The two tables that are made for the archive: what was promised, and what the circuit breaker did.

use std::collections::BTreeMap;

use super::PackError;
use crate::{
    policy::{MetricUnit, Threshold},
    record::RunRecord,
    report::{VerdictFile, csv_field},
};

const SLA_HEAD: [&str; 7] = ["endpoint", "threshold", "limit", "actual", "unit", "outcome", "owner"];
const BREAKER_HEAD: [&str; 4] = ["record", "at_s", "state", "reason"];

/// What was promised of each endpoint and what became of it; only the head when nothing was.
///
/// # Errors
/// A fault of the program.
pub fn sla_csv(verdict: Option<&VerdictFile>) -> Result<String, PackError> {
    let thresholds = verdict.map(|verdict| verdict.thresholds.as_slice()).unwrap_or_default();
    let rows = thresholds.iter().map(|row| {
        let threshold = Threshold::parse(&row.expr).ok();
        let of = |value: fn(&Threshold) -> String| threshold.as_ref().map(value).unwrap_or_default();
        [
            csv_field(&of(|threshold| threshold.scope.clone().unwrap_or_else(|| "*".to_owned()))),
            csv_field(&row.expr),
            of(|threshold| format!("{} {}", threshold.comparator, threshold.limit)),
            row.actual.map(|actual| actual.to_string()).unwrap_or_default(),
            of(|threshold| unit(threshold).to_owned()),
            row.outcome.clone(),
            csv_field(row.owner.as_deref().unwrap_or_default()),
        ]
    });
    csv("sla.csv", SLA_HEAD, rows)
}

/// Each change of the circuit breaker's state in each record; only the head when it stayed closed.
///
/// # Errors
/// A fault of the program.
pub fn breaker_csv(records: &BTreeMap<String, RunRecord>) -> Result<String, PackError> {
    let rows = records.iter().flat_map(|(name, record)| {
        record.breaker.iter().map(move |event| {
            let at = format!("{:.3}", event.at_us as f64 / 1e6);
            [csv_field(name), at, event.state.name().to_owned(), csv_field(&event.reason)]
        })
    });
    csv("breaker.csv", BREAKER_HEAD, rows)
}

/// The unit of a threshold's figures, as files name it.
fn unit(threshold: &Threshold) -> &'static str {
    match threshold.metric.unit() {
        MetricUnit::Micros => "us",
        MetricUnit::Share => "share",
        MetricUnit::PerSecond => "per_s",
        MetricUnit::Count => "count",
    }
}

fn csv<const N: usize>(
    file: &'static str,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<String, PackError> {
    let form = |reason: String| PackError::Form { file, reason };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(head).map_err(|error| form(error.to_string()))?;
    for row in rows {
        writer.write_record(&row).map_err(|error| form(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| form(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| form(error.to_string()))
}
