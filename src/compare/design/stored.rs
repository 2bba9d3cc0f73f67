//! The significance test against stored runs: candidate runs and baseline runs on different machines at different times.
//!
//! The variance between runs is learned from the runs themselves and shrunk toward a prior, because a handful of runs says
//! little about it; the variance within a run comes from its blocks.

use super::{Design, Foreseen, Known};
use crate::{
    compare::{
        noise::{Means, Noise},
        sample::{Sample, mean, sum_of_squares},
        trial::Trial,
    },
    policy::{Mode, Quantile},
};

/// Standard deviation between runs that is assumed before any were seen, in ln of the median.
const PRIOR_SD: f64 = 0.05;
/// Runs this assumption is worth.
const PRIOR_DF: f64 = 4.0;
/// Requests beyond a quantile that an endpoint must have in each run to count for the service as a whole.
const SERVICE_BEYOND: f64 = 10.0;
/// What a baseline run costs each comparison, as a share of a run: it serves about ten of them.
const COST_OF_BASELINE: f64 = 0.1;
/// Baseline runs from which on their spread is known well enough not to be called provisional.
const BASELINES_SETTLED: usize = 5;

pub(super) const DESIGN: Design = Design {
    mode: Mode::Baseline,
    fits: |_, _| true,
    candidates: |_| 1,
    noise: |sample, known| Box::new(StoredNoise::of(sample, known)),
    expected: |foreseen| Box::new(StoredNoise::expected(foreseen)),
    is_learned: |learned| learned.df > 0.0,
    means_of_plan: Means::Baselines,
    // Baseline runs are made once, a run of the candidate each time.
    cost: |baseline| 1.0 + COST_OF_BASELINE * baseline as f64,
    // Baseline runs of another length are another baseline: all of them have to be made anew.
    cost_of_longer: |factor, baseline, candidate| factor * (baseline + candidate),
    pool,
    run_samples: Quantile::samples_to_compare,
    side_samples: Quantile::samples_to_compare,
    service_beyond: SERVICE_BEYOND,
    contrast_baselines: Some(BASELINES_SETTLED),
    error_cv: None,
    notes,
    unit: "run",
    again: "another run of the candidate",
    much_more: "both much longer runs and more baseline runs",
    hopeless: "runs on these machines differ too much for any number of them; a quieter machine is needed",
    way_out: "Use a quieter machine, or compare both versions on one machine at the same time (`target.baseline_url`).",
};

/// Mean excess variance between runs over the endpoints: machines that differ do so for all of them.
fn pool(endpoints: &[Sample<'_>]) -> f64 {
    endpoints.iter().map(excess).sum::<f64>() / endpoints.len().max(1) as f64
}

/// Variance between runs beyond what their own errors explain, by moments; 0 where no side has two runs.
fn excess(sample: &Sample<'_>) -> f64 {
    let df = between_df(sample);
    if df <= 0.0 {
        return 0.0;
    }
    let squares = |runs: &[&crate::compare::summary::Estimate]| sum_of_squares(runs.iter().map(|run| run.ln));
    let within = mean(sample.all().map(|run| run.variance));
    ((squares(&sample.baseline) + squares(&sample.candidate)) / df - within).max(0.0)
}

/// Degrees of freedom of what the runs of one side differ by.
fn between_df(sample: &Sample<'_>) -> f64 {
    (sample.baseline.len() + sample.candidate.len()) as f64 - 2.0
}

fn notes(trial: &Trial<'_>) -> Vec<String> {
    let note = match trial.roster.baseline_runs {
        1 => "provisional: one baseline run only; how much runs differ by themselves is assumed, not measured, so only large \
              changes can be told from noise. Record at least 5 baseline runs, better 10"
            .to_owned(),
        runs if (1..BASELINES_SETTLED).contains(&runs) => {
            format!("provisional: only {runs} baseline runs; with 10 of them smaller changes can be told from noise")
        }
        _ => return Vec::new(),
    };
    vec![note]
}

/// Variances between and within runs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct StoredNoise {
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

impl StoredNoise {
    /// The noise that one run can be expected to have against so many stored ones. Where it is known what runs differ by, the
    /// noise within them is a part of that.
    fn expected(foreseen: &Foreseen) -> Self {
        // A run varies by half of what two differ by.
        let within = foreseen.within / 2.0;
        let known = foreseen.learned.filter(|learned| learned.df > 0.0);
        Self {
            prior: (PRIOR_SD * foreseen.scale).powi(2),
            moment: known.map(|learned| (learned.sum_of_squares / learned.df - within).max(0.0)),
            within,
            imbalance: 0.0,
            within_df: foreseen.within_df,
            baseline_runs: foreseen.baseline as f64,
            candidate_runs: 1.0,
        }
    }

    /// The noise of a sample. Half of the pool and half of the endpoint's own excess make the moment estimate.
    fn of(sample: &Sample<'_>, known: &Known) -> Self {
        let (baseline_runs, candidate_runs) = (sample.baseline.len() as f64, sample.candidate.len() as f64);
        let baseline = mean(sample.baseline.iter().map(|run| run.variance));
        let candidate = mean(sample.candidate.iter().map(|run| run.variance));
        Self {
            prior: (PRIOR_SD * known.scale).powi(2),
            moment: (between_df(sample) > 0.0).then(|| f64::midpoint(known.pool, excess(sample))),
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

    fn longer(self, factor: f64) -> Self {
        Self { within: self.within / factor, imbalance: self.imbalance / factor, within_df: self.within_df * factor, ..self }
    }
}

impl Noise for StoredNoise {
    fn standard_error(&self) -> f64 {
        let run = self.between() + self.within;
        (run / self.baseline_runs + run / self.candidate_runs + self.imbalance / self.candidate_runs).sqrt()
    }

    /// Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics 2 (1946).
    fn df(&self) -> f64 {
        let (between, within) = (self.between(), self.within);
        let within_df = self.within_df * (self.baseline_runs + self.candidate_runs);
        (between + within).powi(2) / (between.powi(2) / (PRIOR_DF + self.learned_df()) + within.powi(2) / within_df)
    }

    fn means(&self) -> &'static [Means] {
        &[Means::Longer, Means::Baselines, Means::Candidates]
    }

    fn with(&self, means: Means, amount: f64) -> Option<Box<dyn Noise>> {
        let noise = match means {
            Means::Longer => self.longer(amount),
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
    use crate::compare::{shift::Shift, summary::Estimate};

    fn case() -> serde_json::Value {
        let all: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/reference-values.json")).unwrap();
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
            let estimate = |(ln, variance)| Estimate { variance, df: 11.0, ..Estimate::new(ln, 1e3, Vec::new(), &[]) };
            pairs.map(estimate).collect()
        };
        let (baseline, candidate): (Vec<Estimate>, Vec<Estimate>) = (runs("yb", "s2b"), runs("yh", "s2h"));
        let sample = Sample { baseline: baseline.iter().collect(), candidate: candidate.iter().collect() };
        let pool = 2.0 * number("tau_mom2") - excess(&sample);
        let noise = StoredNoise::of(&sample, &Known { scale: 1.0, pool, learned: None });
        let shift = Shift::of(&sample, &noise);
        for (actual, name) in [
            (noise.between() + noise.within, "V"),
            (shift.df, "df"),
            (shift.estimate, "d"),
            (shift.standard_error, "se"),
            (shift.p_up(), "p_up"),
            (shift.upper(0.05), "U95"),
            (shift.mde(number("mde80_alpha")), "mde"),
        ] {
            assert!((actual / number(name) - 1.0).abs() < 1e-9, "{name}: {actual} is not {}", number(name));
        }
    }

    #[test]
    fn more_of_anything_makes_smaller_changes_visible() {
        let noise = StoredNoise {
            prior: 0.0025,
            moment: Some(0.001),
            within: 0.002,
            imbalance: 0.0,
            within_df: 11.0,
            baseline_runs: 3.0,
            candidate_runs: 1.0,
        };
        for (means, amount) in [(Means::Longer, 2.0), (Means::Baselines, 6.0), (Means::Candidates, 2.0)] {
            assert!(noise.with(means, amount).unwrap().mde(5e-4) < noise.mde(5e-4), "{means:?}");
        }
        assert!(noise.with(Means::Replicates, 6.0).is_none());
    }
}
