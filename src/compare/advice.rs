//! What would settle an inconclusive test: longer runs, more baseline runs, or more runs of the candidate.

use super::{errors::Found, latency::Measured, settle::Settled};
use crate::policy::{self, ErrorRule, LatencyRule};

/// How much longer runs are thought of.
const LONGER: [f64; 9] = [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0];
/// Most baseline runs that help.
const BASELINES_MAX: u32 = policy::BASELINES_MAX as u32;
/// Most candidate runs that are thought of.
const CANDIDATES_MAX: u32 = 10;

/// What would settle a latency test, from the same formula that gives its minimum detectable effect.
pub(super) fn latency(measured: &Measured, settled: &Settled, level: f64, rule: &LatencyRule) -> String {
    // What looks slower than the tolerance must be confirmed at its size; else the test must become sensitive enough.
    let target = if measured.shift.change() >= rule.fail { measured.shift.change() } else { rule.sensitivity };
    let noise = measured.noise;
    let (baselines, candidates) = noise.runs();
    if settled.mde <= target {
        return "another run of the candidate would show whether it is real".to_owned();
    }
    let longer = LONGER.into_iter().find(|&factor| noise.longer(factor).mde(level) <= target);
    let more = (baselines + 1..=BASELINES_MAX).find(|&runs| noise.with_baselines(runs).mde(level) <= target);
    let again = (candidates + 1..=CANDIDATES_MAX).find(|&runs| noise.with_candidates(runs).mde(level) <= target);
    match (longer, more, again) {
        (Some(factor), Some(runs), _) => format!("about {factor} times as long a run (or {runs} baseline runs) would settle it"),
        (Some(factor), None, _) => format!("about {factor} times as long a run would settle it"),
        (None, Some(runs), _) => format!("about {runs} baseline runs would settle it"),
        (None, None, Some(runs)) => format!("about {runs} runs of the candidate would settle it"),
        (None, None, None) => {
            let both = noise.with_baselines(BASELINES_MAX).longer(LONGER[LONGER.len() - 1]).mde(level) <= target;
            if both {
                "it takes both much longer runs and more baseline runs to settle it".to_owned()
            } else {
                "runs on these machines differ too much for any number of them; a quieter machine is needed".to_owned()
            }
        }
    }
}

/// What would bring the bound of an error rate below what a pass allows, if the rates stay as they are.
pub(super) fn errors(found: &Found, rule: &ErrorRule) -> String {
    match LONGER.into_iter().find(|&factor| found.upper_if_longer(factor) < rule.pass_bound) {
        Some(factor) => format!("about {factor} times as many requests would settle it"),
        None if found.difference() >= rule.pass_bound => "another run of the candidate would show whether it is real".to_owned(),
        None => "far more requests or steadier error rates are needed to settle it".to_owned(),
    }
}
