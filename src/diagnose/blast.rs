//! What is affected, and how much: endpoints, scenarios, classes of error, and what they need in common.

use std::collections::BTreeMap;

use crate::{
    compare::{Outcome, Row},
    record::{BreakerState, RunRecord, Totals},
    verdict::{ThresholdOutcome, Verdict},
};

/// Failed share from which on an endpoint counts as affected, whatever was promised of it.
const FAILED_FROM: f64 = 0.01;

/// What is affected.
#[derive(Clone, Debug)]
pub struct Blast {
    /// Each endpoint, the most affected first.
    pub endpoints: Vec<Affected>,
    /// Each scenario.
    pub scenarios: Vec<Reach>,
    /// Each class of error, the most frequent first.
    pub errors: Vec<Failing>,
    /// Each declared dependency, the most suspect first.
    pub dependencies: Vec<Dependency>,
    /// What the circuit breaker did; `None` where it stayed closed.
    pub breaker: Option<Breaker>,
}

/// How much of a scenario is affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The scenario.
    pub scenario: String,
    /// Endpoints of it that are affected.
    pub affected: usize,
    /// All it has.
    pub endpoints: usize,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Affected {
    /// Its name.
    pub endpoint: String,
    /// The scenario it belongs to.
    pub scenario: String,
    /// Whether anything is wrong with it.
    pub is_affected: bool,
    /// What regressed of it, as the comparison says it, the worst first.
    pub regressed: Vec<String>,
    /// Largest of these changes, as a fraction.
    pub worst: f64,
    /// Promises about it that are broken.
    pub broken: Vec<String>,
    /// Requests and those that failed.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
    /// 99 % of its response times are at most so much.
    pub p99_us: Option<u64>,
    /// What it needs.
    pub depends_on: Vec<String>,
}

/// One class of error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Its name.
    pub class: &'static str,
    /// Requests.
    pub count: u64,
    /// Endpoints it was seen on.
    pub endpoints: Vec<String>,
}

/// Something that endpoints need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Endpoints that need it and are affected.
    pub affected: Vec<String>,
    /// Endpoints that need it and are not.
    pub well: Vec<String>,
}

/// The circuit breaker over the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// How often it opened.
    pub opened: usize,
    /// How it was left.
    pub state: BreakerState,
    /// Why it opened first.
    pub reason: String,
    /// Arrivals it kept back.
    pub withheld: u64,
}

impl Blast {
    pub(super) fn of(verdict: &Verdict, runs: &[RunRecord]) -> Self {
        let mut totals: BTreeMap<&str, Totals> = BTreeMap::new();
        for series in runs.iter().flat_map(|run| &run.endpoints) {
            totals.entry(&series.name).or_default().add(&series.total());
        }
        let mut endpoints: Vec<Affected> = totals.iter().map(|(name, total)| Affected::of(name, total, verdict, runs)).collect();
        endpoints.sort_by(|a, b| {
            let weight = |of: &Affected| (of.is_affected, !of.broken.is_empty(), !of.regressed.is_empty());
            weight(b)
                .cmp(&weight(a))
                .then(b.worst.total_cmp(&a.worst))
                .then(b.errors.cmp(&a.errors))
                .then(a.endpoint.cmp(&b.endpoint))
        });
        Self {
            scenarios: scenarios(&endpoints),
            errors: errors(&totals),
            dependencies: dependencies(&endpoints),
            breaker: breaker(runs),
            endpoints,
        }
    }
}

impl Affected {
    fn of(name: &str, total: &Totals, verdict: &Verdict, runs: &[RunRecord]) -> Self {
        let series = runs.iter().find_map(|run| run.endpoint(name));
        let scenario = series.map(|series| series.scenario.clone()).unwrap_or_default();
        let rows = verdict.comparison().map(|comparison| comparison.rows.as_slice()).unwrap_or_default();
        let mut rows: Vec<&Row> = rows.iter().filter(|row| row.endpoint == name && row.outcome == Outcome::Regressed).collect();
        let change = |row: &Row| row.change.map_or(0.0, |change| change.estimate.abs());
        rows.sort_by(|a, b| change(b).total_cmp(&change(a)));
        let is_broken = |outcome| matches!(outcome, ThresholdOutcome::Fail | ThresholdOutcome::Warn);
        let of_it = |scope: &Option<String>| scope.as_deref().is_some_and(|scope| scope == name || scope == scenario);
        let broken = verdict.thresholds.iter().filter(|of| is_broken(of.outcome) && of_it(&of.threshold.scope));
        let broken: Vec<String> = broken.map(|of| of.reason.clone()).collect();
        let facts = runs.iter().flat_map(|run| &run.plan.steps).find(|step| step.endpoint == name);
        Self {
            endpoint: name.to_owned(),
            scenario,
            is_affected: !rows.is_empty() || !broken.is_empty() || total.error_rate().is_some_and(|rate| rate >= FAILED_FROM),
            worst: rows.first().map_or(0.0, |row| change(row)),
            regressed: rows.iter().map(|row| row.reason.clone()).collect(),
            broken,
            requests: total.requests,
            errors: total.error_count(),
            p99_us: total.response.quantile(0.99),
            depends_on: facts.map(|facts| facts.depends_on.clone()).unwrap_or_default(),
        }
    }
}

fn scenarios(endpoints: &[Affected]) -> Vec<Reach> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for endpoint in endpoints {
        let count = counts.entry(&endpoint.scenario).or_default();
        *count = (count.0 + usize::from(endpoint.is_affected), count.1 + 1);
    }
    let reach = |(name, (affected, endpoints)): (&str, (usize, usize))| Reach { scenario: name.to_owned(), affected, endpoints };
    let mut all: Vec<Reach> = counts.into_iter().map(reach).collect();
    all.sort_by_key(|of| std::cmp::Reverse(of.affected));
    all
}

fn errors(totals: &BTreeMap<&str, Totals>) -> Vec<Failing> {
    let mut classes: BTreeMap<&'static str, (u64, Vec<String>)> = BTreeMap::new();
    for (name, total) in totals {
        for (class, count) in total.errors.iter().filter(|(_, count)| **count > 0) {
            let of_class = classes.entry(class.name()).or_default();
            of_class.0 += count;
            of_class.1.push((*name).to_owned());
        }
    }
    let mut all: Vec<Failing> =
        classes.into_iter().map(|(class, (count, endpoints))| Failing { class, count, endpoints }).collect();
    all.sort_by_key(|failing| std::cmp::Reverse(failing.count));
    all
}

/// The one that only affected endpoints need, and the most of them, first.
fn dependencies(endpoints: &[Affected]) -> Vec<Dependency> {
    let mut all: BTreeMap<&str, Dependency> = BTreeMap::new();
    for endpoint in endpoints {
        for name in &endpoint.depends_on {
            let empty = || Dependency { name: name.clone(), affected: Vec::new(), well: Vec::new() };
            let dependency = all.entry(name).or_insert_with(empty);
            let list = if endpoint.is_affected { &mut dependency.affected } else { &mut dependency.well };
            list.push(endpoint.endpoint.clone());
        }
    }
    let mut all: Vec<Dependency> = all.into_values().collect();
    let share = |of: &Dependency| of.affected.len() as f64 / (of.affected.len() + of.well.len()) as f64;
    all.sort_by(|a, b| share(b).total_cmp(&share(a)).then(b.affected.len().cmp(&a.affected.len())));
    all
}

fn breaker(runs: &[RunRecord]) -> Option<Breaker> {
    let run = runs.iter().find(|run| !run.breaker.is_empty())?;
    let opened = |run: &RunRecord| run.breaker.iter().filter(|event| event.state == BreakerState::Open).count();
    Some(Breaker {
        opened: runs.iter().map(opened).sum(),
        state: run.breaker.last()?.state,
        reason: run.breaker.first()?.reason.clone(),
        withheld: runs.iter().map(RunRecord::withheld_by_breaker).sum(),
    })
}
