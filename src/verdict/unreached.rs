//! Endpoints that nothing was asked of because all that comes before them failed: a refused handshake leaves no message to measure, and a
//! refused login no order. That is the target's doing, and no lack of a measurement.

use std::collections::BTreeMap;

use crate::record::{EndpointSeries, ErrorClass, RunRecord, Window};

/// `as all 50 requests to feed.connect failed: 5xx`; `None` where no endpoint of the scenario failed throughout.
pub(super) fn why_not_reached(runs: &[RunRecord], scenario: &str) -> Option<String> {
    let of_scenario = |series: &&EndpointSeries| series.scenario == scenario && !series.is_occasional;
    runs.iter().flat_map(|run| &run.endpoints).filter(of_scenario).find_map(|series| all_failed(runs, &series.name))
}

fn all_failed(runs: &[RunRecord], endpoint: &str) -> Option<String> {
    let series = runs.iter().filter_map(|run| run.endpoint(endpoint));
    let windows: Vec<&Window> = series.flat_map(EndpointSeries::windows).collect();
    let requests: u64 = windows.iter().map(|window| window.requests).sum();
    let errors: u64 = windows.iter().map(|window| window.error_count()).sum();
    let all = if requests == 1 { "the only request".to_owned() } else { format!("all {requests} requests") };
    (requests > 0 && errors == requests).then(|| format!("as {all} to {endpoint} failed: {}", most_frequent(windows)))
}

/// The class of most failures; empty where nothing failed.
pub(super) fn most_frequent<'a>(windows: impl IntoIterator<Item = &'a Window>) -> &'static str {
    let mut classes: BTreeMap<ErrorClass, u64> = BTreeMap::new();
    for (class, count) in windows.into_iter().flat_map(|window| &window.errors) {
        *classes.entry(*class).or_default() += count;
    }
    classes.into_iter().max_by_key(|(_, count)| *count).map_or("", |(class, _)| class.name())
}
