//! Is the baseline that was played beside the candidate a measurement to compare with?

use super::{ValidityCheck, VerdictKind, breaker, finding::Finding, unmeasured, validity};
use crate::{
    policy::Policy,
    record::{EndpointSeries, RunRecord, Window},
};

/// What must hold for the baseline, too; nothing where none was played. Whether all stages were played and how the generator fared
/// is the same for both versions, and is checked on the candidate.
pub(super) fn checks(baseline: &[RunRecord], policy: &Policy) -> Vec<ValidityCheck> {
    if baseline.is_empty() {
        return Vec::new();
    }
    let of_baseline = |check: &'static str, found: ValidityCheck| {
        let reason = format!("baseline: {}", found.reason);
        ValidityCheck { check, reason, ..found }
    };
    vec![
        of_baseline("baseline_reachable", validity::target_reachable(baseline)),
        answers(baseline),
        of_baseline("baseline_circuit_breaker", breaker::check(baseline, &policy.validity)),
        of_baseline("baseline_achieved_rate", validity::achieved_rate(baseline, &policy.validity)),
    ]
}

/// Whether any request to each run of the baseline was a success: without one there is nothing to compare with.
fn answers(baseline: &[RunRecord]) -> ValidityCheck {
    let totals = baseline.iter().map(|run| {
        let windows = || run.endpoints.iter().flat_map(EndpointSeries::windows);
        let requests: u64 = windows().map(|window| window.requests).sum();
        let errors: u64 = windows().map(Window::error_count).sum();
        (requests, requests.saturating_sub(errors))
    });
    let worst = totals.min_by_key(|(_, good)| *good).unwrap_or_default();
    let reason = match worst {
        (0, _) => "baseline: no request was made".to_owned(),
        (requests, 0) => format!("baseline: all {requests} requests failed, so there is nothing to compare with"),
        (requests, good) => format!("baseline: {good} of {requests} requests were answered well"),
    };
    ValidityCheck { check: "baseline_answers", ok: worst.1 > 0, value: Some(worst.1 as f64), reason }
}

/// What happened to the load of the baseline alone; what happened to the generator is told of the candidate.
pub(super) fn remarks(baseline: &[RunRecord]) -> Vec<Finding> {
    let breaker = baseline.iter().filter_map(super::remarks::breaker);
    breaker
        .chain(baseline.iter().flat_map(unmeasured::remarks))
        .map(|remark| Finding::new(VerdictKind::Warn, format!("baseline: {remark}")))
        .collect()
}
