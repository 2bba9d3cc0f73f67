//! When a connection pings, and whether its peer is alive.

use std::{collections::VecDeque, time::Duration};

use rand::rngs::SmallRng;

use super::rhythm;
use crate::plan::Heartbeat;

/// The pings of one connection. All moments are of the run.
#[derive(Debug)]
pub(super) struct Heart {
    rules: Heartbeat,
    rng: SmallRng,
    next: Duration,
    number: u64,
    /// Pings without an answer, the oldest first.
    waiting: VecDeque<(u64, Duration)>,
}

impl Heart {
    /// Of a connection that has just begun.
    pub(super) fn new(rules: Heartbeat, now: Duration, mut rng: SmallRng) -> Self {
        let next = now + rhythm::first_ping(rules.every, &mut rng);
        Self { rules, rng, next, number: 0, waiting: VecDeque::new() }
    }

    /// Whether a ping is due.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// The number of the ping that goes out now. One that is late does not make the next one late.
    pub(super) fn beat(&mut self, now: Duration) -> u64 {
        self.number += 1;
        self.waiting.push_back((self.number, now));
        self.next = (self.next + rhythm::next_ping(self.rules.every, &mut self.rng)).max(now);
        self.number
    }

    /// A ping was answered: how long that took. A peer may answer the last one alone (RFC 6455, section 5.5.3): those before it are not
    /// waited for any longer, and nothing is known of them.
    pub(super) fn answered(&mut self, number: u64, now: Duration) -> Option<Duration> {
        while let Some((waiting, sent)) = self.waiting.front().copied() {
            if waiting > number {
                break;
            }
            self.waiting.pop_front();
            if waiting == number {
                return Some(now.saturating_sub(sent));
            }
        }
        None
    }

    /// Whether the oldest ping that has no answer has been waiting for as long as it may.
    pub(super) fn has_stopped(&self, now: Duration) -> bool {
        self.waiting.front().is_some_and(|(_, sent)| now.saturating_sub(*sent) >= self.rules.timeout)
    }

    /// How long a ping may be without an answer.
    pub(super) fn timeout(&self) -> Duration {
        self.rules.timeout
    }

    /// When there is something to do next.
    pub(super) fn wakes(&self) -> Duration {
        self.waiting.front().map_or(self.next, |(_, sent)| self.next.min(*sent + self.rules.timeout))
    }

    /// How long each ping that has no answer has been waiting for one.
    pub(super) fn open(&self, now: Duration) -> impl Iterator<Item = Duration> {
        self.waiting.iter().map(move |(_, sent)| now.saturating_sub(*sent))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn heart() -> Heart {
        Heart::new(Heartbeat { every: s(30), timeout: s(60) }, s(0), SmallRng::seed_from_u64(7))
    }

    #[test]
    fn one_missed_pong_is_no_death_and_two_are() {
        let mut heart = heart();
        let first = heart.wakes();
        assert!(first < s(30) && !heart.is_due(first - s(1)) && heart.is_due(first));
        heart.beat(first);
        let second = heart.wakes();
        assert!((first + s(24)..=first + s(36)).contains(&second), "{first:?}, then {second:?}");
        heart.beat(second);
        assert_eq!((heart.has_stopped(first + s(59)), heart.has_stopped(first + s(60))), (false, true));
        assert!(heart.wakes() <= first + s(60), "to see whether the first one is answered");
    }

    #[test]
    fn an_answer_to_a_later_ping_ends_the_wait_for_the_earlier_ones() {
        let mut heart = heart();
        let (first, second) = (heart.beat(s(30)), heart.beat(s(60)));
        assert_eq!(heart.answered(second, s(61)), Some(s(1)));
        assert_eq!((heart.answered(first, s(62)), heart.has_stopped(s(500)), heart.open(s(70)).count()), (None, false, 0));
    }

    #[test]
    fn answers_nobody_asked_for_mean_nothing() {
        let mut heart = heart();
        assert_eq!(heart.answered(7, s(1)), None);
        heart.beat(s(30));
        assert_eq!(heart.answered(0, s(31)), None);
        assert_eq!(heart.open(s(40)).collect::<Vec<_>>(), [s(10)]);
    }
}
