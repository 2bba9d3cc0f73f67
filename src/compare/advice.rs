//! What would settle an inconclusive test: longer runs, more runs of a side, more replicates. From the same formula that gives
//! its minimum detectable effect.

use std::{fmt, time::Duration};

use super::{
    design::{DESIGNS, Design},
    errors::Found,
    noise::{Means, Noise},
    relative::{Measured, RelativeTest},
    settle::Settled,
    trial::Trial,
};
use crate::{
    policy::{ErrorRule, Mode},
    units,
};

/// What to say of one run on each side where no amount of anything that is thought of helps: that they differ too much nobody knows, as
/// nobody has seen two runs of one version.
const NOBODY_KNOWS: &str =
    "how much runs differ by themselves is assumed, as there is one of each side; more baseline runs would show it";
/// What the reader can do then.
const FIND_OUT: &str = "Record at least 5 baseline runs (`loadgate baseline record --runs 5`): one run says nothing of how much runs differ \
                        by themselves.";

/// What the reader can do about a row whose reason says that more of the same would not help; `None` where it would.
#[must_use]
pub fn way_out(reason: &str) -> Option<&'static str> {
    if reason.ends_with(NOBODY_KNOWS) {
        return Some(FIND_OUT);
    }
    DESIGNS.iter().find(|design| reason.ends_with(design.hopeless)).map(|design| design.way_out)
}

impl Means {
    /// Time that so much of it would have to be measured beside what was.
    fn seconds(self, amount: f64, trial: &Trial<'_>) -> f64 {
        let (roster, run) = (&trial.roster, trial.roster.seconds);
        let (baseline, candidate) = (roster.baseline_runs as f64, roster.candidate_runs as f64);
        match self {
            Self::Longer => (trial.design.cost_of_longer)(amount, baseline, candidate) * run,
            Self::Baselines => (amount - baseline) * run,
            Self::Candidates | Self::Replicates => (amount - candidate) * run,
        }
    }

    fn words(self, amount: f64, unit: &str) -> String {
        match self {
            Self::Longer => format!("{unit}s {amount} times as long"),
            Self::Baselines => format!("{amount} baseline runs"),
            Self::Candidates => format!("{amount} runs of the candidate"),
            Self::Replicates => format!("{amount} replicates"),
        }
    }
}

/// One way to settle a test.
struct Way {
    words: String,
    /// Time that would have to be measured beside what was.
    seconds: f64,
}

/// What would settle a test, the cheapest first.
pub(super) fn relative(test: &RelativeTest, measured: &Measured, settled: &Settled, level: f64, trial: &Trial<'_>) -> String {
    let (rule, design) = (&test.rule, trial.design);
    // What looks slower than the tolerance must be confirmed at its size; else the test must become sensitive enough.
    let (found, limit) = (measured.shift.estimate, test.metric.worsening(rule.fail));
    let target = if found >= limit { found } else { test.metric.worsening(rule.sensitivity) }.exp_m1();
    if settled.mde <= target {
        return format!("{} would show whether it is real", design.again);
    }
    let noises: Vec<&dyn Noise> = [Some(&measured.noise), test.contrast.as_ref().map(|contrast| &contrast.noise)]
        .into_iter()
        .flatten()
        .map(Box::as_ref)
        .collect();
    let enough = |noise: Option<Box<dyn Noise>>| noise.is_some_and(|noise| noise.mde(level) <= target);
    let means = noises[0].means();
    let way = |&means: &Means| {
        let amounts = means.amounts();
        let amount = amounts.into_iter().find(|&amount| noises.iter().any(|noise| enough(noise.with(means, amount))))?;
        Some(Way { words: means.words(amount, design.unit), seconds: means.seconds(amount, trial) })
    };
    let mut ways: Vec<Way> = means.iter().filter_map(way).collect();
    // Stable: of equally cheap ones, what the noise asks for comes first.
    ways.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    match ways.as_slice() {
        [first, second, ..] => format!("about {first} would settle it, or {second}"),
        [only] => format!("about {only} would settle it"),
        [] if noises.iter().any(|noise| enough(most_of_all(*noise))) => format!("it takes {} to settle it", design.much_more),
        [] if is_one_of_each(trial) => NOBODY_KNOWS.to_owned(),
        [] => design.hopeless.to_owned(),
    }
}

/// Whether stored runs are compared of which there is but one on each side.
fn is_one_of_each(trial: &Trial<'_>) -> bool {
    trial.design.mode == Mode::Baseline && (trial.roster.baseline_runs, trial.roster.candidate_runs) == (1, 1)
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        if self.seconds > 0.0 && self.seconds.is_finite() {
            write!(f, " ({} of load more)", units::duration(Duration::from_secs(self.seconds.ceil() as u64)))?;
        }
        Ok(())
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

/// What would bring the bound of an error rate below what a pass allows, if the rates stay as they are.
pub(super) fn errors(found: &Found, rule: &ErrorRule, design: &Design) -> String {
    match Means::Longer.amounts().into_iter().find(|&factor| found.upper_if_longer(factor) < rule.pass_bound) {
        Some(factor) => format!("about {factor} times as many requests would settle it"),
        None if found.difference() >= rule.pass_bound => format!("{} would show whether it is real", design.again),
        None => "far more requests or steadier error rates are needed to settle it".to_owned(),
    }
}
