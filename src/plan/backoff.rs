//! Pauses that grow from attempt to attempt.

use std::time::Duration;

use rand::RngExt as _;

/// A pause that grows from attempt to attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    /// Before the first repetition.
    pub initial: Duration,
    /// What it is multiplied with each time.
    pub factor: f64,
    /// Longest pause.
    pub max: Duration,
    /// Whether the pause is drawn evenly between zero and its length, so that repetitions do not come in step.
    pub jitter: bool,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { initial: Duration::from_millis(200), factor: 2.0, max: Duration::from_secs(5), jitter: true }
    }
}

impl Backoff {
    /// The pause before the next repetition, after so many of them.
    pub fn pause(&self, repetitions: u32, rng: &mut impl rand::Rng) -> Duration {
        let longest = self.longest(repetitions);
        if self.jitter { longest.mul_f64(rng.random::<f64>()) } else { longest }
    }

    /// The pause without jitter.
    #[must_use]
    pub fn longest(&self, repetitions: u32) -> Duration {
        let factor = self.factor.powi(i32::try_from(repetitions).unwrap_or(i32::MAX));
        Duration::try_from_secs_f64(self.initial.as_secs_f64() * factor).unwrap_or(Duration::MAX).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::SmallRng};

    use super::*;

    fn backoff(jitter: bool) -> Backoff {
        Backoff { initial: Duration::from_millis(100), factor: 2.0, max: Duration::from_millis(350), jitter }
    }

    #[test]
    fn pauses_double_up_to_the_longest_one() {
        let mut rng = SmallRng::seed_from_u64(1);
        let pauses: Vec<u128> = (0..4).map(|n| backoff(false).pause(n, &mut rng).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 350, 350]);
        assert_eq!(backoff(false).pause(u32::MAX, &mut rng).as_millis(), 350);
    }

    #[test]
    fn full_jitter_draws_from_nothing_to_the_whole_pause() {
        let mut rng = SmallRng::seed_from_u64(1);
        let drawn: Vec<u128> = (0..1000).map(|_| backoff(true).pause(1, &mut rng).as_millis()).collect();
        assert!(drawn.iter().all(|pause| *pause <= 200) && drawn.iter().any(|pause| *pause < 10));
        let mean = drawn.iter().sum::<u128>() / 1000;
        assert!((90..110).contains(&mean), "{mean}");
    }
}
