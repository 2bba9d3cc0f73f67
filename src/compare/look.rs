//! When a comparison side by side is looked at before its end, and what each look may spend of the chances of error.

use super::pairing::REPLICATES_MIN;
use crate::stats::spending;

/// Chance of calling a change equivalent to none that is beyond the tolerance.
const BETA: f64 = 0.05;

/// Shares of the replicates after which one looks, as numerator and denominator, and the share of alpha that the look is
/// made at. The levels are those of O'Brien and Fleming: together they cost 0.92 to 1.02 of alpha.
const LOOKS: [((usize, usize), f64); 4] = [((1, 2), 0.02), ((2, 3), 0.10), ((5, 6), 0.30), ((1, 1), 0.84)];
/// Share of the chances of error that is kept for replicates which may be added.
const EXTENSION: f64 = 0.25;
/// Shares of a single pair's time after which one looks.
const PAIR_LOOKS: [(usize, usize); 4] = [(1, 4), (1, 2), (3, 4), (1, 1)];
/// Fewest blocks of a single pair that are worth a look.
const PAIR_BLOCKS_MIN: usize = 6;

/// What a comparison is played in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Replicates, or runs.
    Replicate,
    /// The blocks of a single pair.
    Block,
}

/// One look at a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// What is counted.
    pub part: Part,
    /// How many of them it is made after.
    pub used: usize,
    /// How many were planned.
    pub planned: usize,
    /// Chance of a false alarm that it may spend.
    pub alpha: f64,
    /// Chance of a wrong "equivalent" that it may spend.
    pub beta: f64,
}

impl Look {
    /// The only look, at the end.
    #[must_use]
    pub fn only(planned: usize, alpha: f64) -> Self {
        Self { part: Part::Replicate, used: planned, planned, alpha, beta: BETA }
    }

    /// Whether nothing is left to wait for.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.used >= self.planned
    }
}

/// The looks at so many replicates, the last one at their end. Where few replicates make two looks one, the later one's level
/// counts; a single look has all of alpha.
#[must_use]
pub fn looks(replicates: usize, alpha: f64) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    for ((part, of), share) in LOOKS {
        let used = (replicates * part).div_ceil(of).max(REPLICATES_MIN).min(replicates);
        looks.retain(|look| look.used != used);
        looks.push(Look { used, alpha: alpha * share, ..Look::only(replicates, alpha) });
    }
    if looks.len() == 1 { vec![Look::only(replicates, alpha)] } else { looks }
}

/// The looks at so many replicates, to which others may be added where these leave the verdict open: one more look, at the end of
/// all of them. It has a part of alpha for itself that the others do without, so that the chance of a false alarm stays what it is
/// however the decision to go on is made.
#[must_use]
pub fn looks_with_extension(replicates: usize, extension: usize, early_stop: bool, alpha: f64) -> Vec<Look> {
    let planned = if extension > 0 { alpha * (1.0 - EXTENSION) } else { alpha };
    let mut all = if early_stop { looks(replicates, planned) } else { vec![Look::only(replicates, planned)] };
    if extension > 0 {
        let beta = BETA * (1.0 - EXTENSION);
        all.iter_mut().for_each(|look| look.beta = beta);
        all.push(Look { beta: BETA * EXTENSION, ..Look::only(replicates + extension, alpha * EXTENSION) });
    }
    all
}

/// The looks at a single pair of so many blocks: each may spend what the spending function grants since the one before.
#[must_use]
pub fn looks_of_pair(blocks: usize, alpha: f64) -> Vec<Look> {
    let mut looks = Vec::new();
    let (mut spent_alpha, mut spent_beta) = (0.0, 0.0);
    for (part, of) in PAIR_LOOKS {
        let used = (blocks * part).div_ceil(of);
        if used < PAIR_BLOCKS_MIN && part < of {
            continue;
        }
        let t = part as f64 / of as f64;
        let (granted_alpha, granted_beta) = (spending::obrien_fleming(alpha, t), spending::obrien_fleming(BETA, t));
        let (alpha, beta) = (granted_alpha - spent_alpha, granted_beta - spent_beta);
        looks.push(Look { part: Part::Block, used, planned: blocks, alpha, beta });
        (spent_alpha, spent_beta) = (granted_alpha, granted_beta);
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(looks: &[Look]) -> Vec<usize> {
        looks.iter().map(|look| look.used).collect()
    }

    fn shares(looks: &[Look], alpha: f64) -> Vec<f64> {
        looks.iter().map(|look| (look.alpha / alpha * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn six_replicates_are_looked_at_after_three_four_five_and_six() {
        let looks = looks(6, 0.01);
        assert_eq!(after(&looks), [3, 4, 5, 6]);
        assert_eq!(shares(&looks, 0.01), [0.02, 0.10, 0.30, 0.84]);
        assert_eq!(looks.iter().map(Look::is_last).collect::<Vec<_>>(), [false, false, false, true]);
    }

    #[test]
    fn looks_that_fall_together_are_one_and_none_is_before_the_third_replicate() {
        let of = |replicates| {
            let looks = looks(replicates, 0.05);
            (after(&looks), shares(&looks, 0.05))
        };
        assert_eq!(of(3), (vec![3], vec![1.0]));
        assert_eq!(of(4), (vec![3, 4], vec![0.10, 0.84]));
        assert_eq!(of(5), (vec![3, 4, 5], vec![0.02, 0.10, 0.84]));
        assert_eq!(of(10), (vec![5, 7, 9, 10], vec![0.02, 0.10, 0.30, 0.84]));
        assert_eq!(of(1), (vec![1], vec![1.0]));
    }

    #[test]
    fn looks_at_a_pair_spend_alpha_and_beta_and_no_more() {
        let looks = looks_of_pair(24, 0.01);
        assert_eq!(after(&looks), [6, 12, 18, 24]);
        let sum = |of: fn(&Look) -> f64| looks.iter().map(of).sum::<f64>();
        assert!((sum(|look| look.alpha) - 0.01).abs() < 1e-12 && (sum(|look| look.beta) - 0.05).abs() < 1e-12);
        let first = &looks[0];
        assert!((first.alpha / 2.5819272972327594e-7 - 1.0).abs() < 1e-9, "{first:?}");
        assert!((first.beta / 8.85754383214038e-5 - 1.0).abs() < 1e-9, "{first:?}");
    }

    #[test]
    fn what_may_be_added_has_a_part_of_alpha_of_its_own() {
        let extended = looks_with_extension(6, 3, true, 0.01);
        assert_eq!(after(&extended), [3, 4, 5, 6, 9]);
        assert_eq!(shares(&extended, 0.01), [0.015, 0.075, 0.225, 0.63, 0.25]);
        assert_eq!(extended.iter().map(Look::is_last).collect::<Vec<_>>(), [false, false, false, true, true]);
        let [planned, added] = looks_with_extension(6, 3, false, 0.01)[..] else { panic!("two looks") };
        assert!((planned.alpha + added.alpha - 0.01).abs() < 1e-12 && (planned.beta + added.beta - BETA).abs() < 1e-12);
        assert_eq!(looks_with_extension(6, 0, true, 0.01), looks(6, 0.01));
        assert_eq!(looks_with_extension(6, 0, false, 0.01), [Look::only(6, 0.01)]);
    }

    #[test]
    fn a_short_pair_is_not_looked_at_before_six_blocks() {
        let looks = looks_of_pair(10, 0.01);
        assert_eq!(after(&looks), [8, 10]);
        assert!((looks.iter().map(|look| look.alpha).sum::<f64>() - 0.01).abs() < 1e-12);
    }
}
