//! An endpoint against its siblings. The speed of the machine is the same for all endpoints of a run, so it cancels where each is held
//! against the mean of the others: a change of one endpoint shows that the noise between runs hides.

use super::{
    ComparedMetric, design,
    noise::{Means, Noise},
    relative::RelativeTest,
    roster::Sides,
    sample::{Sample, mean, sum_of_squares},
    shift::Shift,
    summary::Estimate,
    trial::Trial,
};
use crate::stats::blocks;

/// Fewest endpoints that have siblings to speak of.
const ENDPOINTS_MIN: usize = 3;
/// Standard deviation between runs that is assumed of an endpoint against its siblings, in ln of the median.
const PRIOR_SD: f64 = 0.02;
/// Runs this assumption is worth.
const PRIOR_DF: f64 = 4.0;
/// Uncorrected p-value of an endpoint by itself below which its siblings may have become faster without it being asked why.
const SURE_BY_ITSELF: f64 = 0.01;

/// A test of an endpoint against its siblings.
#[derive(Debug)]
pub(super) struct Contrast {
    /// How far it moved away from them.
    pub shift: Shift,
    pub noise: Box<dyn Noise>,
    /// Whether it may count: the endpoint itself is slower, and not only because its siblings became faster.
    counts: bool,
}

impl Contrast {
    /// One-sided p-value of "slower than its siblings".
    pub(super) fn p_up(&self) -> f64 {
        if self.counts { self.shift.p_up() } else { 1.0 }
    }
}

/// Gives each eligible test its contrast, where the design has any and there are baseline runs and siblings enough.
pub(super) fn add(tests: &mut [RelativeTest], trial: &Trial<'_>) {
    let enough = trial.design.contrast_baselines.is_some_and(|least| trial.roster.baseline_runs >= least);
    if !enough || trial.roster.candidate_runs == 0 {
        return;
    }
    for metric in trial.latencies() {
        let contrasted = of_metric(metric, trial);
        let is_sibling = |test: &&RelativeTest| test.metric == metric && contrasted.iter().any(|one| one.0 == test.endpoint);
        let shifts: Vec<(String, Shift)> = tests
            .iter()
            .filter(is_sibling)
            .filter_map(|test| Some((test.endpoint.clone(), test.measured.as_ref()?.shift)))
            .collect();
        for (name, noise, estimate) in contrasted {
            let Some(test) = tests.iter_mut().find(|test| test.metric == metric && test.endpoint == name) else { continue };
            let Some(own) = test.eligible().map(|measured| measured.shift) else { continue };
            let siblings = mean(shifts.iter().filter(|(other, _)| *other != name).map(|(_, shift)| shift.estimate));
            let tolerance = test.rule.fail.ln_1p();
            let counts = own.estimate >= tolerance / 2.0 && (siblings >= -tolerance || own.p_up() < SURE_BY_ITSELF);
            let shift = Shift { estimate, standard_error: noise.standard_error(), df: noise.df() };
            test.contrast = Some(Contrast { shift, noise: Box::new(noise), counts });
        }
    }
}

/// Noise and estimate of each endpoint that has the metric in every run, if there are siblings enough. What goes beside the service
/// is nobody's sibling.
fn of_metric<'a>(metric: ComparedMetric, trial: &'a Trial<'_>) -> Vec<(&'a str, ContrastNoise, f64)> {
    let having = |sides: &'a Sides| Some((sides.name.as_str(), sides.sample(metric)?));
    let endpoints = trial.roster.endpoints.iter().filter(|sides| !sides.is_beside);
    let all: Vec<(&str, Sample<'_>)> = endpoints.filter_map(having).collect();
    if all.len() < ENDPOINTS_MIN {
        return Vec::new();
    }
    let prior = (PRIOR_SD * design::scale(metric)).powi(2);
    let one = |index: usize| {
        let baseline = against_siblings(index, &all.iter().map(|(_, sample)| &sample.baseline).collect::<Vec<_>>());
        let candidate = against_siblings(index, &all.iter().map(|(_, sample)| &sample.candidate).collect::<Vec<_>>());
        let level = |side: &[Relative]| mean(side.iter().map(|run| run.ln));
        (all[index].0, ContrastNoise::of(&baseline, &candidate, prior), level(&candidate) - level(&baseline))
    };
    (0..all.len()).map(one).collect()
}

/// An endpoint of one run relative to its siblings there.
struct Relative {
    ln: f64,
    variance: f64,
}

/// An endpoint in each run of a side. `endpoints` hold the same runs in the same order, and blocks of one index are of the same time.
fn against_siblings(index: usize, endpoints: &[&Vec<&Estimate>]) -> Vec<Relative> {
    let share = 1.0 / (endpoints.len() as f64 - 1.0);
    let weight = |endpoint: usize| if endpoint == index { 1.0 } else { -share };
    let runs = 0..endpoints[index].len();
    runs.map(|run| {
        let own = endpoints[index][run];
        let mut residuals = vec![0.0; own.residuals.len()];
        for (endpoint, estimates) in endpoints.iter().enumerate() {
            let parts = residuals.iter_mut().zip(&estimates[run].residuals);
            parts.for_each(|(sum, residual)| *sum += weight(endpoint) * residual);
        }
        let ln = endpoints.iter().enumerate().map(|(endpoint, estimates)| weight(endpoint) * estimates[run].ln).sum();
        Relative { ln, variance: blocks::standard_error(&residuals, &own.strata).powi(2) }
    })
    .collect()
}

/// Variances of an endpoint relative to its siblings.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ContrastNoise {
    /// Variance between runs that is assumed beforehand.
    prior: f64,
    /// Mean variance within a run.
    within: f64,
    /// Variance of a run by the spread of the runs; what is within them included.
    spread: f64,
    baseline_runs: f64,
    candidate_runs: f64,
}

impl ContrastNoise {
    fn of(baseline: &[Relative], candidate: &[Relative], prior: f64) -> Self {
        let (baseline_runs, candidate_runs) = (baseline.len() as f64, candidate.len() as f64);
        let squares = |side: &[Relative]| sum_of_squares(side.iter().map(|run| run.ln));
        Self {
            prior,
            within: mean(baseline.iter().chain(candidate).map(|run| run.variance)),
            spread: (squares(baseline) + squares(candidate)) / (baseline_runs + candidate_runs - 2.0),
            baseline_runs,
            candidate_runs,
        }
    }

    fn learned_df(&self) -> f64 {
        self.baseline_runs + self.candidate_runs - 2.0
    }

    /// Variance of one run: what was assumed and what the runs show, by their degrees of freedom.
    fn variance(&self) -> f64 {
        (PRIOR_DF * (self.prior + self.within) + self.learned_df() * self.spread) / self.df()
    }
}

impl Noise for ContrastNoise {
    fn standard_error(&self) -> f64 {
        (self.variance() * (1.0 / self.baseline_runs + 1.0 / self.candidate_runs)).sqrt()
    }

    fn df(&self) -> f64 {
        PRIOR_DF + self.learned_df()
    }

    fn means(&self) -> &'static [Means] {
        &[Means::Longer, Means::Baselines, Means::Candidates]
    }

    fn with(&self, means: Means, amount: f64) -> Option<Box<dyn Noise>> {
        let noise = match means {
            Means::Longer => {
                // By chance runs may spread less than the noise within them explains.
                let explained = self.within.min(self.spread);
                Self { within: self.within / amount, spread: self.spread - explained + explained / amount, ..*self }
            }
            Means::Baselines if amount >= self.baseline_runs => Self { baseline_runs: amount, ..*self },
            Means::Candidates if amount >= self.candidate_runs => Self { candidate_runs: amount, ..*self },
            Means::Baselines | Means::Candidates | Means::Replicates => return None,
        };
        Some(Box::new(noise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{Comparison, Outcome, compare, fixture},
        policy::Regression,
        record::RunRecord,
    };

    const ENDPOINTS: [&str; 3] = ["/a", "/b", "/c"];

    /// A run on a machine of that speed, each endpoint slower by its factor.
    fn run(machine: f64, factors: [f64; 3], salt: u64) -> RunRecord {
        fixture::steady(60, &ENDPOINTS, 20, |endpoint, second, n| {
            let us = 20_000 + (n * 7919 + second * 104_729 + salt * 131 + endpoint as u64 * 17) % 2_000;
            (us as f64 * machine * factors[endpoint]) as u64
        })
    }

    /// Stored runs on machines that differ by 12 %, against a candidate.
    fn judged(baselines: usize, machine: f64, factors: [f64; 3]) -> Comparison {
        let speeds = [0.88, 1.1, 0.97, 1.12, 0.91, 1.05];
        let baseline: Vec<RunRecord> =
            speeds.iter().take(baselines).zip(0..).map(|(speed, salt)| run(*speed, [1.0; 3], salt)).collect();
        compare(&baseline, &[run(machine, factors, 99)], &Regression::default())
    }

    fn p50<'a>(comparison: &'a Comparison, endpoint: &str) -> &'a crate::compare::Row {
        comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric.to_string() == "p50").unwrap()
    }

    #[test]
    fn siblings_show_a_change_that_machines_hide() {
        let comparison = judged(6, 1.0, [1.0, 1.25, 1.0]);
        let row = p50(&comparison, "/b");
        assert_eq!(row.outcome, Outcome::Regressed, "{row:#?}");
        assert!(row.siblings.unwrap().found && row.reason.contains("slower than its siblings"), "{}", row.reason);
        assert!(p50(&comparison, "/a").outcome != Outcome::Regressed && p50(&comparison, "/c").outcome != Outcome::Regressed);
    }

    #[test]
    fn four_baseline_runs_are_too_few_to_know_how_siblings_differ() {
        let comparison = judged(4, 1.0, [1.0, 1.25, 1.0]);
        assert!(comparison.rows.iter().all(|row| row.siblings.is_none()));
        assert_ne!(p50(&comparison, "/b").outcome, Outcome::Regressed);
    }

    #[test]
    fn two_endpoints_have_no_siblings() {
        let pair = |machine: f64, salt: u64| {
            let mut run = run(machine, [1.0; 3], salt);
            run.endpoints.pop();
            run
        };
        let baseline: Vec<RunRecord> = (0..6).map(|salt| pair(1.0, salt)).collect();
        let comparison = compare(&baseline, &[pair(1.0, 9)], &Regression::default());
        assert!(comparison.rows.iter().all(|row| row.siblings.is_none()));
    }

    #[test]
    fn an_endpoint_whose_siblings_became_faster_is_not_slower() {
        let comparison = judged(6, 1.0, [0.7, 1.0, 0.7]);
        assert_ne!(p50(&comparison, "/b").outcome, Outcome::Regressed);
        // Nor is one that is a little slower itself where the others gained more than the tolerance.
        let comparison = judged(6, 1.0, [0.7, 1.06, 0.7]);
        assert_ne!(p50(&comparison, "/b").outcome, Outcome::Regressed);
    }

    #[test]
    fn more_of_anything_makes_smaller_changes_visible() {
        let noise = ContrastNoise { prior: 0.0004, within: 0.001, spread: 0.002, baseline_runs: 5.0, candidate_runs: 1.0 };
        for (means, amount) in [(Means::Longer, 2.0), (Means::Baselines, 10.0), (Means::Candidates, 2.0)] {
            assert!(noise.with(means, amount).unwrap().mde(5e-4) < noise.mde(5e-4), "{means:?}");
        }
        assert!(noise.with(Means::Replicates, 6.0).is_none() && noise.with(Means::Baselines, 4.0).is_none());
        let alike = ContrastNoise { within: 0.003, ..noise };
        assert!((alike.with(Means::Longer, 1.0).unwrap().mde(5e-4) - alike.mde(5e-4)).abs() < 1e-12);
        assert!(alike.with(Means::Longer, 1.1).unwrap().mde(5e-4) < alike.mde(5e-4));
    }
}
