//! How often and how long something is tried again. Bounded in total: a build never waits long for a comment.

use super::trouble::{ApiError, Trouble};
use crate::clock::{self, Duration, Instant};

/// How much patience there is with GitHub.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// Everything together, waits included.
    pub total: Duration,
    /// One request from the connection to the last byte of the answer.
    pub request: Duration,
    /// Before a request is repeated for the first time; twice as long each time after it.
    pub first_pause: Duration,
    /// After a secondary limit that does not say how long it lasts. GitHub asks for a minute.
    pub limit_pause: Duration,
    /// Before one looks what others did at the same time; up to twice as long.
    pub settle: Duration,
}

impl Patience {
    /// After the gate: the verdict is there, and somebody waits for it.
    pub const USUAL: Self = Self {
        total: Duration::from_secs(180),
        request: Duration::from_secs(30),
        first_pause: Duration::from_secs(1),
        limit_pause: Duration::from_secs(60),
        settle: Duration::from_millis(300),
    };
    /// Before the load, which shall not wait for GitHub, and after a signal, when the runner kills soon.
    pub const SHORT: Self = Self {
        total: Duration::from_secs(5),
        request: Duration::from_secs(4),
        first_pause: Duration::from_millis(300),
        ..Self::USUAL
    };
}

/// How often a request is repeated that nobody answers well: where GitHub can't be reached at all, a build shall not wait for minutes.
const REPEATS_MAX: u32 = 4;

/// What is left of the patience.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    patience: Patience,
    until: Instant,
}

impl Budget {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, until: clock::now() + patience.total }
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// How long the next request may take.
    pub(super) fn for_request(&self) -> Duration {
        self.left().min(self.patience.request)
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(clock::now())
    }

    /// How long to wait before the request is repeated, counted from 0; `None` when it must not be, or when there is no time for it.
    pub(super) fn pause(&self, error: &ApiError, times: u32) -> Option<Duration> {
        let growing = self.patience.first_pause.saturating_mul(2_u32.saturating_pow(times));
        let pause = match error.kind {
            Trouble::Passing if times >= REPEATS_MAX => return None,
            Trouble::Passing => growing,
            // `retry-after: 0`, and refused again: who believes it asks without a pause.
            Trouble::Limited(Some(wait)) => wait.max(growing),
            Trouble::Limited(None) => self.patience.limit_pause,
            Trouble::Forbidden | Trouble::Missing | Trouble::TooLong | Trouble::Refused => return None,
        };
        // Those who were refused together shall not come back together.
        let pause = pause.mul_f64(1.0 + clock::chance() / 4.0);
        (pause < self.left()).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: Trouble) -> ApiError {
        ApiError { what: String::new(), reason: String::new(), kind }
    }

    #[test]
    fn waits_grow_and_never_go_beyond_what_is_left() {
        let budget = Budget::new(Patience::USUAL);
        let pause = |kind, times| budget.pause(&error(kind), times);
        let second = |wait: Option<Duration>| wait.unwrap().as_secs_f64();
        assert!((1.0..=1.25).contains(&second(pause(Trouble::Passing, 0))));
        assert!((4.0..=5.0).contains(&second(pause(Trouble::Passing, 2))));
        assert_eq!(pause(Trouble::Passing, REPEATS_MAX), None);
        assert!((60.0..=75.0).contains(&second(pause(Trouble::Limited(None), 0))));
        assert!((1.0..=1.25).contains(&second(pause(Trouble::Limited(Some(Duration::ZERO)), 0))));
        assert!((8.0..=10.0).contains(&second(pause(Trouble::Limited(Some(Duration::ZERO)), 3))), "and not at once for ever");
        assert_eq!(pause(Trouble::Limited(Some(Duration::from_secs(3_600))), 0), None, "nobody waits for an hour");
        assert_eq!(Budget::new(Patience::SHORT).pause(&error(Trouble::Limited(None)), 0), None);
    }

    #[test]
    fn what_will_not_change_is_not_repeated() {
        let budget = Budget::new(Patience::USUAL);
        for kind in [Trouble::Forbidden, Trouble::Missing, Trouble::TooLong, Trouble::Refused] {
            assert_eq!(budget.pause(&error(kind), 0), None);
        }
    }
}
