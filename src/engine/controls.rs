//! What steers the load while it is made: set by the conductor of the run, read by all threads at each arrival. No locks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::token_bucket::TokenBucket;
use crate::{
    measure::Withheld,
    plan::{Plan, ScenarioId, Workload},
};

/// Passes of a closed circuit breaker: no end of them.
const UNLIMITED: u32 = u32::MAX;
/// The golden ratio's fraction, of 2^64: multiples of it fall more evenly into their range than those of any other number.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What steers the load of one version. Of two, the circuit breaker looks at each by itself; all else holds for both alike.
#[derive(Debug)]
pub(super) struct Controls {
    rate_factor: AtomicShare,
    kept: AtomicShare,
    /// Requests the circuit breaker lets through before it holds back all others.
    passes: AtomicU32,
    bucket: Option<Arc<TokenBucket>>,
}

/// Whether an arrival is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// At this moment of the run, never before it was due: the rate limit may move it. From then on it counts as due.
    Send {
        /// The moment.
        at: Duration,
    },
    /// Not at all: the rate limit has no token for it. Counted apart, not as offered.
    HeldBack,
    /// Not at all: it is kept from the target, though it was meant to be sent.
    Withheld(Withheld),
}

/// What an iteration may send as far as the circuit breaker goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its first request has its pass.
    Admitted,
    /// It begins with a pause: its first request asks for a pass when its time has come.
    Pausing,
    /// It has sent something, and each further request asks for a pass: of a half-open breaker there are as many as it tells.
    Begun,
}

impl Controls {
    /// Those of all versions of a plan, everything open, as a run begins. The rate limit is one for all of them.
    pub(super) fn of_sides(plan: &Plan) -> Vec<Self> {
        let bucket = plan.control.rate_limit.map(TokenBucket::new).map(Arc::new);
        let controls = || Self {
            rate_factor: AtomicShare::new(1.0),
            kept: AtomicShare::new(1.0),
            passes: AtomicU32::new(UNLIMITED),
            bucket: bucket.clone(),
        };
        plan.sides().iter().map(|_| controls()).collect()
    }

    /// What the rate of the stage is multiplied by; 1 unless the model is `adaptive`.
    pub(super) fn rate_factor(&self) -> f64 {
        self.rate_factor.get()
    }

    /// Share of the load that self-protection leaves: 1, 0.8, 0.64, .. In a closed loop, of the users' time.
    pub(super) fn kept(&self) -> f64 {
        self.kept.get()
    }

    /// Whether iteration `n` is made, which is of this scenario and due now, in a stage that lasts `until`: self-protection may
    /// shed it, and what it leaves may be [held back](Self::admit).
    pub(super) fn decide(&self, workload: &Workload, scenario: ScenarioId, n: u64, due: Duration, until: Duration) -> Admission {
        if self.keeps(workload, scenario, n) { self.admit(due, until) } else { Admission::Withheld(Withheld::BySelfProtection) }
    }

    /// Whether self-protection leaves iteration `n`, which is of this scenario. Those that are left are spread evenly.
    fn keeps(&self, workload: &Workload, scenario: ScenarioId, n: u64) -> bool {
        let kept = workload.kept_of(scenario, self.kept());
        kept >= 1.0 || (n.wrapping_mul(GOLDEN) as f64) < kept * u64::MAX as f64
    }

    /// Circuit breaker and rate limit for an arrival that is due now, at a moment of the run, in a stage that lasts `until`. What
    /// is to be sent [begins](Self::begin) then.
    fn admit(&self, due: Duration, until: Duration) -> Admission {
        if self.is_silent() {
            return Admission::Withheld(Withheld::ByBreaker);
        }
        match &self.bucket {
            None => Admission::Send { at: due },
            Some(bucket) => bucket.take(due, until).map_or(Admission::HeldBack, |at| Admission::Send { at }),
        }
    }

    /// Takes the pass of an iteration that nothing else keeps from beginning; `None` when there is none. One that sends nothing
    /// at once takes no pass from those that do.
    pub(super) fn begin(&self, sends_at_once: bool) -> Option<Standing> {
        if sends_at_once { self.pass().then_some(Standing::Admitted) } else { (!self.is_silent()).then_some(Standing::Pausing) }
    }

    /// Whether an iteration may make its next request.
    pub(super) fn may_send(&self, standing: &mut Standing) -> bool {
        match std::mem::replace(standing, Standing::Begun) {
            Standing::Admitted => true,
            Standing::Pausing | Standing::Begun => self.pass(),
        }
    }

    /// Whether a request that failed may go out once more: it is one of the trials, as any other.
    pub(super) fn may_repeat(&self) -> bool {
        self.pass()
    }

    /// Whether nothing may be sent at all: also what an iteration has begun is not gone on with.
    pub(super) fn is_silent(&self) -> bool {
        self.passes.load(Ordering::Relaxed) == 0
    }

    fn pass(&self) -> bool {
        match self.passes.load(Ordering::Relaxed) {
            UNLIMITED => true,
            0 => false,
            _ => {
                let one_less = |passes: u32| if passes == UNLIMITED { Some(passes) } else { passes.checked_sub(1) };
                self.passes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
            }
        }
    }
}

/// A share that one thread writes and all read.
#[derive(Debug)]
struct AtomicShare(AtomicU64);

impl AtomicShare {
    fn new(share: f64) -> Self {
        Self(AtomicU64::new(share.to_bits()))
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, share: f64) {
        self.0.store(share.to_bits(), Ordering::Relaxed);
    }
}

/// The conductor's side.
impl Controls {
    /// See [`Self::rate_factor`].
    pub(super) fn set_rate_factor(&self, factor: f64) {
        self.rate_factor.set(factor);
    }

    /// See [`Self::kept`].
    pub(super) fn set_kept(&self, kept: f64) {
        self.kept.set(kept);
    }

    /// The circuit breaker closes: everything is sent.
    pub(super) fn let_all_pass(&self) {
        self.passes.store(UNLIMITED, Ordering::Relaxed);
    }

    /// The circuit breaker lets so many through and no more; with 0 it is open.
    pub(super) fn let_pass(&self, passes: u32) {
        self.passes.store(passes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controls() -> Controls {
        Controls {
            rate_factor: AtomicShare::new(1.0),
            kept: AtomicShare::new(1.0),
            passes: AtomicU32::new(UNLIMITED),
            bucket: Some(Arc::new(TokenBucket::new(crate::plan::RateLimit { rate: crate::units::PerSecond(10.0), burst: 2 }))),
        }
    }

    fn admitted(controls: &Controls, arrivals: usize) -> usize {
        (0..arrivals).filter(|_| controls.begin(true).is_some()).count()
    }

    #[test]
    fn an_arrival_is_moved_to_the_moment_it_has_a_token_and_held_back_when_its_stage_is_over_by_then() {
        let controls = controls();
        let until = Duration::from_millis(150);
        let admissions: Vec<_> = (0..4).map(|_| controls.admit(Duration::ZERO, until)).collect();
        let at = |ms| Admission::Send { at: Duration::from_millis(ms) };
        assert_eq!(admissions, [at(0), at(0), at(100), Admission::HeldBack]);
    }

    #[test]
    fn an_open_breaker_holds_back_all_and_a_half_open_one_all_but_a_few() {
        let controls = controls();
        controls.let_pass(0);
        assert!(controls.is_silent() && admitted(&controls, 10) == 0);
        assert_eq!(controls.admit(Duration::ZERO, Duration::from_secs(60)), Admission::Withheld(Withheld::ByBreaker));
        controls.let_pass(3);
        assert!(!controls.is_silent() && admitted(&controls, 10) == 3);
        controls.let_all_pass();
        assert_eq!(admitted(&controls, 10), 10);
    }

    #[test]
    fn an_iteration_that_begins_with_a_pause_takes_its_pass_when_it_sends() {
        let controls = controls();
        controls.let_pass(1);
        let mut standings: Vec<Standing> = (0..3).filter_map(|_| controls.begin(false)).collect();
        assert_eq!(standings, [Standing::Pausing; 3], "none has taken the pass");
        let sent: Vec<bool> = standings.iter_mut().map(|standing| controls.may_send(standing)).collect();
        assert_eq!(sent, [true, false, false]);
        assert!(!controls.may_send(&mut standings[0]), "what has begun is not gone on with");
        assert!(controls.may_send(&mut Standing::Admitted), "who has a pass may send");
    }

    #[test]
    fn each_request_of_an_iteration_is_one_of_the_trials() {
        let controls = controls();
        controls.let_pass(5);
        let mut standing = controls.begin(true).unwrap();
        let sent = (0..10).filter(|_| controls.may_send(&mut standing)).count();
        assert_eq!((sent, admitted(&controls, 3)), (5, 0));
    }

    #[test]
    fn each_repetition_of_a_request_is_one_of_the_trials() {
        let controls = controls();
        controls.let_pass(3);
        assert!(controls.begin(true).is_some());
        assert_eq!([(); 4].map(|()| controls.may_repeat()), [true, true, false, false]);
        controls.let_all_pass();
        assert!(controls.may_repeat());
    }

    #[test]
    fn arrivals_that_are_shed_are_spread_evenly() {
        let controls = controls();
        let workload = Workload { scenarios: vec![crate::plan::Scenario::default()], ..Workload::default() };
        assert!((0..100).all(|n| controls.keeps(&workload, 0, n)));
        controls.set_kept(0.8);
        for begin in [0, 1_000_000] {
            let kept = (begin..begin + 50).filter(|n| controls.keeps(&workload, 0, *n)).count();
            assert!((38..=42).contains(&kept), "{kept} of 50");
        }
    }
}
