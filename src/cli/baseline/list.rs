//! `loadgate baseline list`.

use serde::Serialize;

use super::super::{Failure, columns, terminal};
use crate::{
    baseline::{Listed, Shelf, State},
    exit::Exit,
    record::{Acceptance, Totals},
    units,
};

pub(super) fn run(shelf: &Shelf, suite: Option<&str>, json: bool) -> Result<Exit, Failure> {
    let store = shelf.open()?;
    let mut listed = store.list(suite)?;
    listed.iter_mut().for_each(|listed| listed.path = shelf.name(&store, &listed.path));
    if json {
        let listing = Listing { schema: SCHEMA, baselines: listed.iter().map(Line::of).collect() };
        terminal::out(&serde_json::to_string_pretty(&listing).map_err(Failure::usage)?);
    } else if listed.is_empty() {
        terminal::err(&format!("no runs are stored under {shelf}"));
    } else {
        table(&listed).iter().for_each(|line| terminal::out(line));
    }
    Ok(Exit::Ok)
}

const SCHEMA: &str = "loadgate/baselines/v1";

#[derive(Serialize)]
struct Listing<'a> {
    schema: &'static str,
    baselines: Vec<Line<'a>>,
}

/// One stored run; figures are absent for a damaged file.
#[derive(Serialize)]
struct Line<'a> {
    file: String,
    suite: &'a str,
    fingerprint: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    pinned: bool,
    /// What it is pinned as, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned_as: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<&'a Acceptance>,
    started_at: Option<String>,
    commit: Option<&'a str>,
    requests: Option<u64>,
    error_rate: Option<f64>,
    p50_us: Option<u64>,
    p95_us: Option<u64>,
    p99_us: Option<u64>,
}

impl<'a> Line<'a> {
    fn of(listed: &'a Listed) -> Self {
        let record = listed.state.record();
        let total = record.map(|record| record.total());
        let quantile = |q| total.as_ref().and_then(|total| total.response.quantile(q));
        Self {
            file: listed.path.display().to_string(),
            suite: record.map_or(&listed.suite, |record| &record.suite),
            fingerprint: &listed.fingerprint,
            state: listed.state.name(),
            reason: if let State::Damaged(reason) = &listed.state { Some(reason) } else { None },
            pinned: listed.pin.is_some(),
            pinned_as: listed.pin.as_ref().and_then(|pin| pin.label.as_deref()),
            accepted: record.and_then(|record| record.provenance.accepted.as_ref()),
            started_at: record.map(|record| record.started_at.to_string()),
            commit: record.and_then(|record| record.provenance.commit.as_deref()),
            requests: total.as_ref().map(|total| total.requests),
            error_rate: total.as_ref().and_then(Totals::error_rate),
            p50_us: quantile(0.5),
            p95_us: quantile(0.95),
            p99_us: quantile(0.99),
        }
    }

    fn columns(&self) -> [String; 7] {
        let latency = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), |us| units::latency(us as f64));
        [
            self.file.clone(),
            self.requests.map_or_else(|| "-".to_owned(), |requests| requests.to_string()),
            latency(self.p50_us),
            latency(self.p95_us),
            latency(self.p99_us),
            self.error_rate.map_or_else(|| "-".to_owned(), units::percent),
            self.remarks(),
        ]
    }

    /// `active, pinned: v1`.
    fn remarks(&self) -> String {
        let mut remarks = vec![self.reason.map_or_else(|| self.state.to_owned(), |reason| format!("{}: {reason}", self.state))];
        remarks
            .extend(self.pinned.then(|| self.pinned_as.map_or_else(|| "pinned".to_owned(), |label| format!("pinned: {label}"))));
        remarks.extend(self.accepted.map(Acceptance::in_words));
        // Names come from files: what would move the cursor is left out.
        remarks.join(", ").chars().filter(|c| !c.is_control()).collect()
    }
}

fn table(listed: &[Listed]) -> Vec<String> {
    let head = ["run", "requests", "p50", "p95", "p99", "errors", "state"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(listed.iter().map(|listed| Line::of(listed).columns())).collect();
    columns::lines(&rows, &[1, 2, 3, 4, 5])
}
