//! The significance test against stored runs: candidate runs and baseline runs on different machines at different times.
//!
//! The variance between runs is learned from the runs themselves and shrunk toward a prior, because a handful of runs says
//! little about it; the variance within a run comes from its blocks.

use super::{
    shift::{Shift, minimum_detectable},
    summary::Estimate,
};
use crate::policy::Quantile;

/// Standard deviation between runs that is assumed before any were seen, in ln of the median.
const PRIOR_SD: f64 = 0.05;
/// Runs this assumption is worth.
const PRIOR_DF: f64 = 4.0;

/// How much more the quantile varies from run to run than the median does.
fn scale(quantile: Quantile) -> f64 {
    match quantile {
        Quantile::P50 => 1.0,
        Quantile::P90 | Quantile::P95 => 1.25,
        Quantile::P99 | Quantile::P999 => 2.0,
    }
}

/// One quantile of one endpoint in all runs.
#[derive(Clone, Debug)]
pub(super) struct Sample<'a> {
    /// Baseline runs, at least one.
    pub baseline: Vec<&'a Estimate>,
    /// Candidate runs, at least one.
    pub candidate: Vec<&'a Estimate>,
}

impl Sample<'_> {
    fn all(&self) -> impl Iterator<Item = &Estimate> {
        self.baseline.iter().chain(&self.candidate).copied()
    }

    /// Degrees of freedom of what the runs of one side differ by.
    fn between_df(&self) -> f64 {
        (self.baseline.len() + self.candidate.len()) as f64 - 2.0
    }

    /// Variance between runs beyond what their own errors explain, by moments; 0 where no side has two runs.
    pub(super) fn excess(&self) -> f64 {
        let df = self.between_df();
        if df <= 0.0 {
            return 0.0;
        }
        let within = mean(self.all().map(|run| run.variance));
        ((sum_of_squares(&self.baseline) + sum_of_squares(&self.candidate)) / df - within).max(0.0)
    }

    /// Natural logarithms of the baseline's and the candidate's value: means over their runs.
    pub(super) fn levels(&self) -> (f64, f64) {
        let level = |runs: &[&Estimate]| mean(runs.iter().map(|run| run.ln_us));
        (level(&self.baseline), level(&self.candidate))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn sum_of_squares(runs: &[&Estimate]) -> f64 {
    let level = mean(runs.iter().map(|run| run.ln_us));
    runs.iter().map(|run| (run.ln_us - level).powi(2)).sum()
}

/// Where the uncertainty of a shift comes from, so that one can ask what more data would do to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noise {
    /// Variance between runs assumed beforehand.
    prior: f64,
    /// Variance between runs by moments; `None` where no side has two runs.
    moment: Option<f64>,
    /// Variance within a run.
    within: f64,
    /// What the candidate's runs vary more within than the baseline's.
    imbalance: f64,
    /// Degrees of freedom within a run.
    within_df: f64,
    baseline_runs: f64,
    candidate_runs: f64,
}

impl Noise {
    /// The noise of a sample. `pool` is the mean of [`Sample::excess`] over the endpoints: half of it and half of the
    /// endpoint's own make the moment estimate.
    pub(super) fn of(sample: &Sample<'_>, quantile: Quantile, pool: f64) -> Self {
        let (baseline_runs, candidate_runs) = (sample.baseline.len() as f64, sample.candidate.len() as f64);
        let baseline = mean(sample.baseline.iter().map(|run| run.variance));
        let candidate = mean(sample.candidate.iter().map(|run| run.variance));
        Self {
            prior: (PRIOR_SD * scale(quantile)).powi(2),
            moment: (sample.between_df() > 0.0).then(|| f64::midpoint(pool, sample.excess())),
            within: (baseline_runs * baseline + candidate_runs * candidate) / (baseline_runs + candidate_runs),
            imbalance: (candidate - baseline).max(0.0),
            within_df: mean(sample.all().map(|run| run.df)),
            baseline_runs,
            candidate_runs,
        }
    }

    fn learned_df(&self) -> f64 {
        self.baseline_runs + self.candidate_runs - 2.0
    }

    /// Variance between runs: the prior and what was learned, by their degrees of freedom.
    fn between(&self) -> f64 {
        let learned = self.learned_df();
        (PRIOR_DF * self.prior + learned * self.moment.unwrap_or(self.prior)) / (PRIOR_DF + learned)
    }

    pub(super) fn standard_error(&self) -> f64 {
        let run = self.between() + self.within;
        (run / self.baseline_runs + run / self.candidate_runs + self.imbalance / self.candidate_runs).sqrt()
    }

    /// Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics 2 (1946).
    pub(super) fn df(&self) -> f64 {
        let (between, within) = (self.between(), self.within);
        let within_df = self.within_df * (self.baseline_runs + self.candidate_runs);
        (between + within).powi(2) / (between.powi(2) / (PRIOR_DF + self.learned_df()) + within.powi(2) / within_df)
    }

    /// The same if every run were so many times as long.
    pub(super) fn longer(self, factor: f64) -> Self {
        Self { within: self.within / factor, imbalance: self.imbalance / factor, within_df: self.within_df * factor, ..self }
    }

    /// The same with another number of baseline runs.
    pub(super) fn with_baselines(self, runs: u32) -> Self {
        Self { baseline_runs: f64::from(runs), ..self }
    }

    /// The same with another number of candidate runs.
    pub(super) fn with_candidates(self, runs: u32) -> Self {
        Self { candidate_runs: f64::from(runs), ..self }
    }

    /// Number of baseline and candidate runs.
    pub(super) fn runs(&self) -> (u32, u32) {
        (self.baseline_runs as u32, self.candidate_runs as u32)
    }

    /// See [`minimum_detectable`].
    pub(super) fn mde(&self, level: f64) -> f64 {
        minimum_detectable(self.standard_error(), self.df(), level)
    }
}

/// The test: how far the candidate is from the baseline, and how sure that is.
pub(super) fn shift(sample: &Sample<'_>, noise: &Noise) -> Shift {
    let (baseline, candidate) = sample.levels();
    Shift { estimate: candidate - baseline, standard_error: noise.standard_error(), df: noise.df() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> serde_json::Value {
        let all: serde_json::Value = serde_json::from_str(include_str!("../../tests/data/reference-values.json")).unwrap();
        all["moderated_two_sample"].clone()
    }

    /// The reference gives the moment estimate itself; a sample whose pool makes it that is built from it.
    #[test]
    fn the_worked_example_agrees_with_the_reference() {
        let case = case();
        let list = |name: &str| case[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<f64>>();
        let number = |name: &str| case[name].as_f64().unwrap();
        let runs = |y: &str, variance: &str| {
            let pairs = list(y).into_iter().zip(list(variance));
            pairs.map(|(ln_us, variance)| Estimate { ln_us, beyond: 1e3, residuals: Vec::new(), variance, df: 11.0 }).collect()
        };
        let (baseline, candidate): (Vec<Estimate>, Vec<Estimate>) = (runs("yb", "s2b"), runs("yh", "s2h"));
        let sample = Sample { baseline: baseline.iter().collect(), candidate: candidate.iter().collect() };
        let pool = 2.0 * number("tau_mom2") - sample.excess();
        let noise = Noise::of(&sample, Quantile::P50, pool);
        let shift = shift(&sample, &noise);
        for (actual, name) in [
            (noise.between() + noise.within, "V"),
            (shift.df, "df"),
            (shift.estimate, "d"),
            (shift.standard_error, "se"),
            (shift.p_up(), "p_up"),
            (shift.upper(), "U95"),
            (shift.mde(number("mde80_alpha")), "mde"),
        ] {
            assert!((actual / number(name) - 1.0).abs() < 1e-9, "{name}: {actual} is not {}", number(name));
        }
    }

    #[test]
    fn more_of_anything_makes_smaller_changes_visible() {
        let noise = Noise {
            prior: 0.0025,
            moment: Some(0.001),
            within: 0.002,
            imbalance: 0.0,
            within_df: 11.0,
            baseline_runs: 3.0,
            candidate_runs: 1.0,
        };
        let mde = noise.mde(5e-4);
        assert!(noise.longer(2.0).mde(5e-4) < mde);
        assert!(noise.with_baselines(6).mde(5e-4) < mde);
        assert!(noise.with_candidates(2).mde(5e-4) < mde);
    }
}
