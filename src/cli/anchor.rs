//! The newest runs of a history against the pinned ones, which no later run has a part in: what crept in by steps too small to see
//! shows there.

use std::time::Duration;

use crate::{
    baseline::{Kept, Store, StoreError, Stored},
    compare::{self, ComparedMetric, Comparison, Outcome, Row, SERVICE},
    policy::Regression,
    record::RunRecord,
    units,
};

/// Runs of the branch that are held against the pinned ones.
const NEWEST: usize = 5;
/// Chance that the newest runs are called slower than the pinned ones when they are not: it is asked again with each run.
const ALPHA: f64 = 0.001;

/// What is found, each in a sentence; nothing where no run is pinned. `rules` are those of a configuration, where one is given.
pub(super) fn notes(store: &Store, kept: &Kept, rules: Option<&Regression>) -> Vec<String> {
    if kept.runs.iter().all(|run| run.pin.is_none()) {
        return Vec::new();
    }
    let found = compared(store, kept, rules);
    found.unwrap_or_else(|error| vec![format!("the newest runs can't be held against what is pinned: {error}")])
}

fn compared(store: &Store, kept: &Kept, rules: Option<&Regression>) -> Result<Vec<String>, StoreError> {
    let records = |stored: Vec<Stored>| stored.into_iter().map(|stored| stored.record).collect::<Vec<RunRecord>>();
    let pinned = records(store.pinned(&kept.suite, &kept.fingerprint)?);
    let newest = records(store.since_pinned(&kept.suite, &kept.fingerprint, NEWEST)?);
    if pinned.is_empty() {
        return Ok(Vec::new());
    }
    if newest.is_empty() {
        return Ok(vec!["no run is newer than what is pinned, so nothing is held against it yet".to_owned()]);
    }
    let sides = format!("the newest {} against {}", counted(newest.len(), "run"), counted(pinned.len(), "pinned run"));
    let rules = rules_of(rules, &pinned);
    let rules = Regression { alpha: rules.alpha.min(ALPHA), ..rules };
    Ok(told(&compare::compare(&pinned, &newest, &rules), &sides))
}

/// The rules of the configuration. Without one the default, in the blocks that the runs were made for.
pub(super) fn rules_of(rules: Option<&Regression>, runs: &[RunRecord]) -> Regression {
    let default = || {
        let recorded = runs.first().map(|run| Duration::from_micros(run.plan.block_us)).filter(|block| !block.is_zero());
        let default = Regression::default();
        Regression { block: recorded.unwrap_or(default.block), ..default }
    };
    rules.cloned().unwrap_or_else(default)
}

fn told(comparison: &Comparison, sides: &str) -> Vec<String> {
    let worse = comparison.rows.iter().filter(|row| row.outcome == Outcome::Regressed);
    let worse: Vec<String> = worse.map(|row| format!("{sides}: {}", sentence(row))).collect();
    if !worse.is_empty() {
        return worse;
    }
    vec![match comparison.sensitivity {
        Some(mde) => {
            format!("{sides}: nothing is surely slower; a change of {} or more would have been seen", units::percent(mde))
        }
        None => format!("{sides} can't be compared: {}", obstacle(comparison)),
    }]
}

fn sentence(row: &Row) -> String {
    let endpoint = if row.endpoint == SERVICE { "the service as a whole" } else { &row.endpoint };
    match (&row.change, row.metric) {
        (Some(change), ComparedMetric::Latency(_) | ComparedMetric::Mean) => {
            format!("{endpoint} {} is slower by {}", row.metric, units::percent(change.estimate))
        }
        _ => format!("{endpoint}: {}", row.reason),
    }
}

/// Why nothing could be tested: what a row that matters lacks, or what became of the runs.
fn obstacle(comparison: &Comparison) -> &str {
    let row = comparison.rows.iter().find(|row| row.required).map(|row| row.reason.as_str());
    let note = comparison.notes.first().map(String::as_str);
    row.or(note).unwrap_or("they have no endpoint in common")
}

fn counted(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}
