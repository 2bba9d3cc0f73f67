//! The circuit breaker: stops sending to a target that fails, tries again after a while, and gives up in the end.
//!
//! ```text
//!            too many failed              retry_after is over
//!   closed ------------------> open ------------------------> half-open
//!     ^                         ^                                 |
//!     |                         '--------- a trial failed --------|
//!     '----------------------------------- all trials well -------'
//! ```
//! Pure: it is told moments and counts, and says what has changed.

use std::{collections::VecDeque, time::Duration};

use crate::{
    plan::CircuitBreaker,
    record::{BreakerEvent, BreakerState},
    units::{self, Micros},
};

/// Requests that try whether the target is well again.
pub(super) const TRIALS: u32 = 5;

/// The breaker of a run.
#[derive(Debug)]
pub(super) struct Breaker {
    rules: CircuitBreaker,
    /// Longest time for which requests may still be under way that were sent before it opened.
    patience: Duration,
    state: BreakerState,
    /// When it came to its state, or last handed out trials.
    since: Duration,
    seen: VecDeque<Seen>,
    openings: u32,
    /// Everything that changed.
    pub(super) events: Vec<BreakerEvent>,
}

/// Outcomes since the look before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Moment of the run.
    pub(super) moment: Duration,
    /// Requests that came to an outcome.
    pub(super) requests: u64,
    /// Those that failed.
    pub(super) errors: u64,
    /// Arrivals in flight at that moment: those that pause have nothing under way.
    pub(super) in_flight: u64,
}

impl Breaker {
    /// A closed breaker. `patience` is the longest that a request may take.
    pub(super) fn new(rules: CircuitBreaker, patience: Duration) -> Self {
        let (state, since) = (BreakerState::Closed, Duration::ZERO);
        Self { rules, patience, state, since, seen: VecDeque::new(), openings: 0, events: Vec::new() }
    }

    pub(super) fn state(&self) -> BreakerState {
        self.state
    }

    /// Looks at what has happened. Returns the state it has come to, if that is another one, or if it tries once more because too
    /// few trials came to an outcome: half-open, too, it must not wait for ever.
    pub(super) fn look(&mut self, seen: Seen) -> Option<BreakerState> {
        if self.openings >= self.rules.trips {
            // The run is given up: what still comes to an outcome until it has ended changes nothing.
            return None;
        }
        if seen.requests > 0 {
            self.seen.push_back(seen);
        }
        match self.state {
            BreakerState::Closed => {
                let window = self.rules.window;
                self.seen.retain(|look| look.moment + window > seen.moment);
            }
            BreakerState::Open => self.seen.clear(),
            BreakerState::HalfOpen => {}
        }
        let requests: u64 = self.seen.iter().map(|look| look.requests).sum();
        let errors: u64 = self.seen.iter().map(|look| look.errors).sum();
        let too_many = errors as f64 > self.rules.error_rate * requests as f64;
        let (state, reason) = match self.state {
            BreakerState::Closed if requests >= self.rules.min_requests.max(1) && too_many => {
                (BreakerState::Open, self.why_open(requests, errors))
            }
            BreakerState::Open if self.may_try(seen) => {
                (BreakerState::HalfOpen, format!("{TRIALS} requests try whether the target is well again"))
            }
            BreakerState::HalfOpen if errors > 0 && too_many => {
                (BreakerState::Open, format!("{errors} of {requests} trials failed"))
            }
            BreakerState::HalfOpen if requests >= u64::from(TRIALS) => {
                (BreakerState::Closed, format!("{} of {requests} trials were answered well", requests - errors))
            }
            BreakerState::HalfOpen if seen.moment.saturating_sub(self.since) >= self.rules.retry_after + self.patience => {
                self.since = seen.moment;
                return Some(BreakerState::HalfOpen);
            }
            BreakerState::Closed | BreakerState::Open | BreakerState::HalfOpen => return None,
        };
        self.openings += u32::from(state == BreakerState::Open);
        (self.state, self.since) = (state, seen.moment);
        self.seen.clear();
        self.events.push(BreakerEvent { at_us: Micros::from_duration(seen.moment).0, state, reason });
        Some(state)
    }

    /// Why the run is to be given up, if it is.
    pub(super) fn gives_up(&self) -> Option<String> {
        let last = self.events.last().filter(|event| event.state == BreakerState::Open && self.openings >= self.rules.trips)?;
        let times = if self.openings == 1 { "once".to_owned() } else { format!("{} times", self.openings) };
        Some(format!("the circuit breaker opened {times}, at last because {}", last.reason))
    }

    fn why_open(&self, requests: u64, errors: u64) -> String {
        format!(
            "{errors} of {requests} requests failed within {} ({}, {} are allowed)",
            units::duration(self.rules.window),
            units::percent(errors as f64 / requests as f64),
            units::percent(self.rules.error_rate)
        )
    }

    /// Answers to what was sent before it opened must not be taken for those of the trials.
    fn may_try(&self, seen: Seen) -> bool {
        let open_for = seen.moment.saturating_sub(self.since);
        open_for >= self.rules.retry_after && (seen.in_flight == 0 || open_for >= self.rules.retry_after + self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: BreakerState = BreakerState::Closed;
    const OPEN: BreakerState = BreakerState::Open;
    const HALF_OPEN: BreakerState = BreakerState::HalfOpen;

    fn breaker() -> Breaker {
        let rules = CircuitBreaker {
            error_rate: 0.5,
            window: Duration::from_secs(10),
            min_requests: 50,
            retry_after: Duration::from_secs(2),
            trips: 3,
        };
        Breaker::new(rules, Duration::from_secs(5))
    }

    /// What it says of a second with these outcomes, and nothing in flight at its end.
    fn second(breaker: &mut Breaker, moment: u64, requests: u64, errors: u64) -> Option<BreakerState> {
        breaker.look(Seen { moment: Duration::from_secs(moment), requests, errors, in_flight: 0 })
    }

    #[test]
    fn it_opens_when_more_than_the_share_of_enough_requests_failed() {
        let mut breaker = breaker();
        assert_eq!(second(&mut breaker, 1, 49, 49), None, "too few to conclude anything");
        assert_eq!(second(&mut breaker, 2, 49, 0), None, "just half");
        assert_eq!(second(&mut breaker, 3, 2, 2), Some(OPEN));
        assert_eq!(breaker.events[0].reason, "51 of 100 requests failed within 10s (51%, 50% are allowed)");
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut breaker = breaker();
        second(&mut breaker, 1, 40, 40);
        assert_eq!(second(&mut breaker, 11, 40, 40), None, "40 in each of two windows");
        assert_eq!(second(&mut breaker, 12, 10, 10), Some(OPEN));
    }

    #[test]
    fn it_goes_through_its_states_as_the_target_recovers() {
        let mut breaker = breaker();
        let trace: Vec<_> = [(1, 100, 90), (2, 0, 0), (3, 0, 0), (4, 3, 0), (5, 2, 0), (6, 100, 0)]
            .into_iter()
            .filter_map(|(moment, requests, errors)| Some((moment, second(&mut breaker, moment, requests, errors)?)))
            .collect();
        assert_eq!(trace, [(1, OPEN), (3, HALF_OPEN), (5, CLOSED)]);
        assert_eq!(breaker.gives_up(), None);
    }

    #[test]
    fn answers_to_what_was_sent_before_it_opened_are_not_those_of_trials() {
        let mut breaker = breaker();
        second(&mut breaker, 1, 100, 90);
        let look = |moment, errors, in_flight| Seen { moment: Duration::from_secs(moment), requests: errors, errors, in_flight };
        assert_eq!(breaker.look(look(3, 0, 80)), None, "80 are still under way");
        assert_eq!(breaker.look(look(4, 80, 0)), Some(HALF_OPEN), "they have failed, and count for nothing");
        second(&mut breaker, 5, TRIALS.into(), TRIALS.into());
        assert_eq!(breaker.look(look(7, 0, 1)), None);
        assert_eq!(breaker.look(look(12, 0, 1)), Some(HALF_OPEN), "nothing takes longer than the timeout");
    }

    #[test]
    fn it_tries_once_more_when_too_few_trials_came_to_an_outcome() {
        let mut breaker = breaker();
        second(&mut breaker, 1, 100, 90);
        assert_eq!(second(&mut breaker, 3, 0, 0), Some(HALF_OPEN));
        let tries: Vec<u64> = (4..25).filter(|moment| second(&mut breaker, *moment, 0, 0) == Some(HALF_OPEN)).collect();
        assert_eq!(tries, [10, 17, 24], "each retry_after and a request's longest time");
        assert_eq!((second(&mut breaker, 25, 3, 0), second(&mut breaker, 31, 0, 0)), (None, Some(HALF_OPEN)));
        assert_eq!(second(&mut breaker, 32, 2, 0), Some(CLOSED), "all that came to an outcome count");
        assert_eq!(breaker.events.len(), 3, "it has not changed its state in between");
    }

    #[test]
    fn it_gives_up_at_the_last_of_its_openings() {
        let mut breaker = breaker();
        let mut states = Vec::new();
        for moment in 1..60 {
            states.extend(second(&mut breaker, moment, 60, 60));
            if breaker.gives_up().is_some() {
                break;
            }
        }
        assert_eq!(states, [OPEN, HALF_OPEN, OPEN, HALF_OPEN, OPEN]);
        assert_eq!(breaker.gives_up().unwrap(), "the circuit breaker opened 3 times, at last because 60 of 60 trials failed");
        assert!((60..90).all(|moment| second(&mut breaker, moment, 0, 0).is_none()), "it tries no more while the run ends");
    }
}
