//! Testing a latency quantile of an endpoint, or of the service as a whole.

use super::{
    Change, ComparedMetric, Outcome, Row,
    design::{self, Known},
    family::Adjusted,
    noise::Noise,
    reason,
    roster::{Roster, Sides},
    sample::Sample,
    settle,
    shift::Shift,
    trial::Trial,
};
use crate::{
    policy::{BLOCKS_MIN, LatencyRule, Quantile},
    record::EndpointSpread,
};

/// Blocks that every run must have: fewer have no spread.
const BLOCKS_PER_RUN_MIN: usize = 2;

/// A latency quantile, measured and perhaps testable.
#[derive(Debug)]
pub(super) struct LatencyTest {
    pub endpoint: String,
    pub quantile: Quantile,
    pub rule: LatencyRule,
    /// What was measured, as far as every run has the quantile.
    pub measured: Option<Measured>,
    /// Why it can't be tested.
    pub lack: Option<Lack>,
}

/// Both values and their difference.
#[derive(Debug)]
pub(super) struct Measured {
    pub baseline_us: f64,
    pub candidate_us: f64,
    pub shift: Shift,
    pub noise: Box<dyn Noise>,
}

/// Why a quantile can't be tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lack {
    /// There is nothing at all on a side: `baseline` or `candidate`.
    Requests(&'static str),
    /// There were requests on a side, and none succeeded in one of its runs.
    Successes(&'static str),
    /// Some run has too few successful requests.
    Samples { needed: u64, has: u64 },
    /// A side has too few of them in all its runs together.
    SamplesOfSide { needed: u64, has: u64 },
    /// A side has too few blocks in all its runs together.
    Blocks { needed: usize, has: usize },
    /// Some run is too short to have any spread of its own.
    BlocksOfRun { needed: usize, has: usize },
}

/// A test for each quantile of each endpoint that has a rule.
pub(super) fn tests(trial: &Trial<'_>) -> Vec<LatencyTest> {
    let mut tests = Vec::new();
    for sides in &trial.roster.endpoints {
        for &quantile in trial.rules.latency.keys() {
            if let Some(rule) = trial.rule(&sides.name, quantile) {
                let measured = sides.sample(quantile).map(|sample| Measured::of(&sample, &sides.name, quantile, trial));
                let lack = lack(sides, quantile, trial);
                tests.push(LatencyTest { endpoint: sides.name.clone(), quantile, rule, measured, lack });
            }
        }
    }
    tests
}

fn lack(sides: &Sides, quantile: Quantile, trial: &Trial<'_>) -> Option<Lack> {
    for (side, runs) in [("baseline", &sides.baseline), ("candidate", &sides.candidate)] {
        if runs.iter().all(|run| run.requests == 0) {
            return Some(Lack::Requests(side));
        }
        if runs.iter().any(|run| run.succeeded == 0) {
            return Some(Lack::Successes(side));
        }
    }
    let (of_run, of_side) = ((trial.design.run_samples)(quantile), (trial.design.side_samples)(quantile));
    if sides.succeeded_min() < of_run {
        return Some(Lack::Samples { needed: of_run, has: sides.succeeded_min() });
    }
    if sides.succeeded_of_side() < of_side {
        return Some(Lack::SamplesOfSide { needed: of_side, has: sides.succeeded_of_side() });
    }
    few_blocks(&trial.roster)
}

/// Why blocks are too few for any test, if they are.
pub(super) fn few_blocks(roster: &Roster) -> Option<Lack> {
    let (run, side) = (roster.blocks_per_run, roster.blocks_per_side);
    if run < BLOCKS_PER_RUN_MIN {
        return Some(Lack::BlocksOfRun { needed: BLOCKS_PER_RUN_MIN, has: run });
    }
    (side < BLOCKS_MIN).then_some(Lack::Blocks { needed: BLOCKS_MIN, has: side })
}

impl Measured {
    /// Measures a sample of an endpoint.
    pub(super) fn of(sample: &Sample<'_>, endpoint: &str, quantile: Quantile, trial: &Trial<'_>) -> Self {
        let all: Vec<Sample<'_>> = trial.roster.endpoints.iter().filter_map(|sides| sides.sample(quantile)).collect();
        let known = Known {
            scale: design::scale(quantile),
            pool: (trial.design.pool)(&all),
            learned: trial.learned.get(endpoint, &quantile.to_string()),
        };
        let noise = (trial.design.noise)(sample, &known);
        let (baseline, candidate) = sample.levels();
        Self { baseline_us: baseline.exp(), candidate_us: candidate.exp(), shift: Shift::of(sample, noise.as_ref()), noise }
    }
}

impl LatencyTest {
    /// What is tested: measured, and nothing lacking.
    fn eligible(&self) -> Option<&Measured> {
        self.measured.as_ref().filter(|_| self.lack.is_none())
    }

    /// P-values (slower, faster) of an eligible test.
    pub(super) fn p_values(&self) -> Option<(f64, f64)> {
        self.eligible().map(|measured| (measured.shift.p_up(), measured.shift.p_down()))
    }

    /// What it teaches of noise, where its design can show that.
    pub(super) fn spread(&self) -> Option<EndpointSpread> {
        let measured = self.measured.as_ref()?;
        let spread = measured.noise.spread(measured.shift.estimate)?;
        Some(EndpointSpread { endpoint: self.endpoint.clone(), metric: self.quantile.to_string(), spread })
    }

    /// The row of this test; `adjusted` belongs to an eligible one.
    pub(super) fn row(&self, adjusted: Option<&Adjusted>, required: bool, trial: &Trial<'_>) -> Row {
        let measured = self.measured.as_ref();
        let row = Row {
            endpoint: self.endpoint.clone(),
            metric: ComparedMetric::Latency(self.quantile),
            baseline: measured.map(|measured| measured.baseline_us),
            candidate: measured.map(|measured| measured.candidate_us),
            change: measured.map(|measured| Change {
                estimate: measured.shift.change(),
                interval: Some(measured.shift.interval()),
                p_value: adjusted.map(|p| if measured.shift.estimate < 0.0 { p.down } else { p.up }),
            }),
            tolerance: self.rule.fail,
            mde: None,
            outcome: Outcome::NoData,
            level: None,
            grade: None,
            suspect: false,
            equivalent: false,
            required: required || trial.rules.is_critical(&self.endpoint),
            reason: String::new(),
        };
        match (self.eligible(), adjusted) {
            (Some(measured), Some(adjusted)) => {
                let settled = settle::latency(&measured.shift, adjusted, measured.baseline_us, &self.rule, trial);
                let reason = reason::latency(self, measured, adjusted, &settled, trial);
                Row {
                    mde: Some(settled.mde),
                    outcome: settled.outcome,
                    level: settled.level,
                    grade: settled.grade,
                    suspect: settled.suspect,
                    equivalent: settled.equivalent,
                    reason,
                    ..row
                }
            }
            _ => {
                let lack = self.lack.unwrap_or(Lack::Requests("candidate"));
                let nothing = matches!(lack, Lack::Requests(_) | Lack::Successes(_));
                let outcome = if nothing { Outcome::NoData } else { Outcome::Inconclusive };
                Row { outcome, reason: reason::lack(lack, Some(self.quantile), trial), ..row }
            }
        }
    }
}
