//! Which scenarios go on when not all of the load can be made.

use super::{ScenarioId, Workload};

impl Workload {
    /// Share of a scenario's iterations that are made when only `kept` of the whole load is: what is shed is taken from the
    /// scenarios of the lowest priority first, from those of equal priority in proportion.
    #[must_use]
    pub fn kept_of(&self, scenario: ScenarioId, kept: f64) -> f64 {
        if kept >= 1.0 {
            return 1.0;
        }
        let weight_where = |is_meant: &dyn Fn(u8) -> bool| -> f64 {
            self.scenarios.iter().filter(|other| is_meant(other.priority)).map(|other| f64::from(other.weight)).sum()
        };
        let own = self.scenarios[scenario].priority;
        let (all, lower, equal) =
            (weight_where(&|_| true), weight_where(&|priority| priority < own), weight_where(&|priority| priority == own));
        let shed = (1.0 - kept.max(0.0)) * all;
        1.0 - ((shed - lower) / equal.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Scenario;

    #[test]
    fn the_lowest_priority_is_shed_first_and_equal_ones_alike() {
        let scenario = |weight, priority| Scenario { weight, priority, ..Scenario::default() };
        let scenarios = vec![scenario(6, 5), scenario(2, 1), scenario(2, 9)];
        let workload = Workload { scenarios, ..Workload::default() };
        let shares = |kept| [0, 1, 2].map(|id| (workload.kept_of(id, kept) * 1e9).round() / 1e9);
        assert_eq!(shares(1.0), [1.0, 1.0, 1.0]);
        assert_eq!(shares(0.9), [1.0, 0.5, 1.0], "a tenth of the load is half of the least important");
        assert_eq!(shares(0.5), [0.5, 0.0, 1.0]);
        assert_eq!(shares(0.1), [0.0, 0.0, 0.5]);
        let total = |kept| [6.0, 2.0, 2.0].iter().zip(shares(kept)).map(|(weight, share)| weight * share).sum::<f64>();
        assert!([0.9, 0.5, 0.1].into_iter().all(|kept| (total(kept) - 10.0 * kept).abs() < 1e-6), "as much as is kept is made");
    }
}
