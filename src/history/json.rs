//! The history for programs: JSON and CSV.

use serde_json::{Value, json};

use super::{Change, History, Metric, Status};

/// The name and major version of the format.
const SCHEMA: &str = "loadgate/history/v1";

/// All histories, as JSON.
#[must_use]
pub fn json(histories: &[History]) -> Value {
    json!({ "schema": SCHEMA, "histories": histories.iter().map(history).collect::<Vec<_>>() })
}

fn history(history: &History) -> Value {
    let runs: Vec<Value> = history
        .runs
        .iter()
        .map(|run| {
            let accepted = &run.point.accepted;
            let mut value = json!({
                "entry": run.entry, "started_at": run.point.started_at.to_string(), "commit": run.point.commit, "label": run.point.label,
                "state": run.fate, "pinned": run.pinned.is_some(), "requests": run.point.requests, "errors": run.point.errors,
                "rate_per_s": rate(run), "endpoints": run.point.endpoints,
            });
            if let Some(label) = run.pinned.as_ref().filter(|label| !label.is_empty()) {
                value["pinned_as"] = json!(label);
            }
            if accepted.is_some() {
                value["accepted"] = json!(accepted);
            }
            value
        })
        .collect();
    let mut value = json!({
        "suite": history.suite, "fingerprint": history.fingerprint, "runs": runs,
        "changes": history.changes.iter().map(|change| self::change(history, change)).collect::<Vec<_>>(), "notes": history.notes,
    });
    if let Some(noise) = &history.noise {
        value["noise"] = json!(noise);
    }
    value
}

fn change(history: &History, change: &Change) -> Value {
    let (last, first) = (&history.runs[change.last], &history.runs[change.first]);
    let mut value = json!({
        "endpoint": change.endpoint, "metric": change.metric.name(), "before_us": change.before_us, "after_us": change.after_us,
        "change": change.change(), "p_value": change.p_value, "status": change.status.name(),
        "last_before": { "entry": last.entry, "commit": last.point.commit },
        "first_after": { "entry": first.entry, "commit": first.point.commit },
    });
    if let Status::Accepted { with } = change.status {
        value["accepted"] = json!(history.runs[with].point.accepted);
    }
    if let Status::Closed { with } = change.status {
        let run = &history.runs[with];
        value["closed_with"] = json!({ "entry": run.entry, "commit": run.point.commit });
    }
    value
}

pub(super) fn rate(run: &super::Run) -> Option<f64> {
    (run.point.seconds > 0.0).then(|| run.point.requests as f64 / run.point.seconds)
}

const COLUMNS: [&str; 14] = [
    "suite",
    "fingerprint",
    "started_at",
    "commit",
    "label",
    "state",
    "endpoint",
    "requests",
    "errors",
    "p50_us",
    "p95_us",
    "p99_us",
    "rate_per_s",
    "changed",
];

/// All histories, a row per run and endpoint. The service as a whole is the endpoint `*`.
///
/// # Errors
/// None in practice: a vector takes every byte.
pub fn csv(histories: &[History]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for history in histories {
        for (place, run) in history.runs.iter().enumerate() {
            let names =
                history.series.iter().filter(|series| series.metric == Metric::P50).map(|series| series.endpoint.as_str());
            for name in names {
                let own = run.point.endpoints.iter().find(|endpoint| endpoint.name == name);
                if own.is_none() && name != super::SERVICE {
                    continue;
                }
                let (requests, errors) = own.map_or((run.point.requests, run.point.errors), |own| (own.requests, own.errors));
                let figure = |metric| history.of_series(name, metric).and_then(|series| series.us[place]);
                let latencies = Metric::ALL.map(|metric| figure(metric).map_or_else(String::new, |us| format!("{us:.0}")));
                let rate = (run.point.seconds > 0.0).then(|| format!("{:.3}", requests as f64 / run.point.seconds));
                let changed: Vec<&str> = history
                    .changes
                    .iter()
                    .filter(|change| change.first == place && change.endpoint == name)
                    .map(|change| change.metric.name())
                    .collect();
                let [p50, p95, p99] = latencies;
                writer.write_record([
                    history.suite.clone(),
                    history.fingerprint.clone(),
                    run.point.started_at.to_string(),
                    run.point.commit.clone().unwrap_or_default(),
                    run.point.label.clone().unwrap_or_default(),
                    run.fate.to_owned(),
                    name.to_owned(),
                    requests.to_string(),
                    errors.to_string(),
                    p50,
                    p95,
                    p99,
                    rate.unwrap_or_default(),
                    changed.join(" "),
                ])?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
