//! Pauses, as people make.

use std::time::Duration;

use rand::Rng;
use rand_distr::{Distribution as _, Exp1, StandardNormal};

pub use crate::config::written::Pause;

impl Pause {
    /// The longest it can be where it has an end, its mean where it has none.
    pub(super) fn length(&self) -> Duration {
        let (Self::Fixed(length) | Self::Uniform(_, length) | Self::Exponential(length) | Self::Normal(length, _)) = *self;
        length
    }

    /// Draws a length.
    pub fn draw(&self, rng: &mut impl Rng) -> Duration {
        match *self {
            Self::Fixed(length) => length,
            Self::Uniform(from, to) => {
                let span = to.saturating_sub(from);
                // 2^53 steps are finer than a nanosecond for any pause.
                from + span.mul_f64((rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64)
            }
            Self::Exponential(mean) => mean.mul_f64(Exp1.sample(rng)),
            Self::Normal(mean, deviation) => {
                let z: f64 = StandardNormal.sample(rng);
                Duration::try_from_secs_f64(mean.as_secs_f64() + z * deviation.as_secs_f64()).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::SmallRng};

    use super::*;

    const DRAWS: u32 = 50_000;

    fn mean_and_deviation(pause: Pause) -> (f64, f64) {
        let mut rng = SmallRng::seed_from_u64(1);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| pause.draw(&mut rng).as_secs_f64()).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(DRAWS);
        let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / f64::from(DRAWS);
        (mean, variance.sqrt())
    }

    fn is_near((mean, deviation): (f64, f64), expected: (f64, f64)) -> bool {
        (mean - expected.0).abs() < 0.02 * expected.0 && (deviation - expected.1).abs() <= 0.02 * expected.1.max(1e-9)
    }

    #[test]
    fn pauses_have_the_mean_and_the_spread_they_are_named_for() {
        let seconds = Duration::from_secs;
        assert!(is_near(mean_and_deviation(Pause::Fixed(seconds(2))), (2.0, 0.0)));
        assert!(is_near(mean_and_deviation(Pause::Uniform(seconds(1), seconds(3))), (2.0, 2.0 / 12.0_f64.sqrt())));
        assert!(is_near(mean_and_deviation(Pause::Exponential(seconds(2))), (2.0, 2.0)));
        let normal = Pause::Normal(seconds(2), Duration::from_millis(500));
        assert!(is_near(mean_and_deviation(normal), (2.0, 0.5)));
    }

    #[test]
    fn a_pause_is_never_negative_and_keeps_to_its_bounds() {
        let mut rng = SmallRng::seed_from_u64(2);
        let wide = Pause::Normal(Duration::from_millis(1), Duration::from_secs(1));
        assert!((0..1_000).any(|_| wide.draw(&mut rng).is_zero()), "what would be below zero is no pause");
        let (from, to) = (Duration::from_millis(10), Duration::from_millis(11));
        assert!((0..1_000).all(|_| (from..=to).contains(&Pause::Uniform(from, to).draw(&mut rng))));
    }
}
