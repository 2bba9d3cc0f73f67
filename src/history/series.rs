//! What is followed over the runs.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use crate::record::EndpointPoint;

/// The service as a whole.
pub const SERVICE: &str = "*";
/// Values from which on a series is looked at for changes.
pub(super) const TESTED_MIN: usize = 2 * SHORTEST;
/// Fewest runs of a level: one or two runs may be the weather.
pub(super) const SHORTEST: usize = 3;

/// A figure that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// The median.
    P50,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P50, Self::P95, Self::P99];

    /// The name in files: `p50`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    fn of(self, endpoint: &EndpointPoint) -> Option<u64> {
        match self {
            Self::P50 => endpoint.p50_us,
            Self::P95 => endpoint.p95_us,
            Self::P99 => endpoint.p99_us,
        }
    }
}

/// A figure over all runs.
#[derive(Clone, Debug)]
pub struct Series {
    /// The endpoint, or [`SERVICE`].
    pub endpoint: String,
    /// The figure.
    pub metric: Metric,
    /// Microseconds in each run, parallel to the runs; `None` where there is no such figure or it does not count.
    pub us: Vec<Option<f64>>,
}

impl Series {
    /// Whether there are enough values to look for changes.
    #[must_use]
    pub fn is_tested(&self) -> bool {
        self.us.iter().flatten().count() >= TESTED_MIN
    }
}

/// All series: the service as a whole, then each endpoint in the order it first appears.
pub(super) fn of(runs: &[Run]) -> Vec<Series> {
    let names = names(runs);
    let parts = parts(runs, &names);
    let weights = weights(runs, &parts);
    let mut all = Vec::with_capacity((names.len() + 1) * Metric::ALL.len());
    if parts.len() > 1 {
        all.extend([Metric::P50, Metric::P95].map(|metric| {
            let us = runs.iter().map(|run| whole(run, metric, &weights)).collect();
            Series { endpoint: SERVICE.to_owned(), metric, us }
        }));
    }
    for name in names {
        all.extend(Metric::ALL.map(|metric| {
            let figure = |run: &Run| metric.of(run.point.endpoints.iter().find(|endpoint| endpoint.name == name)?);
            let us = runs.iter().map(|run| run.counts().then(|| figure(run)).flatten().map(|us| us as f64)).collect();
            Series { endpoint: name.to_owned(), metric, us }
        }));
    }
    all
}

fn names(runs: &[Run]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for endpoint in runs.iter().flat_map(|run| &run.point.endpoints) {
        if seen.insert(endpoint.name.as_str()) {
            names.push(&endpoint.name);
        }
    }
    names
}

/// The endpoints that the service as a whole is made of: all but those that go beside its work, unless there are no others.
fn parts<'a>(runs: &'a [Run], names: &[&'a str]) -> BTreeSet<&'a str> {
    let endpoints = runs.iter().flat_map(|run| &run.point.endpoints);
    let beside: BTreeSet<&str> = endpoints.filter(|endpoint| endpoint.is_beside).map(|endpoint| endpoint.name.as_str()).collect();
    let parts: BTreeSet<&str> = names.iter().copied().filter(|name| !beside.contains(name)).collect();
    if parts.is_empty() { names.iter().copied().collect() } else { parts }
}

/// Share of each of these endpoints in the traffic, the same for all runs: that the mix changed is no change of latency.
fn weights<'a>(runs: &'a [Run], parts: &BTreeSet<&'a str>) -> BTreeMap<&'a str, f64> {
    let mut requests: BTreeMap<&str, f64> = BTreeMap::new();
    let endpoints = runs.iter().filter(|run| run.counts()).flat_map(|run| &run.point.endpoints);
    for endpoint in endpoints.filter(|endpoint| parts.contains(endpoint.name.as_str())) {
        *requests.entry(&endpoint.name).or_default() += endpoint.requests as f64;
    }
    requests
}

/// The mean of the endpoints' logarithms, weighted by traffic. A run without all the endpoints has none: it would be of other things.
fn whole(run: &Run, metric: Metric, weights: &BTreeMap<&str, f64>) -> Option<f64> {
    if !run.counts() {
        return None;
    }
    let (mut sum, mut total, mut found) = (0.0, 0.0, 0);
    for endpoint in &run.point.endpoints {
        let Some(weight) = weights.get(endpoint.name.as_str()) else { continue };
        sum += weight * (metric.of(endpoint)? as f64).ln();
        total += weight;
        found += 1;
    }
    (total > 0.0 && found == weights.len()).then(|| (sum / total).exp())
}
