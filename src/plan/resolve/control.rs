//! `load.arrivals`, `load.rate_limit`, `load.adaptive`, `safety.circuit_breaker`, `safety.self_protection` -> how the load is steered.

use std::{ops::RangeInclusive, time::Duration};

use super::Problems;
use crate::{
    config::{Loaded, Path, control as written},
    plan::{Adaptive, Arrivals, CircuitBreaker, Control, Formula, Load, OnSaturated, RateLimit, SelfProtection, Stage},
    policy::Validity,
    units,
};

/// Most tokens a bucket may hold.
const BURST_MAX: u64 = 1_000_000;
/// From the shortest window that the pulses of the threads can tell of to the longest that is kept in memory.
const WINDOWS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(600);
/// How often the generator's own strain may be looked at.
const LOOKS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3_600);
/// How late the generator may be: no timer of a shared machine holds less, and a run that is later is another run than the one that
/// was asked for.
const LATE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(60);
/// Share that something may grow to at most.
const CEILING_MAX: f64 = 10.0;

pub(super) fn resolve(loaded: &Loaded, problems: &Problems<'_>) -> Control {
    let document = &loaded.document;
    let (load, safety) = (Path::root().key("load"), Path::root().key("safety"));
    let breaker = document.safety.circuit_breaker.as_ref();
    let protection = document.safety.self_protection.as_ref();
    let arrivals = [("uniform", Arrivals::Uniform), ("poisson", Arrivals::Poisson)];
    Control {
        arrivals: problems.choice(document.load.arrivals.as_deref(), &load.key("arrivals"), &arrivals, &[]).unwrap_or_default(),
        adaptive: adaptive(loaded, &load, problems),
        rate_limit: document.load.rate_limit.as_ref().and_then(|limit| rate_limit(limit, &load.key("rate_limit"), problems)),
        circuit_breaker: breaker.map(|breaker| circuit_breaker(breaker, &safety.key("circuit_breaker"), problems)),
        self_protection: protection
            .map(|protection| self_protection(protection, &safety.key("self_protection"), problems))
            .unwrap_or_default(),
    }
}

/// Settings of arrivals that come by themselves do nothing where all load is made by users.
pub(super) fn check_use(loaded: &Loaded, stages: &[Stage], problems: &Problems<'_>) {
    if stages.is_empty() || stages.iter().any(|stage| matches!(stage.load, Load::Arrivals(_))) {
        return;
    }
    let (at, load) = (Path::root().key("load"), &loaded.document.load);
    let written = [("arrivals", load.arrivals.as_deref() == Some("poisson")), ("max_in_flight", load.max_in_flight.is_some())];
    for (key, _) in written.into_iter().filter(|(_, is_there)| *is_there) {
        let message = format!("'{key}' does nothing where all stages have `vus`");
        problems.add_at_key(&at.key(key), message, "remove it, or write `rate:` or `ramp:` in a stage");
    }
}

fn rate_limit(limit: &written::RateLimit, at: &Path, problems: &Problems<'_>) -> Option<RateLimit> {
    let rate = problems.read(&limit.rate, &at.key("rate"))?;
    if rate.0 <= 0.0 {
        problems.add(&at.key("rate"), "a limit of 0 lets nothing through", "write a rate above 0, for example 500/s");
        return None;
    }
    let burst = problems.number_or(limit.burst, &at.key("burst"), &(1..=BURST_MAX), 1);
    Some(RateLimit { rate, burst: u32::try_from(burst).unwrap_or(u32::MAX) })
}

/// The rules of `load.model: adaptive`; written without it they would change nothing.
fn adaptive(loaded: &Loaded, load: &Path, problems: &Problems<'_>) -> Option<Adaptive> {
    let (at, document) = (load.key("adaptive"), &loaded.document.load);
    let is_model = document.model.as_deref() == Some("adaptive");
    let Some(written) = &document.adaptive else { return is_model.then(Adaptive::default) };
    if !is_model {
        problems.add_at_key(&at, "'adaptive' does nothing without `model: adaptive`", "add `model: adaptive` to `load`");
    }
    let default = Adaptive::default();
    let formulas = [("base", Formula::Base), ("step", Formula::Step)];
    let rules = Adaptive {
        target: written
            .target
            .as_deref()
            .and_then(|text| latency_target(text, &at.key("target"), problems))
            .unwrap_or(default.target),
        floor: problems.share_or(written.floor.as_ref(), &at.key("floor"), 1.0, default.floor),
        ceiling: problems.share_or(written.ceiling.as_ref(), &at.key("ceiling"), CEILING_MAX, default.ceiling),
        every: problems.time_or(written.every.as_ref(), &at.key("every"), default.every),
        window: problems.time_or(written.window.as_ref(), &at.key("window"), default.window),
        formula: problems.choice(written.formula.as_deref(), &at.key("formula"), &formulas, &[]).unwrap_or_default(),
    };
    if rules.ceiling < rules.floor {
        let message =
            format!("the ceiling ({}) is below the floor ({})", units::percent(rules.ceiling), units::percent(rules.floor));
        problems.add(&at.key("ceiling"), message, "the rate stays between both: write a higher ceiling or a lower floor");
    }
    problems.time_in(rules.window, &at.key("window"), &WINDOWS);
    if rules.every < rules.window {
        let window = units::duration(rules.window);
        let message = format!("adjusting every {} is more often than its window of {window}", units::duration(rules.every));
        problems.add(&at.key("every"), message, format!("write {window} or more, or a shorter window"));
    }
    Some(rules)
}

/// `p95 200ms`
fn latency_target(text: &str, at: &Path, problems: &Problems<'_>) -> Option<Duration> {
    const HINT: &str = "write the p95 that is to be held, for example p95 200ms";
    let Some(time) = text.trim().strip_prefix("p95").filter(|rest| rest.starts_with(char::is_whitespace)) else {
        problems.add(at, format!("'{text}' is not a p95"), HINT);
        return None;
    };
    match units::parse_duration(time) {
        Ok(time) if time.is_zero() => problems.add(at, format!("'{text}' can't be held"), HINT),
        Ok(time) => return Some(time),
        Err(error) => problems.add(at, error.message, error.hint),
    }
    None
}

fn circuit_breaker(written: &written::CircuitBreaker, at: &Path, problems: &Problems<'_>) -> CircuitBreaker {
    let default = CircuitBreaker::default();
    let rules = CircuitBreaker {
        // It opens above the share, so all of them would be a breaker that never does.
        error_rate: problems.share_or(written.error_rate.as_ref(), &at.key("error_rate"), 0.99, default.error_rate),
        window: problems.time_or(written.window.as_ref(), &at.key("window"), default.window),
        min_requests: problems.number_or(written.min_requests, &at.key("min_requests"), &(1..=1_000_000), default.min_requests),
        retry_after: problems.time_or(written.retry_after.as_ref(), &at.key("retry_after"), default.retry_after),
        trips: problems.number_or(written.trips, &at.key("trips"), &(1..=1_000), default.trips),
    };
    problems.time_in(rules.window, &at.key("window"), &WINDOWS);
    rules
}

fn self_protection(written: &written::SelfProtection, at: &Path, problems: &Problems<'_>) -> SelfProtection {
    let default = SelfProtection::default();
    let responses = [("invalid", OnSaturated::Invalid), ("shed", OnSaturated::Shed)];
    let rules = SelfProtection {
        cpu: problems.share_or(written.cpu.as_ref(), &at.key("cpu"), 1.0, default.cpu),
        memory: problems.share_or(written.memory.as_ref(), &at.key("memory"), 1.0, default.memory),
        every: problems.time_or(written.every.as_ref(), &at.key("every"), default.every),
        shed: problems.share_or(written.shed.as_ref(), &at.key("shed"), 0.9, default.shed),
        on_saturated: problems
            .choice(written.on_saturated.as_deref(), &at.key("on_saturated"), &responses, &[])
            .unwrap_or_default(),
    };
    if written.shed.is_some() && rules.on_saturated != OnSaturated::Shed {
        problems.add_at_key(
            &at.key("shed"),
            "'shed' does nothing without `on_saturated: shed`",
            "add `on_saturated: shed`, or remove the line",
        );
    }
    problems.time_in(rules.every, &at.key("every"), &LOOKS);
    rules
}

/// When a run counts as a measurement: how late the generator may be is said where it is kept from being the bottleneck.
pub(super) fn validity(loaded: &Loaded, problems: &Problems<'_>) -> Validity {
    let (default, written) = (Validity::default(), loaded.document.safety.self_protection.as_ref());
    let at = Path::root().key("safety").key("self_protection").key("late_p99");
    let late_p99_max = problems.time_or(written.and_then(|written| written.late_p99.as_ref()), &at, default.late_p99_max);
    problems.time_in(late_p99_max, &at, &LATE);
    Validity { late_p99_max, ..default }
}
