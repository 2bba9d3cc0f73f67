//! What was found of each endpoint, and which of them a reader sees first.

use super::Detail;
use crate::report::view::{ChangeRow, Judged, ThresholdView, changes};

/// So few are all shown at once.
const FEW: usize = 3;
/// Most that are shown at once: those that something was found of.
const OPEN_MAX: usize = 10;

/// Classes by urgency.
const URGENCY: [&str; 4] = ["fail", "warn", "open", "improved"];

/// Tells each endpoint what was found of it, and puts the worst first.
pub(in crate::report::view) fn judge(details: &mut [Detail], judged: &Judged) {
    for detail in details.iter_mut() {
        let rows = || judged.compared.iter().flat_map(|compared| &compared.rows);
        let is_own = |row: &&ChangeRow| row.endpoint == detail.endpoint && row.notable;
        let is_whole = detail.endpoint == "*";
        // A promise about a scenario is one about each of its endpoints.
        let speaks_of_it = |scope: &String| !is_whole && (*scope == detail.name || *scope == detail.scenario);
        let is_broken = |threshold: &&ThresholdView| {
            threshold.notable && if threshold.whole { is_whole } else { speaks_of_it(&threshold.scope) }
        };
        let changes = rows().filter(is_own).map(|row| (row.class, change_text(row)));
        let thresholds = judged.thresholds.iter().filter(is_broken);
        let broken = thresholds.map(|found| (found.class, format!("{} {}: {}", found.expr, found.found, found.actual)));
        let mut found: Vec<(&'static str, String)> = changes.chain(broken).collect();
        found.sort_by_key(|(class, _)| urgency(class));
        detail.class = found.first().map_or("same", |(class, _)| *class);
        detail.sign = changes::sign(detail.class);
        detail.found = found.into_iter().map(|(_, text)| text).collect();
    }
    // Where an endpoint is as bad as all together, the endpoint tells more.
    let is_told_by_endpoints = |detail: &Detail| detail.endpoint == "*" && urgency(detail.class) < URGENCY.len();
    details.sort_by_key(|detail| (urgency(detail.class), is_told_by_endpoints(detail)));
    open(details, |detail| urgency(detail.class) < 3);
}

/// Without a verdict the first is shown at once.
pub(super) fn open_without_verdict(details: &mut [Detail]) {
    open(details, |_| false);
}

fn open(details: &mut [Detail], is_notable: impl Fn(&Detail) -> bool) {
    let few = details.len() <= FEW;
    for (index, detail) in details.iter_mut().enumerate() {
        detail.open = few || index == 0 || (index < OPEN_MAX && is_notable(detail));
    }
}

fn urgency(class: &str) -> usize {
    URGENCY.iter().position(|known| *known == class).unwrap_or(URGENCY.len())
}

fn change_text(row: &ChangeRow) -> String {
    format!("{} {}: {}", row.metric_name, row.text.change, row.found)
}
