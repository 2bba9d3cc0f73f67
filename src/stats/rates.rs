//! Comparing two rates of rare events. Counts are real-valued, because they are divided by a design effect first.

use super::beta;

/// Smallest count the beta function is asked about; it needs positive shapes.
const COUNT_MIN: f64 = 1e-9;

/// Events among trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Events.
    pub events: f64,
    /// Trials, at least `events` and more than 0.
    pub trials: f64,
}

impl Rate {
    /// Events per trial.
    #[must_use]
    pub fn share(self) -> f64 {
        self.events / self.trials
    }

    /// The same share on `1 / design_effect` of the evidence.
    #[must_use]
    pub fn deflated(self, design_effect: f64) -> Self {
        Self { events: self.events / design_effect, trials: self.trials / design_effect }
    }
}

/// Chance of at least as many events on the candidate's side if both rates were equal: given all events, the candidate's
/// are binomial with its share of the trials. Needs no special case for a baseline without events.
///
/// Source: Przyborowski and Wilenski, Biometrika 31 (1940), continued to real counts by the incomplete beta function.
#[must_use]
pub fn conditional_binomial(candidate: Rate, baseline: Rate) -> f64 {
    if candidate.events <= 0.0 {
        return 1.0;
    }
    let pi = candidate.trials / (candidate.trials + baseline.trials);
    beta::regularized(candidate.events.max(COUNT_MIN), baseline.events + 1.0, pi)
}

/// One bound of a Jeffreys interval: the rate that is above the true one with chance `p`; 0 below when nothing happened.
///
/// Source: Brown, Cai and DasGupta, Statistical Science 16 (2001).
#[must_use]
pub fn jeffreys(rate: Rate, p: f64) -> f64 {
    if p < 0.5 && rate.events <= 0.0 {
        return 0.0;
    }
    beta::quantile(p, rate.events + 0.5, (rate.trials - rate.events).max(0.0) + 0.5)
}

/// Upper bound of candidate's rate minus baseline's, one-sided with confidence `p`.
///
/// Source: MOVER, Zou and Donner, Statistics in Medicine 27 (2008): the distances of two single bounds add in squares.
#[must_use]
pub fn difference_upper(candidate: Rate, baseline: Rate, p: f64) -> f64 {
    let (share1, share0) = (candidate.share(), baseline.share());
    let up = jeffreys(candidate, p) - share1;
    let down = share0 - jeffreys(baseline, 1.0 - p);
    share1 - share0 + up.hypot(down)
}

/// Lower bound of the same difference.
#[must_use]
pub fn difference_lower(candidate: Rate, baseline: Rate, p: f64) -> f64 {
    -difference_upper(baseline, candidate, p)
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, number, rows},
        *,
    };

    #[test]
    fn the_conditional_test_agrees_with_the_reference() {
        for row in rows("cond_binom_rate_test") {
            let candidate = Rate { events: number(&row, "x1"), trials: number(&row, "n1") };
            let baseline = Rate { events: number(&row, "x0"), trials: number(&row, "n0") };
            assert_close(conditional_binomial(candidate, baseline), number(&row, "p"), &row);
        }
    }

    #[test]
    fn jeffreys_bounds_agree_with_the_reference() {
        for row in rows("jeffreys_upper_95") {
            let rate = Rate { events: number(&row, "x"), trials: number(&row, "n") };
            assert_close(jeffreys(rate, 0.95), number(&row, "u"), &row);
        }
        assert_eq!(jeffreys(Rate { events: 0.0, trials: 10.0 }, 0.05), 0.0);
    }

    #[test]
    fn the_bounds_of_a_difference_enclose_it_and_mirror_each_other() {
        let (a, b) = (Rate { events: 14.0, trials: 3000.0 }, Rate { events: 9.0, trials: 9000.0 });
        let difference = a.share() - b.share();
        assert!(difference_lower(a, b, 0.95) < difference && difference < difference_upper(a, b, 0.95));
        assert_close(difference_lower(a, b, 0.95), -difference_upper(b, a, 0.95), "mirror");
    }
}
