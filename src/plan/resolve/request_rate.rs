//! What a user should know who limits the rate, where an arrival may make several requests: the limits count arrivals.

use super::{
    super::{Control, Scenario, Stage, Step, Workload},
    SafetySettings,
};
use crate::units::{PerSecond, significant};

/// The note, where there is a limit and a scenario of more than one request.
pub(super) fn note(stages: &[Stage], workload: &Workload, control: &Control, safety: &SafetySettings) -> Option<String> {
    let name = match (safety.max_rate, &control.rate_limit) {
        (Some(_), _) => "safety.max_rate",
        (None, Some(_)) => "load.rate_limit",
        (None, None) => return None,
    };
    let requests = |scenario: &Scenario| scenario.steps.iter().filter_map(Step::request).count() as f64;
    if workload.scenarios.iter().all(|scenario| requests(scenario) <= 1.0) {
        return None;
    }
    let all: f64 = workload.scenarios.iter().map(|scenario| f64::from(scenario.weight)).sum();
    let per_arrival =
        workload.scenarios.iter().map(|scenario| f64::from(scenario.weight) * requests(scenario)).sum::<f64>() / all;
    let arrivals = highest(stages, control);
    Some(format!(
        "`{name}` counts arrivals, not requests: at {}, the highest rate of them, they make about {} requests a second, without setup, \
         retries and redirects",
        PerSecond(arrivals),
        significant(arrivals * per_arrival, 3)
    ))
}

/// The highest rate of arrivals, or of iterations: what users do is kept to a rate by the limit alone.
fn highest(stages: &[Stage], control: &Control) -> f64 {
    let peak = stages.iter().map(|stage| stage.load.peak_rate()).fold(0.0, f64::max) * control.peak_factor();
    let any_users = stages.iter().any(|stage| stage.load.peak_users() > 0);
    match &control.rate_limit {
        Some(limit) if any_users => limit.rate.0,
        Some(limit) => limit.rate.0.min(peak),
        None => peak,
    }
}
