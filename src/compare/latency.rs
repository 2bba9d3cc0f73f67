//! Testing a latency quantile of an endpoint, or of the service as a whole.

use super::{
    Change, ComparedMetric, Outcome, Row,
    family::Adjusted,
    reason,
    roster::{Roster, Sides},
    settle,
    shift::Shift,
    stored::{self, Noise, Sample},
};
use crate::policy::{BLOCKS_MIN, LatencyRule, Quantile, Regression};

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
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub baseline_us: f64,
    pub candidate_us: f64,
    pub shift: Shift,
    pub noise: Noise,
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
    /// A side has too few blocks in all its runs together.
    Blocks { needed: usize, has: usize },
    /// Some run is too short to have any spread of its own.
    BlocksOfRun { needed: usize, has: usize },
}

/// A test for each quantile of each endpoint that has a rule.
pub(super) fn tests(roster: &Roster, rules: &Regression) -> Vec<LatencyTest> {
    let mut tests = Vec::new();
    for sides in &roster.endpoints {
        for &quantile in rules.latency.keys() {
            if let Some(rule) = rules.latency_rule(&sides.name, quantile) {
                let measured = sides.sample(quantile).map(|sample| Measured::of(&sample, quantile, pool(roster, quantile)));
                let lack = lack(sides, quantile, roster);
                tests.push(LatencyTest { endpoint: sides.name.clone(), quantile, rule, measured, lack });
            }
        }
    }
    tests
}

/// Mean excess variance between runs over the endpoints: machines that differ do so for all of them.
pub(super) fn pool(roster: &Roster, quantile: Quantile) -> f64 {
    let excesses: Vec<f64> =
        roster.endpoints.iter().filter_map(|sides| sides.sample(quantile)).map(|sample| sample.excess()).collect();
    excesses.iter().sum::<f64>() / excesses.len().max(1) as f64
}

fn lack(sides: &Sides, quantile: Quantile, roster: &Roster) -> Option<Lack> {
    for (side, runs) in [("baseline", &sides.baseline), ("candidate", &sides.candidate)] {
        if runs.iter().all(|run| run.requests == 0) {
            return Some(Lack::Requests(side));
        }
        if runs.iter().any(|run| run.succeeded == 0) {
            return Some(Lack::Successes(side));
        }
    }
    let has = sides.succeeded_min();
    let needed = quantile.samples_to_compare();
    if has < needed {
        return Some(Lack::Samples { needed, has });
    }
    few_blocks(roster)
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
    /// Measures a sample.
    pub(super) fn of(sample: &Sample<'_>, quantile: Quantile, pool: f64) -> Self {
        let noise = Noise::of(sample, quantile, pool);
        let (baseline, candidate) = sample.levels();
        Self { baseline_us: baseline.exp(), candidate_us: candidate.exp(), shift: stored::shift(sample, &noise), noise }
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

    /// The row of this test; `adjusted` belongs to an eligible one.
    pub(super) fn row(&self, adjusted: Option<&Adjusted>, required: bool, roster: &Roster, rules: &Regression) -> Row {
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
            required: required || rules.is_critical(&self.endpoint),
            reason: String::new(),
        };
        match (self.eligible(), adjusted) {
            (Some(measured), Some(adjusted)) => {
                let settled = settle::latency(&measured.shift, adjusted, measured.baseline_us, &self.rule, rules.alpha);
                let reason = reason::latency(self, measured, adjusted, &settled);
                Row {
                    mde: Some(settled.mde),
                    outcome: settled.outcome,
                    level: settled.level,
                    grade: settled.grade,
                    suspect: settled.suspect,
                    reason,
                    ..row
                }
            }
            _ => {
                let lack = self.lack.unwrap_or(Lack::Requests("candidate"));
                let nothing = matches!(lack, Lack::Requests(_) | Lack::Successes(_));
                let outcome = if nothing { Outcome::NoData } else { Outcome::Inconclusive };
                Row { outcome, reason: reason::lack(lack, Some(self.quantile), roster), ..row }
            }
        }
    }
}
