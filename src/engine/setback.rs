//! A user whose setup fails: what refuses it its login will do so again, and is not to be asked without pause.

use std::time::Duration;

use rand::RngExt as _;

use crate::plan::Backoff;

/// How long it waits; of that, half to all.
const BACKOFF: Backoff = Backoff { initial: Duration::from_secs(1), factor: 2.0, max: Duration::from_secs(30), jitter: false };

/// Setups of a user that failed since the last one that did not.
#[derive(Debug, Default)]
pub(super) struct Setback {
    failed: u32,
    until: Duration,
}

impl Setback {
    /// One more has failed, at a moment of the run.
    pub(super) fn again(&mut self, moment: Duration, rng: &mut impl rand::Rng) {
        // Users who were refused together must not come back together.
        self.until = moment + BACKOFF.longest(self.failed).mul_f64(0.5 + rng.random::<f64>() / 2.0);
        self.failed = self.failed.saturating_add(1);
    }

    /// Whether the last one has failed.
    pub(super) fn is_there(&self) -> bool {
        self.failed > 0
    }

    /// The moment of the run before which the user begins nothing.
    pub(super) fn until(&self) -> Duration {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::SmallRng};

    use super::*;

    #[test]
    fn a_user_waits_twice_as_long_each_time_and_half_a_minute_at_most() {
        let (mut setback, mut rng) = (Setback::default(), SmallRng::seed_from_u64(1));
        assert_eq!((setback.is_there(), setback.until()), (false, Duration::ZERO));
        for longest in [1, 2, 4, 8, 16, 30, 30].map(Duration::from_secs) {
            let moment = setback.until();
            setback.again(moment, &mut rng);
            let waits = setback.until() - moment;
            assert!(setback.is_there() && waits >= longest / 2 && waits <= longest, "{waits:?} of {longest:?}");
        }
    }
}
