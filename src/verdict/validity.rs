//! Is the run a measurement of the service at all?

use super::{
    Reference, ValidityCheck, VerdictKind, breaker,
    finding::Finding,
    unmeasured::why_nothing_was_asked,
    unreached::{most_frequent, why_not_reached},
};
use crate::{
    policy::{Policy, Validity},
    record::{Ended, EndpointSeries, ErrorClass, RunRecord, Window},
    units::{self, Micros},
};

/// Failures that mean that nobody was there.
const UNREACHABLE: [ErrorClass; 5] =
    [ErrorClass::ConnectRefused, ErrorClass::ConnectFailed, ErrorClass::TimeoutConnect, ErrorClass::Dns, ErrorClass::Tls];

/// Name of the check whether anybody was there.
pub(super) const TARGET_REACHABLE: &str = "target_reachable";

/// Name of the check whether all that is to be judged was asked.
pub(super) const SAMPLES: &str = "samples";

/// Name of the check of how late requests were sent.
const GENERATOR_LATE: &str = "generator_late";

/// Why an endpoint of `setup` has no request though nothing failed.
const BEFORE: &str = ": it is part of `setup`, and all users were set up before the measured stages, in a warm-up";

/// All checks, whether they hold or not.
pub(super) fn checks(candidate: &[RunRecord], reference: &Reference, policy: &Policy) -> Vec<ValidityCheck> {
    vec![
        complete(candidate),
        target_reachable(candidate),
        samples(candidate, reference, policy),
        breaker::check(candidate, &policy.validity),
        achieved_rate(candidate, &policy.validity),
        generator_late(candidate, &policy.validity),
        generator_saturated(candidate),
        open_files(candidate),
    ]
}

/// What the broken checks mean. Those that a target which failed for sure has an excuse for are remarks at most.
pub(super) fn findings(checks: &[ValidityCheck], excused: &[&str]) -> Vec<Finding> {
    let kind = |check: &ValidityCheck| match check.check {
        // What was held back is among the remarks anyway.
        breaker::CHECK if excused.contains(&breaker::CHECK) => None,
        name if excused.contains(&name) => Some(VerdictKind::Warn),
        _ => Some(VerdictKind::Invalid),
    };
    let broken = checks.iter().filter(|check| !check.ok);
    broken.filter_map(|check| Some(Finding::new(kind(check)?, &check.reason))).collect()
}

/// The checks that may be broken where the target failed for sure. Load that was held back from it, and what could not be reached because all
/// that comes before it failed, are no excuse for what it did to the rest.
pub(super) fn excused(runs: &[RunRecord], reference: &Reference, policy: &Policy) -> Vec<&'static str> {
    let silent = silent_endpoints(runs, reference, policy);
    let is_unreached = !silent.is_empty() && silent.iter().all(|series| why_not_reached(runs, &series.scenario).is_some());
    [Some(breaker::CHECK), is_unreached.then_some(SAMPLES)].into_iter().flatten().collect()
}

/// A target that answered nothing well is told of beside a generator that was no better: mending the one would show the other.
pub(super) fn failed_besides(checks: &[ValidityCheck], runs: &[RunRecord]) -> Option<Finding> {
    let broken = |name: &str| checks.iter().any(|check| check.check == name && !check.ok);
    let of_generator = ["achieved_rate", GENERATOR_LATE, "generator_saturated"].iter().any(|name| broken(name));
    let requests: u64 = windows(runs).map(|window| window.requests).sum();
    let errors: u64 = windows(runs).map(Window::error_count).sum();
    if !of_generator || broken(TARGET_REACHABLE) || requests == 0 || errors < requests {
        return None;
    }
    let most = most_frequent(windows(runs));
    let reason = format!("besides, all {requests} requests failed, most of them with {most}: that is not the generator's doing");
    Some(Finding::new(VerdictKind::Invalid, reason))
}

fn windows(runs: &[RunRecord]) -> impl Iterator<Item = &Window> {
    runs.iter().flat_map(|run| &run.endpoints).flat_map(EndpointSeries::windows)
}

fn complete(runs: &[RunRecord]) -> ValidityCheck {
    let check = |ok, reason: &str| ValidityCheck { check: "complete", ok, value: None, reason: reason.to_owned() };
    if runs.iter().any(|run| run.ended == Ended::Interrupted) {
        check(false, "the run was interrupted before its end")
    } else if let Some(run) = runs.iter().find(|run| run.ended == Ended::Aborted) {
        check(false, run.ended_because.as_deref().unwrap_or("the run was aborted before its end"))
    } else {
        check(true, "all stages were played to their end")
    }
}

pub(super) fn target_reachable(runs: &[RunRecord]) -> ValidityCheck {
    let requests: u64 = windows(runs).map(|window| window.requests).sum();
    let of_class = |class: &ErrorClass| windows(runs).filter_map(|window| window.errors.get(class)).sum::<u64>();
    let unreachable: u64 = UNREACHABLE.iter().map(of_class).sum();
    let ok = requests == 0 || unreachable < requests;
    let reason = if ok {
        format!("{unreachable} of {requests} requests found no connection")
    } else {
        let worst = UNREACHABLE.iter().max_by_key(|class| of_class(class)).map_or("", |class| class.name());
        format!("target unreachable: none of {requests} requests found a connection ({worst})")
    };
    ValidityCheck { check: TARGET_REACHABLE, ok, value: Some(unreachable as f64), reason }
}

fn samples(runs: &[RunRecord], reference: &Reference, policy: &Policy) -> ValidityCheck {
    let requests: u64 = windows(runs).map(|window| window.requests).sum();
    let silent = silent_endpoints(runs, reference, policy);
    let because = |scenario| runs.iter().find_map(|run| why_nothing_was_asked(run, scenario));
    let because = |scenario| because(scenario).map_or_else(String::new, |why| format!(": {why}"));
    let reason = match silent.first() {
        _ if requests == 0 => format!("no request was made{}", because(None)),
        None => format!("{requests} requests were made"),
        Some(first) => {
            let names: Vec<&str> = silent.iter().map(|series| series.name.as_str()).collect();
            let because = match because(Some(&first.scenario)) {
                none if none.is_empty() => match why_not_reached(runs, &first.scenario) {
                    Some(failed) => format!(", {failed}"),
                    None if first.is_setup => BEFORE.to_owned(),
                    None => none,
                },
                because => because,
            };
            format!("no request was made to {}, which is to be judged{because}", names.join(", "))
        }
    };
    ValidityCheck { check: SAMPLES, ok: requests > 0 && silent.is_empty(), value: Some(requests as f64), reason }
}

/// Endpoints that have a threshold or a baseline, and got no request in any of the runs. A rare one can miss one of several by chance.
fn silent_endpoints<'a>(runs: &'a [RunRecord], reference: &Reference, policy: &Policy) -> Vec<&'a EndpointSeries> {
    let promised = |name: &str| policy.thresholds.iter().any(|threshold| threshold.scope.as_deref() == Some(name));
    let compared = |name: &str| match reference {
        Reference::Compared(comparison) => comparison.rows.iter().any(|row| row.endpoint == name),
        Reference::NoBaseline | Reference::Mismatch(_) => false,
    };
    let asked = |name: &str| {
        let mut windows = runs.iter().filter_map(|run| run.endpoint(name)).flat_map(EndpointSeries::windows);
        windows.any(|window| window.requests > 0)
    };
    let mut silent: Vec<&EndpointSeries> = Vec::new();
    for series in runs.iter().flat_map(|run| &run.endpoints) {
        let name = series.name.as_str();
        let is_new = silent.iter().all(|known| known.name != name);
        if is_new && !series.is_occasional && (promised(name) || compared(name)) && !asked(name) {
            silent.push(series);
        }
    }
    silent
}

/// The share of the run that kept up worst, of what the circuit breaker left: that the target failed says nothing about the
/// generator.
pub(super) fn achieved_rate(runs: &[RunRecord], policy: &Validity) -> ValidityCheck {
    let check = |ok, value, reason| ValidityCheck { check: "achieved_rate", ok, value, reason };
    let left = |run: &RunRecord| run.meant() - run.withheld_by_breaker();
    let share = |run: &RunRecord| (left(run) > 0).then(|| run.started() as f64 / left(run) as f64);
    let worst = runs.iter().filter_map(|run| Some((run, share(run)?))).min_by(|a, b| a.1.total_cmp(&b.1));
    let Some((run, share)) = worst else {
        return check(true, None, "the record does not tell how many arrivals were offered".to_owned());
    };
    let (offered, started, least) = (left(run), run.started(), units::percent_floor(policy.achieved_share_min));
    let sent = format!("{} of {offered} offered arrivals were sent", units::percent_floor(share));
    if share >= policy.achieved_share_min {
        return check(true, Some(share), sent);
    }
    let (missing, dropped) = (offered.saturating_sub(started), dropped(run));
    let shed = run.withheld() - run.withheld_by_breaker();
    let cause = if shed * 2 >= missing {
        format!("{shed} were withheld by self-protection, as the generator had too much to do")
    } else if dropped * 2 >= missing {
        format!("{dropped} were dropped because too many requests were in flight")
    } else {
        format!("the generator could not keep up and left out {missing}")
    };
    check(false, Some(share), format!("only {sent}, at least {least} are needed: {cause}"))
}

fn dropped(run: &RunRecord) -> u64 {
    run.endpoints.iter().flat_map(EndpointSeries::windows).map(|window| window.dropped).sum()
}

/// Whether most of what was not sent was dropped because too many requests were in flight.
pub(super) fn is_mostly_dropped(run: &RunRecord) -> bool {
    let missing = (run.meant() - run.withheld_by_breaker()).saturating_sub(run.started());
    missing > 0 && dropped(run) * 2 >= missing
}

pub(super) fn generator_late(runs: &[RunRecord], policy: &Validity) -> ValidityCheck {
    let limit = Micros::from_duration(policy.late_p99_max);
    let late_of = |(number, run): (usize, &RunRecord)| Some((run.generator.late.decode().quantile(0.99)?, number));
    let worst = runs.iter().enumerate().filter_map(late_of).max();
    let late = worst.map(|(us, _)| us);
    let ok = late.is_none_or(|us| us <= limit.0);
    let reason = match worst {
        None => "the record does not tell how late requests were sent".to_owned(),
        Some((us, _)) if ok => format!("99% of the requests were sent at most {} late", Micros(us)),
        Some((us, number)) => {
            let which = if runs.len() > 1 { format!(" in run {} of {}", number + 1, runs.len()) } else { String::new() };
            format!(
                "the load generator was late itself{which}: 1% of the requests were sent {} or more late, {limit} are allowed",
                Micros(us)
            )
        }
    };
    ValidityCheck { check: GENERATOR_LATE, ok, value: late.map(|us| us as f64), reason }
}

/// Requests for which the generator had no file left say nothing about the target.
fn open_files(runs: &[RunRecord]) -> ValidityCheck {
    let wanting: u64 = windows(runs).filter_map(|window| window.errors.get(&ErrorClass::OpenFiles)).sum();
    let reason = if wanting == 0 {
        "the load generator had a file descriptor for each connection".to_owned()
    } else {
        format!(
            "the load generator had no file descriptor left for {wanting} requests; raise the limit (`ulimit -n`) or use fewer \
             connections (`http.connections.max`)"
        )
    };
    ValidityCheck { check: "open_files", ok: wanting == 0, value: Some(wanting as f64), reason }
}

/// Whether self-protection found the generator to be the bottleneck.
pub(super) fn generator_saturated(runs: &[RunRecord]) -> ValidityCheck {
    let busy = runs.iter().filter_map(|run| run.generator.busy_share_max).reduce(f64::max);
    let saturated = runs.iter().find_map(|run| run.generator.saturated.as_deref());
    let reason = match (saturated, busy) {
        (Some(reason), _) => format!(
            "the load generator was the bottleneck: {reason}; lower the rate, give users time to think, or take a larger machine"
        ),
        (None, Some(busy)) => {
            format!("the busiest thread of the load generator was busy {} of the time at most", units::percent(busy))
        }
        (None, None) => "the record does not tell how busy the load generator was".to_owned(),
    };
    ValidityCheck { check: "generator_saturated", ok: saturated.is_none(), value: busy, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture;

    #[test]
    fn load_that_was_shed_was_not_achieved_but_what_the_rate_limit_or_the_breaker_held_back_is_not_the_generators_fault() {
        let mut run = fixture::steady(10, &["/a"], 40, |_, _, _| 8_000);
        let offered = run.offered();
        run.plan.stages[0].held_back = offered * 19;
        assert!(achieved_rate(std::slice::from_ref(&run), &Validity::default()).ok, "the rate limit is a wish");
        run.plan.stages[0].withheld = offered * 19;
        let check = achieved_rate(std::slice::from_ref(&run), &Validity::default());
        assert_eq!((check.ok, check.value), (false, Some(0.05)));
        let cause = format!("{} were withheld by self-protection, as the generator had too much to do", offered * 19);
        assert!(check.reason.ends_with(&cause), "{}", check.reason);
        run.plan.stages[0].withheld_by_breaker = offered * 19;
        assert!(achieved_rate(std::slice::from_ref(&run), &Validity::default()).ok, "the target failed");
    }
}
