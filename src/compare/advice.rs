//! What would settle an inconclusive test: longer runs, more runs of a side, more replicates. From the same formula that gives
//! its minimum detectable effect.

use super::{
    design::{DESIGNS, Design},
    errors::Found,
    latency::Measured,
    noise::{Means, Noise},
    settle::Settled,
};
use crate::policy::{BASELINES_MAX, ErrorRule, LatencyRule};

/// How much longer runs are thought of.
const LONGER: [f64; 9] = [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0];
/// Most candidate runs that are thought of.
const CANDIDATES_MAX: usize = 10;
/// Most replicates that are thought of.
const REPLICATES_MAX: usize = 20;

/// What the reader can do about a row whose reason says that more of the same would not help; `None` where it would.
#[must_use]
pub fn way_out(reason: &str) -> Option<&'static str> {
    DESIGNS.iter().find(|design| reason.ends_with(design.hopeless)).map(|design| design.way_out)
}

impl Means {
    /// The amounts that are thought of, ascending.
    fn amounts(self) -> Vec<f64> {
        let up_to = |most: usize| (1..=most).map(|amount| amount as f64).collect();
        match self {
            Self::Longer => LONGER.to_vec(),
            Self::Baselines => up_to(BASELINES_MAX),
            Self::Candidates => up_to(CANDIDATES_MAX),
            Self::Replicates => up_to(REPLICATES_MAX),
        }
    }

    fn words(self, amount: f64, unit: &str) -> String {
        match self {
            Self::Longer if unit == "run" => format!("{amount} times as long a run"),
            Self::Longer => format!("{unit}s {amount} times as long"),
            Self::Baselines => format!("{amount} baseline runs"),
            Self::Candidates => format!("{amount} runs of the candidate"),
            Self::Replicates => format!("{amount} replicates"),
        }
    }
}

/// What would settle a latency test.
pub(super) fn latency(measured: &Measured, settled: &Settled, level: f64, rule: &LatencyRule, design: &Design) -> String {
    // What looks slower than the tolerance must be confirmed at its size; else the test must become sensitive enough.
    let target = if measured.shift.change() >= rule.fail { measured.shift.change() } else { rule.sensitivity };
    if settled.mde <= target {
        return format!("{} would show whether it is real", design.again);
    }
    let noise = measured.noise.as_ref();
    let enough = |noise: Option<Box<dyn Noise>>| noise.is_some_and(|noise| noise.mde(level) <= target);
    let ways: Vec<String> = noise
        .means()
        .iter()
        .filter_map(|&means| {
            let amount = means.amounts().into_iter().find(|&amount| enough(noise.with(means, amount)))?;
            Some(means.words(amount, design.unit))
        })
        .collect();
    match ways.as_slice() {
        [first, second, ..] => format!("about {first} (or {second}) would settle it"),
        [only] => format!("about {only} would settle it"),
        [] if enough(most_of_all(noise)) => format!("it takes {} to settle it", all_of(noise.means())),
        [] => design.hopeless.to_owned(),
    }
}

/// The noise that would be left with as much of everything as is thought of, but for runs of the candidate: they cost most.
fn most_of_all(noise: &dyn Noise) -> Option<Box<dyn Noise>> {
    let mut left: Option<Box<dyn Noise>> = None;
    for &means in noise.means().iter().filter(|means| **means != Means::Candidates) {
        let most = *means.amounts().last()?;
        left = Some(left.as_deref().unwrap_or(noise).with(means, most)?);
    }
    left
}

fn all_of(means: &[Means]) -> &'static str {
    if means.contains(&Means::Replicates) {
        "both much longer replicates and more of them"
    } else {
        "both much longer runs and more baseline runs"
    }
}

/// What would bring the bound of an error rate below what a pass allows, if the rates stay as they are.
pub(super) fn errors(found: &Found, rule: &ErrorRule, design: &Design) -> String {
    match LONGER.into_iter().find(|&factor| found.upper_if_longer(factor) < rule.pass_bound) {
        Some(factor) => format!("about {factor} times as many requests would settle it"),
        None if found.difference() >= rule.pass_bound => format!("{} would show whether it is real", design.again),
        None => "far more requests or steadier error rates are needed to settle it".to_owned(),
    }
}
