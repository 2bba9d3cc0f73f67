//! The tables of an endpoint: percentiles and phases, the baseline's beside the candidate's.

use serde::Serialize;

use crate::{
    record::{Latencies, Totals},
    report::view::{text, traffic::PhaseMean},
    units,
};

/// Percentiles of the table, with the latencies it takes for each: there is at least one beyond it, and ten of those so far out that one
/// would be the maximum by another name.
const PERCENTILES: [(f64, &str, u64); 8] = [
    (0.0, "min", 1),
    (0.5, "p50", 1),
    (0.75, "p75", 4),
    (0.9, "p90", 10),
    (0.95, "p95", 20),
    (0.99, "p99", 100),
    (0.999, "p99.9", 10_000),
    (0.9999, "p99.99", 100_000),
];

/// A time of the candidate, and the baseline's beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeFigure {
    /// What it is the time of: `p99`, `connect`.
    pub name: &'static str,
    /// The baseline's; a dash where there is none.
    pub baseline: String,
    /// The candidate's.
    pub candidate: String,
    /// `+50%`; a dash where there is nothing to compare with.
    pub change: String,
}

/// The failed requests of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedClass {
    /// Name of the class, `timeout.request`.
    pub class: &'static str,
    /// How many, for people.
    pub requests: String,
    /// Their share of all requests.
    pub share: String,
}

/// The percentiles that so many latencies can tell.
pub(super) fn percentiles(candidate: &Latencies, baseline: Option<&Latencies>) -> Vec<TimeFigure> {
    if candidate.is_empty() {
        return Vec::new();
    }
    let at = |latencies: &Latencies, q: f64, least: u64| {
        let us = if q == 0.0 { latencies.min() } else { latencies.quantile(q) };
        us.filter(|_| latencies.count() >= least).map(|us| us as f64)
    };
    let rows = PERCENTILES.into_iter().map(|(q, name, least)| {
        let of = |latencies: &Latencies| at(latencies, q, least);
        (name, baseline.and_then(of), of(candidate))
    });
    let most = |latencies: &Latencies| latencies.max().map(|us| us as f64);
    rows.chain([("max", baseline.and_then(most), most(candidate))])
        .filter(|(_, _, candidate)| candidate.is_some())
        .map(|(name, baseline, candidate)| row(name, baseline, candidate))
        .collect()
}

/// The phases that take any time.
pub(super) fn phases(candidate: &[PhaseMean], baseline: &[PhaseMean]) -> Vec<TimeFigure> {
    let takes_time = |name: &str| candidate.iter().chain(baseline).any(|phase| phase.name == name && phase.mean_us > 0.0);
    let of = |phases: &[PhaseMean], name: &str| phases.iter().find(|phase| phase.name == name).map(|phase| phase.mean_us);
    let names = candidate.iter().map(|phase| phase.name).filter(|name| takes_time(name));
    names.map(|name| row(name, of(baseline, name), of(candidate, name))).collect()
}

fn row(name: &'static str, baseline: Option<f64>, candidate: Option<f64>) -> TimeFigure {
    let change = match (baseline, candidate) {
        (Some(baseline), Some(candidate)) if baseline > 0.0 => units::signed_percent(candidate / baseline - 1.0),
        _ => text::NONE.to_owned(),
    };
    TimeFigure { name, baseline: text::latency(baseline), candidate: text::latency(candidate), change }
}

/// The classes, the most frequent first.
pub(super) fn errors(totals: &Totals) -> Vec<FailedClass> {
    let share = |count: u64| text::share((totals.requests > 0).then(|| count as f64 / totals.requests as f64));
    let mut classes: Vec<_> = totals.errors.iter().filter(|(_, count)| **count > 0).collect();
    classes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let row = |class: &'static str, count: u64| FailedClass { class, requests: text::count(count), share: share(count) };
    classes.into_iter().map(|(class, count)| row(class.name(), *count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_that_few_latencies_can_tell_is_left_out() {
        let mut few = Latencies::default();
        (1..=50).for_each(|us| few.record(us));
        let names: Vec<&str> = percentiles(&few, None).iter().map(|row| row.name).collect();
        assert_eq!(names, ["min", "p50", "p75", "p90", "p95", "max"]);
        assert!(percentiles(&Latencies::default(), Some(&few)).is_empty());
        let mut many = Latencies::default();
        (1..=9_999).for_each(|us| many.record(us));
        assert_eq!(percentiles(&many, None).len(), 7, "no p99.9 of less than 10,000");
        many.record(1);
        assert_eq!(percentiles(&many, None)[6].name, "p99.9");
    }

    #[test]
    fn figures_of_the_baseline_stand_beside_with_the_difference() {
        let [mut a, mut b] = [Latencies::default(), Latencies::default()];
        a.record(1_000);
        b.record(1_500);
        let median = |baseline: &str, change: &str| TimeFigure {
            name: "p50",
            baseline: baseline.to_owned(),
            candidate: "1.5 ms".to_owned(),
            change: change.to_owned(),
        };
        assert_eq!(percentiles(&b, Some(&a))[1], median("1 ms", "+50%"));
        assert_eq!(percentiles(&b, None)[1], median("–", "–"));
    }
}
