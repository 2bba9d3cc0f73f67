//! A run of one endpoint's scenarios alone, for measuring again what was mended.

use sha2::{Digest as _, Sha256};

use super::Resolved;
use crate::plan::{Load, Scenario};

impl Resolved {
    /// The same with the scenarios of one endpoint alone, and what is promised of the others left out; `None` for a name that no measured
    /// endpoint has. Of a rate the scenarios get the share they have in the whole: the arrivals of the others do nothing. Users all
    /// play what is left.
    #[must_use]
    pub fn only(mut self, endpoint: &str) -> Option<Self> {
        let workload = &mut self.plan.workload;
        let id = workload.endpoints.iter().position(|known| known.name == endpoint).filter(|id| workload.is_measured(*id))?;
        let is_of_it = |scenario: &Scenario| scenario.requests().any(|step| step.endpoint == id);
        if self.plan.stages.iter().any(|stage| matches!(stage.load, Load::Users(_))) {
            workload.scenarios.retain(is_of_it);
        } else {
            for scenario in workload.scenarios.iter_mut().filter(|scenario| !is_of_it(scenario)) {
                [&mut scenario.setup, &mut scenario.steps, &mut scenario.teardown].into_iter().for_each(Vec::clear);
            }
        }
        // It is other work than the whole: neither is compared with a baseline of the other.
        let digest = Sha256::digest(format!("{} only {endpoint}", workload.hash));
        workload.hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let kept: Vec<&Scenario> = workload.scenarios.iter().filter(|scenario| is_of_it(scenario)).collect();
        let is_kept = |scope: &str| {
            kept.iter().any(|scenario| {
                scenario.name == scope || scenario.requests().any(|step| workload.endpoints[step.endpoint].name == scope)
            })
        };
        self.policy.thresholds.retain(|threshold| threshold.scope.as_deref().is_none_or(is_kept));
        Some(self)
    }
}
