//! Whether a lost connection is really back. A target that takes connections and drops them at once gives none back: were each of them the
//! end of a loss, the attempts would never be used up.

use std::time::Duration;

/// What a new connection has to show first: that its setup succeeds, and that it lives for as long as the pause before it was. All moments
/// are of the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probation {
    lost: Duration,
    regained: Duration,
    ends: Duration,
    is_set_up: bool,
}

impl Probation {
    /// Of a connection that is there again after a pause.
    pub(super) fn new(lost: Duration, regained: Duration, pause: Duration) -> Self {
        Self { lost, regained, ends: regained + pause, is_set_up: false }
    }

    /// Its setup has succeeded.
    pub(super) fn set_up(&mut self) {
        self.is_set_up = true;
    }

    /// When it is over, if nothing happens before; `None` while that depends on the setup.
    pub(super) fn ends(&self) -> Option<Duration> {
        self.is_set_up.then_some(self.ends)
    }

    /// Whether it is over.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.ends().is_some_and(|ends| now >= ends)
    }

    /// How long there was no connection.
    pub(super) fn gap(&self) -> Duration {
        self.regained.saturating_sub(self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_back_when_it_is_set_up_and_has_lived_as_long_as_the_pause_before_it() {
        let s = Duration::from_secs;
        let mut probation = Probation::new(s(10), s(13), s(2));
        assert!(!probation.is_over(s(99)), "nobody knows whether its setup succeeds");
        probation.set_up();
        assert_eq!((probation.ends(), probation.gap()), (Some(s(15)), s(3)));
        assert!(!probation.is_over(s(14)) && probation.is_over(s(15)));
    }
}
