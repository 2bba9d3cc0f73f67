//! Testing the error rate of an endpoint, or of the service as a whole.
//!
//! Errors come in bursts and their rate differs from run to run, so counts are divided by a design effect before an exact
//! test is asked; a plain test of two proportions would fail every fourth build for nothing.

use super::{
    Change, ComparedMetric, Grade, Outcome, Row, SERVICE,
    classes::{self, Classes},
    family::Adjusted,
    reason,
    relative::Lack,
    roster::Sides,
    summary::Summary,
    trial::Trial,
};
use crate::{
    policy::{ErrorRule, Severity},
    stats::{
        overdispersion::{self, Dispersion},
        rates::{self, Rate},
        student_t,
    },
};

/// Relative standard deviation of a rate between runs that is assumed, and the runs this is worth.
const BETWEEN_PRIOR: (f64, f64) = (0.25, 4.0);
/// Errors on each side, in units of the dispersion, from which on the test of logarithms must agree.
const LOG_TEST_ERRORS: f64 = 10.0;

/// An error rate on both sides.
#[derive(Debug)]
pub(super) struct ErrorTest {
    pub endpoint: String,
    /// Classes that there is more of in the candidate, in words.
    grown: Vec<String>,
    /// `None` where a side has no requests.
    pub found: Option<Found>,
    /// Which side that is.
    lack: &'static str,
    /// Whether the runs hold errors enough to test.
    eligible: bool,
}

/// Both rates and their difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub baseline: Rate,
    pub candidate: Rate,
    /// Uncorrected p-values of "worse" and "better".
    p_values: (f64, f64),
    dispersion: f64,
    /// Design effect is `dispersion` plus this times the factor by which runs are longer.
    between: f64,
}

/// One run's errors by block, and its requests.
struct RunErrors<'a> {
    blocks: Vec<f64>,
    strata: &'a [usize],
    requests: u64,
}

impl<'a> RunErrors<'a> {
    /// Adds endpoints up.
    fn of(endpoints: impl Iterator<Item = &'a Summary>) -> Self {
        let nothing = Self { blocks: Vec::new(), strata: &[], requests: 0 };
        endpoints.fold(nothing, |mut sum, run| {
            sum.blocks.resize(run.errors.len(), 0.0);
            sum.blocks.iter_mut().zip(&run.errors).for_each(|(sum, own)| *sum += own);
            Self { blocks: sum.blocks, strata: &run.strata, requests: sum.requests + run.requests }
        })
    }
}

/// One side: its runs' errors and the pooled rate.
struct Side {
    errors: Vec<f64>,
    rate: Rate,
}

impl Side {
    fn of(runs: &[RunErrors<'_>]) -> Self {
        let errors: Vec<f64> = runs.iter().map(|run| run.blocks.iter().sum()).collect();
        let requests: u64 = runs.iter().map(|run| run.requests).sum();
        Self { rate: Rate { events: errors.iter().sum(), trials: requests as f64 }, errors }
    }

    fn runs(&self) -> f64 {
        self.errors.len() as f64
    }
}

/// What the rate differs by between runs: relative variance, and how much of it was learned, in runs.
struct Between {
    variance: f64,
    learned: f64,
}

impl Between {
    /// Known beforehand, or learned from the baseline, with weight only as far as it has errors to learn from.
    fn of(baseline: &Side, phi: f64, known_cv: Option<f64>) -> Self {
        let (count, mean) = (baseline.runs(), baseline.rate.events / baseline.runs());
        let learned = (count - 1.0).min(mean / (4.0 * phi)).max(0.0);
        let moment = if count > 1.0 && mean > 0.0 {
            let squares: f64 = baseline.errors.iter().map(|errors| (errors - mean).powi(2)).sum();
            ((squares / (count - 1.0) - phi * mean) / mean.powi(2)).max(0.0)
        } else {
            0.0
        };
        let (prior, runs) = BETWEEN_PRIOR;
        let variance = known_cv.map_or_else(|| (runs * prior.powi(2) + learned * moment) / (runs + learned), |cv| cv.powi(2));
        Self { variance, learned }
    }
}

/// How errors spread within runs and, where that is known beforehand, between them.
#[derive(Clone, Copy)]
struct Spread {
    dispersion: Dispersion,
    known_cv: Option<f64>,
}

/// One-sided p-value of "the candidate's rate is higher", and the between-run part of the design effect.
fn worse(candidate: &Side, baseline: &Side, spread: Spread, rule: &ErrorRule) -> (f64, f64) {
    let Spread { dispersion: Dispersion { phi, df }, known_cv } = spread;
    let between = Between::of(baseline, phi, known_cv);
    let (x1, x0) = (candidate.rate.events, baseline.rate.events);
    let per_run = (x0 + x1) / (baseline.runs() + candidate.runs()) * between.variance;
    let design_effect = phi + per_run;
    let mut p = rates::conditional_binomial(candidate.rate.deflated(design_effect), baseline.rate.deflated(design_effect));
    if x0.min(x1) >= LOG_TEST_ERRORS * phi {
        let runs = between.variance * (1.0 / baseline.runs() + 1.0 / candidate.runs());
        let counts = phi / (x1 + 0.5) + phi / (x0 + 0.5);
        let runs_df = BETWEEN_PRIOR.1 + between.learned;
        let free = (runs + counts).powi(2) / (runs.powi(2) / runs_df + counts.powi(2) / (overdispersion::PRIOR_DF + df));
        let log_ratio = ((x1 + 0.5) / candidate.rate.trials).ln() - ((x0 + 0.5) / baseline.rate.trials).ln();
        p = p.max(student_t::sf(log_ratio / (runs + counts).sqrt(), free));
    }
    let enough = candidate.rate.share() - baseline.rate.share() >= rule.warn && x1 >= rule.errors_min as f64;
    (if enough { p } else { 1.0 }, per_run)
}

impl Found {
    fn of(baseline: &Side, candidate: &Side, spread: Spread, rule: &ErrorRule) -> Self {
        let (up, between) = worse(candidate, baseline, spread, rule);
        let (down, _) = worse(baseline, candidate, spread, rule);
        let (baseline, candidate) = (baseline.rate, candidate.rate);
        Self { baseline, candidate, p_values: (up, down), dispersion: spread.dispersion.phi, between }
    }

    /// Candidate's rate minus baseline's.
    pub(super) fn difference(&self) -> f64 {
        self.candidate.share() - self.baseline.share()
    }

    /// What the increase stays below with 95 % confidence.
    pub(super) fn upper(&self) -> f64 {
        self.upper_if_longer(1.0)
    }

    /// The same if every run were so many times as long and the rates as they are.
    pub(super) fn upper_if_longer(&self, factor: f64) -> f64 {
        let scale = (self.dispersion + factor * self.between) / factor;
        rates::difference_upper(self.candidate.deflated(scale), self.baseline.deflated(scale), 0.95)
    }

    /// Two-sided 95 % interval of the difference.
    pub(super) fn interval(&self) -> (f64, f64) {
        let scale = self.dispersion + self.between;
        let (candidate, baseline) = (self.candidate.deflated(scale), self.baseline.deflated(scale));
        (rates::difference_lower(candidate, baseline, 0.975), rates::difference_upper(candidate, baseline, 0.975))
    }
}

impl ErrorTest {
    /// The test of one endpoint.
    pub(super) fn of(sides: &Sides, trial: &Trial<'_>) -> Self {
        Self::over(&sides.name, &[sides], trial)
    }

    /// The test of all endpoints together. It can only stop a pass: which endpoint failed is said by its own.
    pub(super) fn of_all(trial: &Trial<'_>) -> Self {
        Self::over(SERVICE, &trial.roster.endpoints.iter().collect::<Vec<_>>(), trial)
    }

    fn over(name: &str, endpoints: &[&Sides], trial: &Trial<'_>) -> Self {
        let (roster, rule) = (&trial.roster, &trial.rules.errors);
        let baseline: Vec<RunErrors<'_>> =
            (0..roster.baseline_runs).map(|run| RunErrors::of(endpoints.iter().map(|sides| &sides.baseline[run]))).collect();
        let candidate: Vec<RunErrors<'_>> =
            (0..roster.candidate_runs).map(|run| RunErrors::of(endpoints.iter().map(|sides| &sides.candidate[run]))).collect();
        let runs = baseline.iter().chain(&candidate).map(|run| (run.blocks.as_slice(), run.strata));
        let spread = Spread { dispersion: overdispersion::dispersion(runs), known_cv: trial.design.error_cv };
        let (baseline, candidate) = (Side::of(&baseline), Side::of(&candidate));
        let classes = |runs: fn(&Sides) -> &Vec<Summary>| {
            let mut sum = Classes::default();
            let all = endpoints.iter().flat_map(|sides| runs(sides));
            all.for_each(|run| sum.add(&run.classes.errors, run.classes.requests));
            sum
        };
        let known = baseline.rate.trials > 0.0 && candidate.rate.trials > 0.0;
        let found = known.then(|| Found::of(&baseline, &candidate, spread, rule));
        let effect = found.map_or(1.0, |found| found.dispersion + found.between);
        let more = classes::grown(&classes(|sides| &sides.baseline), &classes(|sides| &sides.candidate), effect, rule.errors_min);
        Self {
            endpoint: name.to_owned(),
            grown: if known { more.iter().map(ToString::to_string).collect() } else { Vec::new() },
            lack: if baseline.rate.trials > 0.0 { "candidate" } else { "baseline" },
            found,
            eligible: baseline.rate.events + candidate.rate.events >= rule.errors_min as f64,
        }
    }

    /// P-values (worse, better), where there are errors enough to test.
    pub(super) fn p_values(&self) -> Option<(f64, f64)> {
        self.found.filter(|_| self.eligible).map(|found| found.p_values)
    }

    /// What there is more of and the error rate does not show as worse: a reader should know, whatever the verdict.
    pub(super) fn remark(&self) -> Option<String> {
        (!self.grown.is_empty()).then(|| format!("{}: among its errors, {}", self.endpoint, self.grown.join("; ")))
    }

    /// The row of this test; without `adjusted` it can be unchanged or inconclusive only.
    pub(super) fn row(&self, adjusted: Option<&Adjusted>, required: bool, trial: &Trial<'_>) -> Row {
        let (rules, rule) = (trial.rules, &trial.rules.errors);
        let outcome = match (&self.found, adjusted) {
            (None, _) => Outcome::NoData,
            (Some(_), Some(p)) if p.up <= rules.alpha => Outcome::Regressed,
            (Some(_), Some(p)) if p.down <= rules.alpha => Outcome::Improved,
            (Some(found), _) if found.upper() < rule.pass_bound => Outcome::Unchanged,
            _ => Outcome::Inconclusive,
        };
        let severe = self.found.is_some_and(|found| found.difference() >= rule.fail);
        let level = if severe { Severity::Fail } else { Severity::Warn };
        let p_value = |found: &Found| adjusted.map(|p| if found.difference() < 0.0 { p.down } else { p.up });
        Row {
            endpoint: self.endpoint.clone(),
            metric: ComparedMetric::ErrorRate,
            baseline: self.found.map(|found| found.baseline.share()),
            candidate: self.found.map(|found| found.candidate.share()),
            change: self.found.as_ref().map(|found| Change {
                estimate: found.difference(),
                interval: Some(found.interval()),
                p_value: p_value(found),
            }),
            tolerance: rule.fail,
            mde: None,
            outcome,
            level: (outcome == Outcome::Regressed).then_some(level),
            grade: (outcome == Outcome::Unchanged).then_some(Grade::Equivalent),
            suspect: false,
            equivalent: false,
            siblings: None,
            required: required || rules.is_critical(&self.endpoint),
            covers: 0,
            reason: match &self.found {
                Some(found) => reason::errors(found, &self.grown, outcome, adjusted, trial),
                None => reason::lack(Lack::Requests(self.lack), ComparedMetric::ErrorRate, trial),
            },
        }
    }
}

/// The errors of the service as a whole have no test of their own, so that they can't fail: where an endpoint's errors do for sure, the
/// row of all of them says where to look, and not that nobody knows.
pub(super) fn point_to_endpoints(rows: &mut [Row]) {
    let of_errors = |row: &Row| row.metric == ComparedMetric::ErrorRate;
    let failing = |row: &&Row| of_errors(row) && row.endpoint != SERVICE && row.level == Some(Severity::Fail);
    let worse: Vec<String> = rows.iter().filter(failing).map(|row| row.endpoint.clone()).collect();
    let open = |row: &&mut Row| of_errors(row) && row.endpoint == SERVICE && row.outcome == Outcome::Inconclusive;
    let Some(row) = rows.iter_mut().find(open).filter(|_| !worse.is_empty()) else { return };
    if let (Some(baseline), Some(candidate)) = (row.baseline, row.candidate) {
        row.grade = Some(Grade::ToldByEndpoints);
        row.reason = reason::told_by_endpoints(baseline, candidate, &worse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Regression;

    #[test]
    fn the_worked_example_agrees_with_the_reference() {
        let all: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/reference-values.json")).unwrap();
        let case = &all["error_rate"];
        let runs = |side: &str| -> Vec<RunErrors<'static>> {
            let blocks = |run: &serde_json::Value| run.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let runs = case[side].as_array().unwrap().iter();
            runs.map(|run| RunErrors { blocks: blocks(run), strata: &[12], requests: 3000 }).collect()
        };
        let (baseline, candidate) = (runs("base"), runs("head"));
        let all_runs = baseline.iter().chain(&candidate).map(|run| (run.blocks.as_slice(), run.strata));
        let spread = Spread { dispersion: overdispersion::dispersion(all_runs), known_cv: None };
        let found = Found::of(&Side::of(&baseline), &Side::of(&candidate), spread, &Regression::default().errors);
        for (actual, name) in
            [(found.p_values.0, "p"), (found.difference(), "diff"), (found.upper(), "U"), (found.dispersion, "phi")]
        {
            let expected = case[name].as_f64().unwrap();
            assert!((actual / expected - 1.0).abs() < 1e-9, "{name}: {actual} is not {expected}");
        }
    }
}
