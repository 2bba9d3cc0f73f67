//! Load that the circuit breaker held back: the target failed, and what it would have done under the rest nobody knows.

use super::ValidityCheck;
use crate::{
    policy::Validity,
    record::{BreakerState, RunRecord},
    units,
};

/// The name of the check.
pub(super) const CHECK: &str = "circuit_breaker";

/// What was held back in a run.
struct HeldBack {
    /// 0 to 1.
    share: f64,
    words: String,
}

/// The run of which the breaker held back most.
pub(super) fn check(runs: &[RunRecord], policy: &Validity) -> ValidityCheck {
    let worst = runs.iter().filter_map(held_back).max_by(|a, b| a.share.total_cmp(&b.share));
    let check = |ok, value, reason| ValidityCheck { check: CHECK, ok, value, reason };
    match worst {
        None => check(true, Some(0.0), "the circuit breaker held no load back".to_owned()),
        Some(HeldBack { share, words }) if 1.0 - share >= policy.achieved_share_min => {
            check(true, Some(share), format!("the circuit breaker held little load back: {words}"))
        }
        Some(HeldBack { share, words }) => {
            let least = units::percent_floor(policy.achieved_share_min);
            let reason = format!(
                "the target failed and the circuit breaker held load back: {words}, at least {least} of the load are needed"
            );
            check(false, Some(share), reason)
        }
    }
}

/// Arrivals where there were any that it held back; else time, as users who are held back fall due at no moment.
fn held_back(run: &RunRecord) -> Option<HeldBack> {
    let (arrivals, meant) = (run.withheld_by_breaker(), run.meant());
    if arrivals > 0 {
        let words = format!("{arrivals} of {meant} arrivals were not sent");
        return Some(HeldBack { share: arrivals as f64 / meant as f64, words });
    }
    let (silent, measured) = (silent_us(run), run.measured_seconds());
    (silent > 0 && measured > 0.0).then(|| {
        let seconds = silent as f64 / 1e6;
        let [of, all] = [seconds, measured].map(|seconds| units::significant(seconds, 3));
        HeldBack { share: seconds / measured, words: format!("for {of} s of {all} s nothing was sent") }
    })
}

/// Measured time in which the breaker was not closed.
fn silent_us(run: &RunRecord) -> u64 {
    let stages = run.plan.measured_stages().map(|stage| (stage.began_us, stage.began_us + stage.played_us));
    stages.map(|stage| silent_spans(run).map(|span| overlap(span, stage)).sum::<u64>()).sum()
}

/// From each opening to the closing after it.
fn silent_spans(run: &RunRecord) -> impl Iterator<Item = (u64, u64)> {
    run.breaker.iter().enumerate().filter(|(_, event)| event.state != BreakerState::Closed).map(|(n, event)| {
        let until = run.breaker.get(n + 1).map_or(u64::MAX, |next| next.at_us);
        (event.at_us, until)
    })
}

fn overlap(a: (u64, u64), b: (u64, u64)) -> u64 {
    a.1.min(b.1).saturating_sub(a.0.max(b.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::fixture, record::BreakerEvent};

    fn run() -> RunRecord {
        fixture::steady(10, &["/a"], 40, |_, _, _| 8_000)
    }

    fn of(run: &RunRecord) -> ValidityCheck {
        check(std::slice::from_ref(run), &Validity::default())
    }

    #[test]
    fn arrivals_that_it_held_back_are_told_and_a_few_are_none() {
        let mut run = run();
        assert!(of(&run).ok);
        run.plan.stages[0].withheld = 20;
        assert!(of(&run).ok, "what the generator sheds is told elsewhere");
        for (count, ok) in [(4, true), (20, false)] {
            (run.plan.stages[0].withheld, run.plan.stages[0].withheld_by_breaker) = (count, count);
            assert_eq!(of(&run).ok, ok, "{count} of {}", run.meant());
        }
        assert_eq!(
            of(&run).reason,
            "the target failed and the circuit breaker held load back: 20 of 420 arrivals were not sent, at least 98% of the load \
             are needed"
        );
    }

    #[test]
    fn users_are_held_back_by_time_and_that_of_a_warm_up_counts_for_nothing() {
        let mut run = run();
        let event = |at_us, state| BreakerEvent { at_us, state, reason: String::new() };
        run.plan.stages[0].began_us = 5_000_000;
        run.breaker = vec![event(1_000_000, BreakerState::Open), event(4_000_000, BreakerState::Closed)];
        assert!(of(&run).ok);
        run.breaker.extend([
            event(7_000_000, BreakerState::Open),
            event(9_000_000, BreakerState::HalfOpen),
            event(9_500_000, BreakerState::Closed),
            event(14_000_000, BreakerState::Open),
        ]);
        let check = of(&run);
        assert_eq!((check.ok, check.value), (false, Some(0.35)));
        assert!(check.reason.contains(": for 3.5 s of 10 s nothing was sent"), "{}", check.reason);
    }
}
