//! What a user should know whose connections take any message for the reply: one that comes after its time is taken for the reply to the
//! round after it, whose latency is then too small.

use crate::{
    plan::{EndpointId, SocketScenario, SocketStep, Wanted, Workload},
    policy::{Metric, Threshold},
};

/// A note for each scenario that plays such rounds over and over, unless replies that do not come break a promise anyway.
pub(super) fn notes(workload: &Workload, thresholds: &[Threshold]) -> Vec<String> {
    let name = |endpoint: EndpointId| workload.endpoints.get(endpoint).map_or("", |endpoint| endpoint.name.as_str());
    let is_promised = |name: &str| {
        thresholds.iter().any(|threshold| {
            threshold.scope.as_deref() == Some(name) && matches!(threshold.metric, Metric::ErrorRate | Metric::Errors(_))
        })
    };
    let takes_any = |step: &SocketStep| match step {
        SocketStep::Expect(expect) if expect.measured && matches!(expect.wanted, Wanted::Any) => Some(name(expect.endpoint)),
        _ => None,
    };
    let note = |scenario: &SocketScenario| {
        let endpoint = scenario.steps.iter().filter_map(takes_any).find(|name| !is_promised(name))?;
        Some(format!(
            "'{endpoint}' takes any message for the reply: one that comes after its time is taken for the next round's, whose latency is \
             then too small. Let each round wait for its own: send something that comes back, such as \
             `json: {{ id: \"{{{{ iteration }}}}\" }}`, and write the same into `expect`. Else let `within` be longer than any \
             reply takes, and promise `{endpoint}.errors.timeout.message < 0.1%`"
        ))
    };
    workload.sockets.iter().filter(|scenario| scenario.rate.is_some()).filter_map(note).collect()
}
