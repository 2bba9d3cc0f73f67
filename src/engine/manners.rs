//! How the visits of a plan are made, whatever they ask for: templates, targets, retries, redirects, cookies.

use std::time::Duration;

use rand::RngExt as _;

use crate::{
    plan::{Backoff, Plan, Target, Templates},
    record::{ErrorClass, Side},
};

/// What the visits of one thread share.
#[derive(Debug)]
pub(super) struct Manners {
    pub(super) templates: Templates,
    pub(super) targets: Vec<Target>,
    /// Redirects that are followed within one visit.
    pub(super) redirects: u32,
    /// Whether users keep cookies.
    pub(super) cookies: bool,
    /// Where a visit has no time of its own.
    pub(super) timeout: Duration,
    retries: u32,
    retried: Vec<ErrorClass>,
    backoff: Backoff,
}

impl Manners {
    pub(super) fn new(plan: &Plan, side: Side) -> Self {
        let retries = &plan.http.retries;
        let retried = ErrorClass::ALL.into_iter().filter(|class| retries.on.iter().any(|name| class.is_named(name)));
        Self {
            templates: plan.workload.templates.clone(),
            targets: plan.targets_with(side),
            redirects: plan.http.redirects,
            cookies: plan.http.cookies,
            timeout: plan.http.timeouts.request,
            retries: retries.max,
            retried: retried.collect(),
            backoff: retries.backoff.clone(),
        }
    }

    /// Whether a failure is tried again after so many repetitions.
    pub(super) fn tries_again(&self, class: ErrorClass, repetitions: u32) -> bool {
        repetitions < self.retries && self.retried.contains(&class)
    }

    /// The pause before the next repetition: exponential, and with full jitter drawn evenly from nothing to its length, so that
    /// repetitions of many users do not come in step.
    pub(super) fn pause(&self, repetitions: u32, rng: &mut impl rand::Rng) -> Duration {
        let factor = self.backoff.factor.powi(i32::try_from(repetitions).unwrap_or(i32::MAX));
        let longest = Duration::try_from_secs_f64(self.backoff.initial.as_secs_f64() * factor).unwrap_or(Duration::MAX);
        let longest = longest.min(self.backoff.max);
        if self.backoff.jitter { longest.mul_f64(rng.random::<f64>()) } else { longest }
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::SmallRng};

    use super::*;

    fn manners(jitter: bool) -> Manners {
        let backoff = Backoff { initial: Duration::from_millis(100), factor: 2.0, max: Duration::from_millis(350), jitter };
        Manners {
            templates: Templates::default(),
            targets: Vec::new(),
            redirects: 0,
            cookies: false,
            timeout: Duration::from_secs(1),
            retries: 2,
            retried: vec![ErrorClass::Status5xx],
            backoff,
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_one() {
        let mut rng = SmallRng::seed_from_u64(1);
        let pauses: Vec<u128> = (0..4).map(|n| manners(false).pause(n, &mut rng).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 350, 350]);
        assert_eq!(manners(false).pause(u32::MAX, &mut rng).as_millis(), 350);
    }

    #[test]
    fn full_jitter_draws_from_nothing_to_the_whole_pause() {
        let mut rng = SmallRng::seed_from_u64(1);
        let drawn: Vec<u128> = (0..1000).map(|_| manners(true).pause(1, &mut rng).as_millis()).collect();
        assert!(drawn.iter().all(|pause| *pause <= 200) && drawn.iter().any(|pause| *pause < 10));
        let mean = drawn.iter().sum::<u128>() / 1000;
        assert!((90..110).contains(&mean), "{mean}");
    }

    #[test]
    fn only_what_is_named_is_tried_again_and_only_so_often() {
        let tries = |class, repetitions| manners(true).tries_again(class, repetitions);
        assert!(tries(ErrorClass::Status5xx, 0) && tries(ErrorClass::Status5xx, 1) && !tries(ErrorClass::Status5xx, 2));
        assert!(!tries(ErrorClass::CheckFailed, 0));
    }
}
