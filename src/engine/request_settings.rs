//! How the requests of a plan are made, whatever they ask for: templates, time limits, retries.

use std::time::Duration;

use super::traces::Traces;
use crate::{
    plan::{Backoff, Plan, Templates},
    record::ErrorClass,
};

/// What the requests of one thread share.
#[derive(Debug)]
pub(super) struct RequestSettings {
    pub(super) templates: Templates,
    /// Where a request has no time of its own.
    pub(super) timeout: Duration,
    retries: u32,
    retried: Vec<ErrorClass>,
    /// Pauses before failed attempts are repeated.
    pub(super) backoff: Backoff,
    /// Where requests are sent with ids.
    pub(super) traces: Option<Traces>,
}

impl RequestSettings {
    pub(super) fn new(plan: &Plan) -> Self {
        let retries = &plan.http.retries;
        Self {
            templates: plan.workload.templates.clone(),
            timeout: plan.http.timeouts.request,
            retries: retries.max,
            retried: retries.on.clone(),
            backoff: retries.backoff.clone(),
            traces: plan.http.traces.then(Traces::default),
        }
    }

    /// Whether a failure is tried again after so many repetitions.
    pub(super) fn tries_again(&self, class: ErrorClass, repetitions: u32) -> bool {
        repetitions < self.retries && self.retried.contains(&class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> RequestSettings {
        RequestSettings {
            templates: Templates::default(),
            timeout: Duration::from_secs(1),
            retries: 2,
            retried: vec![ErrorClass::Status5xx],
            backoff: Backoff::default(),
            traces: None,
        }
    }

    #[test]
    fn only_what_is_named_is_tried_again_and_only_so_often() {
        let tries = |class, repetitions| settings().tries_again(class, repetitions);
        assert!(tries(ErrorClass::Status5xx, 0) && tries(ErrorClass::Status5xx, 1) && !tries(ErrorClass::Status5xx, 2));
        assert!(!tries(ErrorClass::CheckFailed, 0));
    }
}
