//! Holds a latency by changing the rate (`load.model: adaptive`). Pure arithmetic.
//!
//! With e = p95 - target in milliseconds, the stage's rate is multiplied by a factor, adjusted every few seconds:
//! ```text
//!   base   factor = min(ceiling, max(floor, 1 - 0.01 e))                       proportional: how far from the target, so far
//!   step   factor = factor before + max(-0.5, min(0.2, -0.001 e))              integral: on until the target is met
//! ```
//! The first one settles where the latency rises gently with the rate (by less than 100 ms from no load to the stage's rate), a
//! little beside the target; the second one on the target itself. Both stay between floor and ceiling.

use std::time::Duration;

use crate::plan::{Adaptive, Formula};

/// The factor of a run.
#[derive(Debug)]
pub(super) struct AdaptiveRate {
    rules: Adaptive,
    factor: f64,
    next: Duration,
}

impl AdaptiveRate {
    /// Begins with the rate of the stage.
    pub(super) fn new(rules: Adaptive) -> Self {
        let next = rules.every;
        Self { rules, factor: 1.0, next }
    }

    /// Time over which the p95 is taken.
    pub(super) fn window(&self) -> Duration {
        self.rules.window
    }

    /// Time between two adjustments.
    pub(super) fn every(&self) -> Duration {
        self.rules.every
    }

    /// Whether it is time to adjust.
    pub(super) fn is_due(&self, moment: Duration) -> bool {
        moment >= self.next
    }

    /// The factor from now on. Without any request since the last adjustment there is nothing to go by, and it stays.
    pub(super) fn adjust(&mut self, moment: Duration, p95_ms: Option<f64>) -> f64 {
        self.next = moment + self.rules.every;
        if let Some(p95_ms) = p95_ms {
            self.factor = next_factor(&self.rules, self.factor, p95_ms);
        }
        self.factor
    }
}

fn next_factor(rules: &Adaptive, before: f64, p95_ms: f64) -> f64 {
    let excess = p95_ms - rules.target.as_secs_f64() * 1e3;
    let factor = match rules.formula {
        Formula::Base => 1.0 - 0.01 * excess,
        Formula::Step => before + (-excess / 1_000.0).clamp(-0.5, 0.2),
    };
    factor.max(rules.floor).min(rules.ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(formula: Formula) -> Adaptive {
        Adaptive { formula, ..Adaptive::default() }
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual}, expected {expected}");
    }

    #[test]
    fn the_base_formula_is_proportional_between_floor_and_ceiling() {
        for (p95, factor) in [(200.0, 1.0), (190.0, 1.1), (180.0, 1.2), (10.0, 1.2), (230.0, 0.7), (250.0, 0.5), (9e9, 0.5)] {
            assert_close(next_factor(&rules(Formula::Base), 0.77, p95), factor);
        }
        assert_close(next_factor(&rules(Formula::Base), 1.0, f64::INFINITY), 0.5);
    }

    #[test]
    fn the_step_formula_adds_to_the_last_factor() {
        let step = |before, p95| next_factor(&rules(Formula::Step), before, p95);
        assert_close(step(0.8, 200.0), 0.8);
        assert_close(step(0.8, 100.0), 0.9);
        assert_close(step(0.8, 300.0), 0.7);
        assert_close(step(1.1, 0.0), 1.2);
        assert_close(step(1.2, f64::INFINITY), 0.7);
        assert_close(step(0.6, 5_000.0), 0.5);
    }

    #[test]
    fn nothing_measured_changes_nothing_and_adjustments_come_every_few_seconds() {
        let mut rate = AdaptiveRate::new(rules(Formula::Base));
        let seconds = Duration::from_secs;
        assert!(!rate.is_due(seconds(4)) && rate.is_due(seconds(5)));
        assert_close(rate.adjust(seconds(5), Some(220.0)), 0.8);
        assert!(!rate.is_due(seconds(9)) && rate.is_due(seconds(10)));
        assert_close(rate.adjust(seconds(10), None), 0.8);
    }

    /// The p95 in milliseconds that settles in, where one server with exponential service times is asked at random (M/M/1: the
    /// time in the system is exponential with rate `served - asked`).
    fn settled(formula: Formula, base: f64, served: f64) -> (f64, f64) {
        let rules = rules(formula);
        let mut factor = 1.0;
        let p95 = |factor: f64| match served - base * factor {
            free if free > 0.0 => -0.05_f64.ln() / free * 1e3,
            _ => f64::INFINITY,
        };
        let last: Vec<f64> = (0..200)
            .map(|_| {
                factor = next_factor(&rules, factor, p95(factor));
                p95(factor)
            })
            .skip(190)
            .collect();
        (last.iter().copied().fold(f64::INFINITY, f64::min), last.iter().copied().fold(0.0, f64::max))
    }

    #[test]
    fn on_a_queueing_target_the_latency_settles_near_the_target() {
        for (formula, base, served) in [(Formula::Base, 6.0, 20.0), (Formula::Step, 100.0, 100.0), (Formula::Step, 6.0, 20.0)] {
            let (least, most) = settled(formula, base, served);
            assert!(least > 195.0 && most < 210.0, "{formula:?} at {base}/s of {served}/s: {least} to {most} ms");
        }
    }

    #[test]
    fn the_base_formula_swings_where_the_latency_rises_steeply_and_the_step_formula_does_not() {
        let (least, most) = settled(Formula::Base, 100.0, 100.0);
        assert!(most > 2.0 * least, "{least} to {most} ms");
    }
}
