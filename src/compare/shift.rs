//! A difference of two logarithms and how sure it is. More is worse: of what is better when higher, the inverse is taken.

use super::{noise::Noise, sample::Sample};
use crate::stats::student_t;

/// Chance of a miss the minimum detectable effect is stated for: 80 % power.
const POWER: f64 = 0.8;

/// Candidate minus baseline in natural logarithms, with a t-distributed error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    /// Estimated difference.
    pub estimate: f64,
    /// Its standard error, more than 0.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
}

impl Shift {
    /// How far the candidate is from the baseline, and how sure that is.
    pub(super) fn of(sample: &Sample<'_>, noise: &dyn Noise) -> Self {
        let (baseline, candidate) = sample.levels();
        Self { estimate: candidate - baseline, standard_error: noise.standard_error(), df: noise.df() }
    }

    /// One-sided p-value of "slower".
    pub(super) fn p_up(&self) -> f64 {
        student_t::sf(self.estimate / self.standard_error, self.df)
    }

    /// One-sided p-value of "faster".
    pub(super) fn p_down(&self) -> f64 {
        student_t::cdf(self.estimate / self.standard_error, self.df)
    }

    /// The growth as a fraction: 0.1 = 10 % more.
    pub(super) fn change(&self) -> f64 {
        self.estimate.exp_m1()
    }

    /// What the shift stays below but for a chance of `beta`, in logarithms.
    pub(super) fn upper(&self, beta: f64) -> f64 {
        self.estimate + student_t::upper_quantile(beta, self.df) * self.standard_error
    }

    /// Two-sided 95 % interval, in logarithms.
    pub(super) fn bounds(&self) -> (f64, f64) {
        let half = student_t::quantile(0.975, self.df) * self.standard_error;
        (self.estimate - half, self.estimate + half)
    }

    /// The smallest change a test at that level would find with 80 % chance, as a fraction.
    pub(super) fn mde(&self, level: f64) -> f64 {
        minimum_detectable(self.standard_error, self.df, level)
    }
}

/// exp((t_(1 - level) + t_(0.8)) SE) - 1.
pub(super) fn minimum_detectable(standard_error: f64, df: f64, level: f64) -> f64 {
    ((student_t::upper_quantile(level, df) + student_t::quantile(POWER, df)) * standard_error).exp_m1()
}
