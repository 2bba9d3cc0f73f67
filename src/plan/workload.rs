//! Who asks for what: weighted scenarios of steps.

use std::{collections::BTreeMap, sync::Arc};

use super::{EndpointId, Feed, Feeder, Names, RequestStep, ScenarioId, SocketScenario, Step, Templates};

/// All scenarios of a plan.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// In the order of the configuration.
    pub scenarios: Vec<Scenario>,
    /// Those that have WebSocket connections of their own, likewise.
    pub sockets: Vec<SocketScenario>,
    /// Metric names with what they stand for; steps of equal name share one.
    pub endpoints: Vec<Endpoint>,
    /// Templates of all requests.
    pub templates: Templates,
    /// What templates can name in every scenario: `env`, and feeders that nobody takes rows of.
    pub names: Arc<Names>,
    /// Rows of data.
    pub feeders: Vec<Feeder>,
    /// SHA-256 over names, weights and requests.
    pub hash: String,
    /// Line of the configuration that each endpoint first stands at, where it has one, for annotations.
    pub lines: BTreeMap<EndpointId, u64>,
}

/// One kind of user.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// From the configuration.
    pub name: String,
    /// Share of the arrivals, relative to the other scenarios.
    pub weight: u32,
    /// From 1 to 10; where load is shed, scenarios of low priority go first.
    pub priority: u8,
    /// Feeders that rows are taken of.
    pub feeds: Vec<Feed>,
    /// What a user does once, before its first iteration.
    pub setup: Vec<Step>,
    /// What one arrival does, in order.
    pub steps: Vec<Step>,
    /// What a user does once, at the end of the run.
    pub teardown: Vec<Step>,
}

impl Default for Scenario {
    fn default() -> Self {
        let (setup, steps, teardown) = (Vec::new(), Vec::new(), Vec::new());
        Self { name: String::new(), weight: 1, priority: 5, feeds: Vec::new(), setup, steps, teardown }
    }
}

impl Scenario {
    /// All requests of the scenario, those of setup and teardown included.
    pub fn requests(&self) -> impl Iterator<Item = &RequestStep> {
        self.setup.iter().chain(&self.steps).chain(&self.teardown).filter_map(Step::request)
    }
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
    /// Services and stores it needs, as said.
    pub depends_on: Vec<String>,
}

impl Workload {
    /// Whether anything is recorded of an endpoint; requests of `measure: false` alone are not.
    #[must_use]
    pub fn is_measured(&self, endpoint: EndpointId) -> bool {
        self.scenarios.iter().flat_map(Scenario::requests).any(|step| step.endpoint == endpoint && step.measured)
            || self.is_of_socket(endpoint)
    }

    /// Whether an endpoint counts what need not happen: connections that are lost.
    #[must_use]
    pub fn is_occasional(&self, endpoint: EndpointId) -> bool {
        self.sockets.iter().any(|scenario| scenario.endpoints.reconnect == endpoint) || self.is_untimed(endpoint)
    }

    /// Whether an endpoint is about connections themselves and not about what is said on them.
    #[must_use]
    pub fn is_beside(&self, endpoint: EndpointId) -> bool {
        let mut all = self.sockets.iter().map(|scenario| scenario.endpoints);
        all.any(|own| own.connect == endpoint || own.reconnect == endpoint || own.heartbeat == Some(endpoint))
            || self.is_untimed(endpoint)
    }

    /// Whether an endpoint counts what has no latency: the lives of connections.
    #[must_use]
    pub fn is_untimed(&self, endpoint: EndpointId) -> bool {
        self.sockets.iter().any(|scenario| scenario.endpoints.connection == endpoint)
    }

    /// Whether something of WebSocket connections is recorded at an endpoint.
    #[must_use]
    pub fn is_of_socket(&self, endpoint: EndpointId) -> bool {
        self.sockets.iter().flat_map(SocketScenario::measured_endpoints).any(|of| of == endpoint)
    }

    /// Whether nothing is recorded of an endpoint but what users do once, before their first iteration.
    #[must_use]
    pub fn is_setup(&self, endpoint: EndpointId) -> bool {
        let of_endpoint = |step: &&RequestStep| step.endpoint == endpoint && step.measured;
        self.is_measured(endpoint)
            && !self.is_of_socket(endpoint)
            && self.scenarios.iter().flat_map(Scenario::requests).filter(of_endpoint).all(|step| step.is_setup)
    }

    /// The endpoints that something is recorded of.
    pub fn measured_endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().enumerate().filter(|(id, _)| self.is_measured(*id)).map(|(_, endpoint)| endpoint)
    }

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

/// A number for a name: what is drawn for one of two names is not drawn for the other.
#[must_use]
pub fn realm(name: &str) -> u64 {
    name.bytes().fold(split_mix(name.len() as u64), |realm, byte| split_mix(realm ^ u64::from(byte)))
}

/// SplitMix64 (Steele, Lea, Flood 2014): spreads a counter over 64 bits.
pub(super) fn split_mix(n: u64) -> u64 {
    let z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(weights: &[u32]) -> Workload {
        let scenarios = weights.iter().map(|&weight| Scenario { weight, ..Scenario::default() }).collect();
        Workload { scenarios, ..Workload::default() }
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
