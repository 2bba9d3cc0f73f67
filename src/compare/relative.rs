//! Testing a metric whose change is a share of itself: a latency of an endpoint, a latency or the throughput of the service as a whole.

use super::{
    Change, ComparedMetric, Outcome, Row, Siblings,
    contrast::{self, Contrast},
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
    policy::{BLOCKS_MIN, LatencyRule},
    record::EndpointSpread,
};

/// Blocks that every run must have: fewer have no spread.
const BLOCKS_PER_RUN_MIN: usize = 2;

/// Such a metric, measured and perhaps testable.
#[derive(Debug)]
pub(super) struct RelativeTest {
    pub endpoint: String,
    pub metric: ComparedMetric,
    pub rule: LatencyRule,
    /// What was measured, as far as every run has the metric.
    pub measured: Option<Measured>,
    /// Why it can't be tested.
    pub lack: Option<Lack>,
    /// The same against its siblings, where it is eligible and that adds something.
    pub contrast: Option<Contrast>,
}

/// Both values and their difference.
#[derive(Debug)]
pub(super) struct Measured {
    pub baseline: f64,
    pub candidate: f64,
    pub shift: Shift,
    pub noise: Box<dyn Noise>,
}

/// Why a metric can't be tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lack {
    /// There is nothing at all on a side: `baseline` or `candidate`.
    Requests(&'static str),
    /// There were requests on a side, and one of its runs has none.
    RequestsOfRun(&'static str),
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

/// A test for each latency of each endpoint that has a rule.
pub(super) fn tests(trial: &Trial<'_>) -> Vec<RelativeTest> {
    let mut tests = Vec::new();
    for sides in trial.roster.endpoints.iter().filter(|sides| !sides.is_untimed) {
        for metric in trial.latencies() {
            if let Some(rule) = trial.rule(&sides.name, metric) {
                let measured = sides.sample(metric).map(|sample| Measured::of(&sample, &sides.name, metric, trial));
                let lack = lack(sides, metric, trial);
                tests.push(RelativeTest { endpoint: sides.name.clone(), metric, rule, measured, lack, contrast: None });
            }
        }
    }
    contrast::add(&mut tests, trial);
    tests
}

fn lack(sides: &Sides, metric: ComparedMetric, trial: &Trial<'_>) -> Option<Lack> {
    for (side, runs) in [("baseline", &sides.baseline), ("candidate", &sides.candidate)] {
        if runs.iter().all(|run| run.requests == 0) {
            return Some(Lack::Requests(side));
        }
        if runs.iter().any(|run| run.requests == 0) {
            return Some(Lack::RequestsOfRun(side));
        }
        if runs.iter().any(|run| run.succeeded == 0) {
            return Some(Lack::Successes(side));
        }
    }
    let (of_run, of_side) = ((trial.design.run_samples)(metric.alike()), (trial.design.side_samples)(metric.alike()));
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
    /// Measures a sample of an endpoint. What goes beside the service tells nothing of how noisy that is, nor the other way round.
    pub(super) fn of(sample: &Sample<'_>, endpoint: &str, metric: ComparedMetric, trial: &Trial<'_>) -> Self {
        let endpoints = &trial.roster.endpoints;
        let is_beside = endpoints.iter().any(|sides| sides.is_beside && sides.name == endpoint);
        let alike = endpoints.iter().filter(|sides| sides.is_beside == is_beside);
        let all: Vec<Sample<'_>> = alike.filter_map(|sides| sides.sample(metric)).collect();
        Self::among(&all, sample, endpoint, metric, trial)
    }

    /// Measures a sample of something no endpoint has by itself.
    pub(super) fn alone(sample: &Sample<'_>, endpoint: &str, metric: ComparedMetric, trial: &Trial<'_>) -> Self {
        Self::among(std::slice::from_ref(sample), sample, endpoint, metric, trial)
    }

    fn among(all: &[Sample<'_>], sample: &Sample<'_>, endpoint: &str, metric: ComparedMetric, trial: &Trial<'_>) -> Self {
        let known = Known {
            scale: design::scale(metric),
            pool: (trial.design.pool)(all),
            learned: trial.learned.get(endpoint, &metric.to_string()),
        };
        let noise = (trial.design.noise)(sample, &known);
        let (baseline, candidate) = sample.levels();
        Self {
            baseline: metric.value(baseline),
            candidate: metric.value(candidate),
            shift: Shift::of(sample, noise.as_ref()),
            noise,
        }
    }
}

impl RelativeTest {
    /// What is tested: measured, and nothing lacking.
    pub(super) fn eligible(&self) -> Option<&Measured> {
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
        Some(EndpointSpread { endpoint: self.endpoint.clone(), metric: self.metric.to_string(), spread })
    }

    /// The row of this test; `adjusted` belongs to an eligible one.
    pub(super) fn row(&self, adjusted: Option<&Adjusted>, required: bool, trial: &Trial<'_>) -> Row {
        let measured = self.measured.as_ref();
        let row = Row {
            endpoint: self.endpoint.clone(),
            metric: self.metric,
            baseline: measured.map(|measured| measured.baseline),
            candidate: measured.map(|measured| measured.candidate),
            change: measured.map(|measured| Change {
                estimate: self.metric.change(measured.shift.estimate),
                interval: Some(self.metric.interval(measured.shift.bounds())),
                p_value: adjusted.map(|p| if measured.shift.estimate < 0.0 { p.down } else { p.up }),
            }),
            tolerance: self.metric.change(self.metric.worsening(self.rule.fail)),
            mde: None,
            outcome: Outcome::NoData,
            level: None,
            grade: None,
            suspect: false,
            equivalent: false,
            siblings: None,
            required: required || self.is_of_critical(trial),
            covers: 0,
            reason: String::new(),
        };
        match (self.eligible(), adjusted) {
            (Some(measured), Some(adjusted)) => {
                let settled = settle::relative(self, measured, adjusted, trial);
                let reason = reason::relative(self, measured, adjusted, &settled, trial);
                Row {
                    mde: Some(self.metric.change(settled.mde.ln_1p()).abs()),
                    outcome: settled.outcome,
                    level: settled.level,
                    grade: settled.grade,
                    suspect: settled.suspect,
                    equivalent: settled.equivalent,
                    siblings: self.siblings(adjusted, trial),
                    reason,
                    ..row
                }
            }
            _ => {
                let lack = self.lack.unwrap_or(Lack::Requests("candidate"));
                let nothing = matches!(lack, Lack::Requests(_) | Lack::RequestsOfRun(_) | Lack::Successes(_));
                let outcome = if nothing { Outcome::NoData } else { Outcome::Inconclusive };
                Row { outcome, reason: reason::lack(lack, self.metric, trial), ..row }
            }
        }
    }

    /// Whether the run hangs on this metric of a critical endpoint. A tail that has too few requests holds nothing up: no run of the
    /// plan could ever settle it.
    fn is_of_critical(&self, trial: &Trial<'_>) -> bool {
        trial.rules.is_critical(&self.endpoint) && (self.lack.is_none() || self.metric.is_of_body())
    }

    /// What the contrast says, as far as there is one.
    fn siblings(&self, adjusted: &Adjusted, trial: &Trial<'_>) -> Option<Siblings> {
        let contrast = self.contrast.as_ref()?;
        Some(Siblings {
            change: self.metric.change(contrast.shift.estimate),
            interval: self.metric.interval(contrast.shift.bounds()),
            p_value: adjusted.siblings.unwrap_or(1.0),
            found: adjusted.is_siblings_find(trial.rules.alpha),
        })
    }
}
