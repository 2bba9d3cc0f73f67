//! The significance test of one pair of processes, both live at the same time, where neither can be started afresh.
//!
//! Noise of the machine cancels, as it meets both alike. What two processes of one build differ by does not, and a single
//! pair can't show it: it is assumed, or learned from pairs of the same version.

use super::{Design, Foreseen, Known, replicated::ERROR_CV};
use crate::{
    compare::{
        noise::{Means, Noise},
        sample::Sample,
        trial::Trial,
    },
    policy::{Mode, Quantile},
    record::{Learned, Spread},
};

/// Standard deviation between two processes of one build that is assumed before any were seen, in ln of the median.
const PRIOR_SD: f64 = 0.02;
/// Pairs this assumption is worth.
const PRIOR_DF: f64 = 8.0;
/// Smallest standard deviation that is believed, however alike the pairs of one version were.
const LEARNED_SD_MIN: f64 = 0.005;
/// Requests beyond a quantile that an endpoint must have to count for the service as a whole.
const SERVICE_BEYOND: f64 = 10.0;

pub(super) const DESIGN: Design = Design {
    mode: Mode::Ab,
    fits: |baseline, candidate| baseline == 1 && candidate == 1,
    candidates: |_| 1,
    noise: |sample, known| Box::new(PairNoise::of(sample, known)),
    expected: |foreseen| Box::new(PairNoise::expected(foreseen)),
    is_learned: |learned| learned.pairs > 0,
    means_of_plan: Means::Longer,
    cost: |_| 1.0,
    cost_of_longer: |factor, _, candidate| (factor - 1.0) * candidate,
    pool: |_| 0.0,
    run_samples: Quantile::samples_to_compare,
    side_samples: Quantile::samples_to_compare,
    service_beyond: SERVICE_BEYOND,
    contrast_baselines: None,
    error_cv: Some(ERROR_CV),
    notes,
    unit: "run",
    again: "another run of both versions",
    much_more: "much longer runs",
    hopeless: "it takes replicates with fresh processes of both versions to see more",
    way_out: "Let loadgate start both versions itself, afresh in each replicate (`target.start`, `target.baseline_start`).",
};

fn notes(trial: &Trial<'_>) -> Vec<String> {
    let known = match trial.learned.pairs() {
        0 => "assumed, not measured".to_owned(),
        1 => "learned from 1 earlier pair of one version and assumed beyond it".to_owned(),
        pairs => format!("learned from {pairs} earlier pairs of one version"),
    };
    vec![format!(
        "one process per version: how much two processes of one version differ by themselves is {known}; replicates with fresh \
         processes would show it"
    )]
}

/// Variances of a difference within and between pairs of processes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct PairNoise {
    within: f64,
    within_df: f64,
    between: f64,
    between_df: f64,
}

impl PairNoise {
    fn of(sample: &Sample<'_>, known: &Known) -> Self {
        let (within, within_df) = sample.pairs().map(|(a, b)| (b.paired_variance(a), b.df)).next().unwrap_or((f64::NAN, 0.0));
        let (between, between_df) = between(known.scale, known.learned);
        Self { within, within_df, between, between_df }
    }

    /// The noise that a pair can be expected to have.
    fn expected(foreseen: &Foreseen) -> Self {
        let (between, between_df) = between(foreseen.scale, foreseen.learned);
        Self { within: foreseen.within, within_df: foreseen.within_df, between, between_df }
    }
}

/// Variance between two processes of one build, and its degrees of freedom. What was learned counts alone as soon as it is
/// worth as much as the assumption; a few pairs that happened to be alike must not make a gate blind to what processes do.
fn between(scale: f64, learned: Option<Learned>) -> (f64, f64) {
    let prior = (PRIOR_SD * scale).powi(2);
    let Some(learned) = learned.filter(|learned| learned.pairs > 0) else { return (prior, PRIOR_DF) };
    let pairs = f64::from(learned.pairs);
    let found = learned.excess.max(learned.pooled_excess).max((LEARNED_SD_MIN * scale).powi(2));
    let missing = (PRIOR_DF - pairs).max(0.0);
    (found.max((missing * prior + pairs * found) / (missing + pairs)), missing + pairs)
}

impl Noise for PairNoise {
    fn standard_error(&self) -> f64 {
        (self.within + self.between).sqrt()
    }

    /// Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics 2 (1946).
    fn df(&self) -> f64 {
        (self.within + self.between).powi(2) / (self.within.powi(2) / self.within_df + self.between.powi(2) / self.between_df)
    }

    fn means(&self) -> &'static [Means] {
        &[Means::Longer]
    }

    fn with(&self, means: Means, amount: f64) -> Option<Box<dyn Noise>> {
        let longer = Self { within: self.within / amount, within_df: self.within_df * amount, ..*self };
        (means == Means::Longer).then(|| Box::new(longer) as Box<dyn Noise>)
    }

    fn spread(&self, difference: f64) -> Option<Spread> {
        Some(Spread::Pair { difference_squared: difference.powi(2), error_squared: self.within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::shift::Shift;

    #[test]
    fn the_worked_example_agrees_with_the_reference() {
        let all: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/reference-values.json")).unwrap();
        let case = &all["duet_one_sample"];
        let number = |name: &str| case[name].as_f64().unwrap();
        let noise = PairNoise {
            within: number("se_blocks").powi(2),
            within_df: number("nb") - 1.0,
            between: number("tau_pair").powi(2),
            between_df: number("nu_pair"),
        };
        let shift = Shift { estimate: number("d"), standard_error: noise.standard_error(), df: noise.df() };
        for (actual, name) in [(shift.standard_error, "se"), (shift.df, "df"), (shift.p_up(), "p_up"), (shift.upper(0.05), "U95")]
        {
            assert!((actual / number(name) - 1.0).abs() < 1e-9, "{name}: {actual} is not {}", number(name));
        }
    }

    #[test]
    fn what_processes_differ_by_is_assumed_until_it_is_learned() {
        let close = |found: (f64, f64), expected: (f64, f64)| {
            assert!((found.0.sqrt() - expected.0).abs() < 1e-12 && found.1 == expected.1, "{found:?} {expected:?}");
        };
        let learned = |pairs, sd: f64, pooled: f64| {
            Some(Learned { pairs, excess: sd.powi(2), pooled_excess: pooled.powi(2), ..Learned::default() })
        };
        close(between(1.25, None), (0.025, 8.0));
        close(between(1.0, learned(10, 0.01, 0.005)), (0.01, 10.0));
        // The machine's processes are no better than the rest of the service's.
        close(between(1.0, learned(10, 0.004, 0.03)), (0.03, 10.0));
        close(between(2.0, learned(12, 0.0, 0.0)), (0.01, 12.0));
        // Two pairs that were alike do not undo the assumption, two that were not do.
        close(between(1.0, learned(2, 0.0, 0.0)), (((6.0 * 4e-4 + 2.0 * 25e-6) / 8.0_f64).sqrt(), 8.0));
        close(between(1.0, learned(2, 0.1, 0.0)), (0.1, 8.0));
    }

    #[test]
    fn time_helps_only_against_noise_within_the_pair() {
        let noise = PairNoise { within: 0.0004, within_df: 23.0, between: 0.0004, between_df: 8.0 };
        let longer = noise.with(Means::Longer, 1e9).unwrap();
        assert!(longer.mde(5e-4) < noise.mde(5e-4) && (longer.standard_error() - 0.02).abs() < 1e-6);
        assert!(noise.with(Means::Replicates, 6.0).is_none());
    }
}
