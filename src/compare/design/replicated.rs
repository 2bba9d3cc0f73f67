//! The significance test of replicates: a fresh pair of processes in each, both versions live at the same time.
//!
//! What two processes of one build differ by is measured, not assumed: it is in the spread of the differences. Earlier
//! comparisons of the same kind have shown the same spread, and are counted in unless today's is clearly larger.

use super::{Design, Foreseen, Known};
use crate::{
    compare::{
        noise::{Means, Noise},
        pairing::REPLICATES_MIN,
        sample::{Sample, mean, sum_of_squares},
        trial::Trial,
    },
    policy::{Mode, Quantile},
    record::{Learned, Spread},
    stats::f_ratio,
};

/// Standard deviation between two processes of one build that is assumed before any were seen, in ln of the median.
const PRIOR_SD: f64 = 0.02;
/// Replicates this assumption is worth.
const PRIOR_DF: f64 = 2.0;
/// Most degrees of freedom that earlier comparisons count for: today's own must not drown.
const LEARNED_DF_MAX: f64 = 40.0;
/// P-value below which today's spread is clearly larger than the learned one.
const SET_ASIDE_P: f64 = 0.05;
/// Requests beyond a quantile that an endpoint must have in each replicate to count for the service as a whole.
const SERVICE_BEYOND: f64 = 3.0;
/// Relative standard deviation of error rates between replicates: the weather is the same for both versions.
pub(super) const ERROR_CV: f64 = 0.05;

pub(super) const DESIGN: Design = Design {
    mode: Mode::Ab,
    fits: |baseline, candidate| baseline == candidate && baseline >= REPLICATES_MIN,
    candidates: |baseline| baseline,
    noise: |sample, known| Box::new(ReplicatedNoise::of(sample, known)),
    expected: |foreseen| Box::new(ReplicatedNoise::expected(foreseen)),
    is_learned: |learned| learned.df > 0.0,
    means_of_plan: Means::Replicates,
    cost: |replicates| replicates as f64,
    cost_of_longer: |factor, _, candidate| (factor - 1.0) * candidate,
    pool: |_| 0.0,
    run_samples: Quantile::samples_min,
    side_samples: Quantile::samples_to_compare,
    service_beyond: SERVICE_BEYOND,
    contrast_baselines: None,
    error_cv: Some(ERROR_CV),
    notes,
    unit: "replicate",
    again: "another run of both versions",
    much_more: "both much longer replicates and more of them",
    hopeless: "processes of one version differ too much for any number of replicates; see what differs from start to start",
    way_out: "See what differs between two starts of one version: what they read, cache, compile, and what else runs there.",
};

fn notes(trial: &Trial<'_>) -> Vec<String> {
    match trial.learned.duets() {
        0 => Vec::new(),
        1 => vec!["noise between replicates was learned from 1 earlier comparison too".to_owned()],
        duets => vec![format!("noise between replicates was learned from {duets} earlier comparisons too")],
    }
}

/// A sum of squares and its degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Squares {
    sum: f64,
    df: f64,
}

impl Squares {
    /// What was learned, as far as it may count.
    fn offered(learned: Learned) -> Option<Self> {
        let (sum, df) = (learned.sum_of_squares, learned.df);
        let share = (LEARNED_DF_MAX / df).min(1.0);
        // A spread of nothing at all is no spread: equal latencies to the last digit.
        (sum > 0.0 && df > 0.0).then_some(Self { sum: sum * share, df: df * share })
    }

    fn variance(self) -> f64 {
        self.sum / self.df
    }

    /// The same if what is noise within the runs were divided by `factor`.
    fn longer(self, within: f64, factor: f64) -> Self {
        Self { sum: self.df * ((self.variance() - within).max(0.0) + within / factor), ..self }
    }
}

/// Variances between and within replicates.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ReplicatedNoise {
    /// Variance between two processes that is assumed beforehand.
    prior: f64,
    /// Mean variance of a difference within its replicate.
    within: f64,
    /// How the differences spread.
    own: Squares,
    /// How those of earlier comparisons did, where that is counted in.
    learned: Option<Squares>,
    set_aside: bool,
}

impl ReplicatedNoise {
    /// The noise that so many replicates can be expected to have: they will spread as those before them did or, where none were
    /// seen, as is assumed.
    fn expected(foreseen: &Foreseen) -> Self {
        let (within, learned) = (foreseen.within, foreseen.learned.and_then(Squares::offered));
        let prior = (PRIOR_SD * foreseen.scale).powi(2);
        let variance = learned.map_or(prior + within, Squares::variance);
        let df = foreseen.baseline as f64 - 1.0;
        let own = Squares { sum: variance * df, df };
        Self { prior, within: within.min(variance), own, learned, set_aside: false }
    }

    fn of(sample: &Sample<'_>, known: &Known) -> Self {
        let differences = sample.pairs().map(|(baseline, candidate)| candidate.ln - baseline.ln);
        let sum = sum_of_squares(differences.collect::<Vec<_>>().into_iter());
        let own = Squares { sum, df: sample.baseline.len() as f64 - 1.0 };
        let offered = known.learned.and_then(Squares::offered);
        let alike = |learned: &Squares| f_ratio::sf(own.variance() / learned.variance(), own.df, learned.df) >= SET_ASIDE_P;
        let learned = offered.filter(alike);
        Self {
            prior: (PRIOR_SD * known.scale).powi(2),
            within: mean(sample.pairs().map(|(baseline, candidate)| candidate.paired_variance(baseline))),
            own,
            learned,
            set_aside: offered.is_some() && learned.is_none(),
        }
    }

    fn learned(&self) -> Squares {
        self.learned.unwrap_or(Squares { sum: 0.0, df: 0.0 })
    }

    /// Variance of one difference.
    fn variance(&self) -> f64 {
        (PRIOR_DF * (self.prior + self.within) + self.learned().sum + self.own.sum) / self.df()
    }

    fn replicates(&self) -> f64 {
        self.own.df + 1.0
    }
}

impl Noise for ReplicatedNoise {
    fn standard_error(&self) -> f64 {
        (self.variance() / self.replicates()).sqrt()
    }

    fn df(&self) -> f64 {
        PRIOR_DF + self.learned().df + self.own.df
    }

    /// Replicates are the cure for noise between processes, time for noise between requests.
    fn means(&self) -> &'static [Means] {
        let between_processes = self.own.variance() - self.within;
        if between_processes > self.within { &[Means::Replicates, Means::Longer] } else { &[Means::Longer, Means::Replicates] }
    }

    fn with(&self, means: Means, amount: f64) -> Option<Box<dyn Noise>> {
        let noise = match means {
            Means::Longer => Self {
                within: self.within / amount,
                own: self.own.longer(self.within, amount),
                learned: self.learned.map(|learned| learned.longer(self.within, amount)),
                ..*self
            },
            Means::Replicates if amount >= self.replicates() => {
                let df = amount - 1.0;
                Self { own: Squares { sum: self.own.variance() * df, df }, ..*self }
            }
            Means::Replicates | Means::Baselines | Means::Candidates => return None,
        };
        Some(Box::new(noise))
    }

    fn spread(&self, _difference: f64) -> Option<Spread> {
        Some(Spread::Replicated { sum_of_squares: self.own.sum, df: self.own.df })
    }

    fn learned_is_set_aside(&self) -> bool {
        self.set_aside
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::compare::{shift::Shift, summary::Estimate};

    fn list(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    }

    /// Replicates with those differences and, in each, those residuals.
    fn noise(case: &Value, learned: Option<Learned>) -> (ReplicatedNoise, Shift) {
        let of = |ln: f64, z: &str| {
            let residuals = list(&case[z]);
            let strata = [residuals.len()];
            Estimate::new(ln, 1e3, residuals, &strata)
        };
        let differences = list(&case["d_i"]);
        let baseline: Vec<Estimate> = differences.iter().map(|_| of(2.0, "z_base")).collect();
        let candidate: Vec<Estimate> = differences.iter().map(|d| of(2.0 + d, "z_head")).collect();
        let sample = Sample { baseline: baseline.iter().collect(), candidate: candidate.iter().collect() };
        let noise = ReplicatedNoise::of(&sample, &Known { scale: 1.0, pool: 0.0, learned });
        (noise, Shift::of(&sample, &noise))
    }

    fn assert_agrees(shift: &Shift, expected: &Value) {
        for (actual, name) in [
            (shift.estimate, "d"),
            (shift.standard_error, "se"),
            (shift.df, "df"),
            (shift.p_up(), "p_up"),
            (shift.p_down(), "p_dn"),
            (shift.upper(0.05), "U"),
        ] {
            let expected = expected[name].as_f64().unwrap();
            assert!((actual / expected - 1.0).abs() < 1e-9, "{name}: {actual} is not {expected}");
        }
    }

    fn reference() -> Value {
        serde_json::from_str(include_str!("../../../tests/data/reference-values.json")).unwrap()
    }

    #[test]
    fn the_worked_example_agrees_with_the_reference() {
        let case = &reference()["replicated"];
        assert_agrees(&noise(case, None).1, &case["result"]);
    }

    #[test]
    fn learned_noise_agrees_with_the_reference_scaled_and_set_aside() {
        let mut set_aside = Vec::new();
        for case in reference()["replicated_learned"].as_array().unwrap() {
            let number = |name: &str| case["learned"][name].as_f64().unwrap();
            let learned = Learned { sum_of_squares: number("SS"), df: number("df"), ..Learned::default() };
            let (noise, shift) = noise(case, Some(learned));
            assert_agrees(&shift, &case["result"]);
            set_aside.push(noise.set_aside);
        }
        assert_eq!(set_aside, [false, true, false]);
    }

    #[test]
    fn a_learned_spread_of_nothing_is_not_believed() {
        let (noise, _) = noise(&reference()["replicated"], Some(Learned { df: 30.0, ..Learned::default() }));
        assert_eq!((noise.learned, noise.set_aside), (None, false));
    }

    #[test]
    fn noise_between_processes_asks_for_replicates_and_noise_between_requests_for_time() {
        let noise = |within: f64, sum: f64| ReplicatedNoise {
            prior: 0.0004,
            within,
            own: Squares { sum, df: 5.0 },
            learned: None,
            set_aside: false,
        };
        let (processes, requests) = (noise(0.0001, 0.02), noise(0.004, 0.02));
        assert_eq!((processes.means()[0], requests.means()[0]), (Means::Replicates, Means::Longer));
        for noise in [processes, requests] {
            for (means, amount) in [(Means::Longer, 2.0), (Means::Replicates, 9.0)] {
                assert!(noise.with(means, amount).unwrap().mde(5e-4) < noise.mde(5e-4), "{means:?}");
            }
            assert!(noise.with(Means::Replicates, 3.0).is_none() && noise.with(Means::Baselines, 9.0).is_none());
        }
        let gain = |noise: &ReplicatedNoise, means, amount| noise.mde(5e-4) / noise.with(means, amount).unwrap().mde(5e-4);
        assert!(gain(&processes, Means::Replicates, 12.0) > gain(&processes, Means::Longer, 2.0));
    }
}
