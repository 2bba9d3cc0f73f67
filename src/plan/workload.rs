//! Who asks for what: weighted scenarios of steps.

use super::{ScenarioId, Step};

/// All scenarios of a plan.
#[derive(Clone, Debug)]
pub struct Workload {
    /// In the order of the configuration.
    pub scenarios: Vec<Scenario>,
    /// Metric names with what they stand for; steps of equal name share one.
    pub endpoints: Vec<Endpoint>,
    /// SHA-256 over names, weights and requests.
    pub hash: String,
}

/// One kind of user.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// From the configuration.
    pub name: String,
    /// Share of the arrivals, relative to the other scenarios.
    pub weight: u32,
    /// What one arrival does, in order.
    pub steps: Vec<Step>,
}

/// A metric name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The metric name.
    pub name: String,
    /// Scenario of its (first) step.
    pub scenario: String,
    /// `GET /api/items`, as written.
    pub request: String,
}

impl Workload {
    /// The scenario that arrival `n` of a run plays: weighted, and the same for equal seeds whatever thread asks.
    #[must_use]
    pub fn scenario_of(&self, seed: u64, n: u64) -> ScenarioId {
        if self.scenarios.len() == 1 {
            return 0;
        }
        let total: u64 = self.scenarios.iter().map(|scenario| u64::from(scenario.weight)).sum();
        let mut draw = ((u128::from(split_mix(seed ^ split_mix(n))) * u128::from(total.max(1))) >> 64) as u64;
        for (id, scenario) in self.scenarios.iter().enumerate() {
            match draw.checked_sub(u64::from(scenario.weight)) {
                Some(rest) => draw = rest,
                None => return id,
            }
        }
        self.scenarios.len().saturating_sub(1)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): spreads a counter over 64 bits.
fn split_mix(n: u64) -> u64 {
    let z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(weights: &[u32]) -> Workload {
        let scenarios = weights.iter().map(|&weight| Scenario { name: String::new(), weight, steps: Vec::new() }).collect();
        Workload { scenarios, endpoints: Vec::new(), hash: String::new() }
    }

    #[test]
    fn equal_seeds_give_equal_sequences_and_other_seeds_others() {
        let workload = workload(&[3, 1, 1]);
        let sequence = |seed| (0..200).map(|n| workload.scenario_of(seed, n)).collect::<Vec<_>>();
        assert_eq!(sequence(42), sequence(42));
        assert_ne!(sequence(42), sequence(43));
    }

    #[test]
    fn scenarios_come_in_proportion_to_their_weights() {
        let workload = workload(&[7, 2, 1]);
        let mut seen = [0_u32; 3];
        (0..100_000).for_each(|n| seen[workload.scenario_of(1, n)] += 1);
        for (count, expected) in seen.into_iter().zip([70_000.0, 20_000.0, 10_000.0]) {
            assert!((f64::from(count) - expected).abs() < 500.0, "{seen:?}");
        }
    }
}
