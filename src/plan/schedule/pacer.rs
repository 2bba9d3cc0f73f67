//! One arrival after the other: where each stands in the sequence, and so when it is due.
//!
//! A shape says when each *position* is due. Even arrivals stand at whole positions. Those of a Poisson process stand at the sums
//! of exponential gaps of mean 1, and the shape then makes of them a process of its own rate, constant or not (time change of
//! a unit-rate process; Cinlar 1975). Load that is changed while it is made (`adaptive`, shed load) stretches the gaps by the
//! factor that holds at the time.
//!
//! Threads share even arrivals by turns. A Poisson process they share by each making one of its own of a part of the rate:
//! together these are one of the whole rate.
//!
//! Waking up costs several times what a request does. A thread with many arrivals a second therefore takes those of each
//! millisecond together: they are *due* together, so that no latency is charged with it.

use std::time::Duration;

use rand::{SeedableRng as _, rngs::StdRng};
use rand_distr::{Distribution as _, Exp1};

use super::{Schedule as _, Shape, StageSchedule};
use crate::plan::{Arrivals, Control, Share};

/// Arrivals per second of one thread up to which each is due at a moment of its own.
const EXACT_RATE_MAX: f64 = 2_500.0;
/// Beyond it, arrivals are due at whole multiples of this.
const GRAIN: Duration = Duration::from_millis(1);

/// One thread's arrivals of one stage, in order.
#[derive(Debug)]
pub struct Pacer {
    schedule: StageSchedule,
    position: f64,
    share: Share,
    /// Source of the gaps, where they are random.
    gaps: Option<StdRng>,
    is_grained: bool,
}

impl Pacer {
    /// A thread's arrivals in a stage of this shape and length. Equal seeds give equal arrivals.
    #[must_use]
    pub fn new(shape: Shape, length: Duration, control: &Control, share: Share, seed: u64) -> Self {
        let gaps = match control.arrivals {
            Arrivals::Uniform => None,
            Arrivals::Poisson => Some(StdRng::seed_from_u64(seed ^ ((share.thread as u64) << 48))),
        };
        let is_grained = shape.peak() * control.peak_factor() / share.threads as f64 > EXACT_RATE_MAX;
        let mut pacer = Self { schedule: shape.schedule(length), position: share.thread as f64, share, gaps, is_grained };
        if pacer.gaps.is_some() {
            pacer.position = 0.0;
            pacer.position = pacer.gap();
        }
        pacer
    }

    /// When the next arrival is due, from the start of the stage; `None` when the stage has no more. `factor` is what the rate is
    /// multiplied with just now, above 0.
    pub fn next(&mut self, factor: f64) -> Option<Duration> {
        let due = self.schedule.due(self.position)?;
        self.position += self.gap() / factor.max(f64::MIN_POSITIVE);
        if self.is_grained {
            let nanos = due.as_nanos() as u64;
            return Some(Duration::from_nanos(nanos - nanos % GRAIN.as_nanos() as u64));
        }
        Some(due)
    }

    fn gap(&mut self) -> f64 {
        let gap: f64 = self.gaps.as_mut().map_or(1.0, |rng| Exp1.sample(rng));
        gap * self.share.threads as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::Adaptive, units::PerSecond};

    const SECONDS: u64 = 20;

    fn dues(shape: Shape, arrivals: Arrivals, share: Share, seed: u64, factor: f64) -> Vec<f64> {
        let control = Control { arrivals, ..Control::default() };
        let mut pacer = Pacer::new(shape, Duration::from_secs(SECONDS), &control, share, seed);
        std::iter::from_fn(|| pacer.next(factor)).map(|due| due.as_secs_f64()).collect()
    }

    const ALONE: Share = Share { thread: 0, threads: 1 };

    #[test]
    fn threads_together_make_the_even_arrivals_of_one() {
        let shape = Shape::Ramp { from: PerSecond(5.0), to: PerSecond(40.0) };
        let alone = dues(shape, Arrivals::Uniform, ALONE, 1, 1.0);
        let mut together: Vec<f64> =
            (0..3).flat_map(|thread| dues(shape, Arrivals::Uniform, Share { thread, threads: 3 }, 1, 1.0)).collect();
        together.sort_by(f64::total_cmp);
        assert_eq!(alone, together);
    }

    #[test]
    fn poisson_arrivals_are_as_many_as_the_rate_says_and_as_uneven_as_chance() {
        let shape = Shape::Constant(PerSecond(1_000.0));
        let mut all: Vec<f64> =
            (0..2).flat_map(|thread| dues(shape, Arrivals::Poisson, Share { thread, threads: 2 }, 7, 1.0)).collect();
        all.sort_by(f64::total_cmp);
        let expected = 1_000.0 * SECONDS as f64;
        assert!((all.len() as f64 - expected).abs() < 4.0 * expected.sqrt(), "{} arrivals", all.len());
        let mut bins = vec![0.0_f64; 2_000];
        all.iter().for_each(|due| bins[(due * 100.0) as usize] += 1.0);
        let mean = bins.iter().sum::<f64>() / bins.len() as f64;
        let variance = bins.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / bins.len() as f64;
        assert!((0.85..1.15).contains(&(variance / mean)), "dispersion {}", variance / mean);
        assert_eq!(all.len(), all.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1, "no two at a time");
    }

    #[test]
    fn poisson_arrivals_of_a_ramp_follow_its_rate() {
        let shape = Shape::Ramp { from: PerSecond(0.0), to: PerSecond(2_000.0) };
        let all = dues(shape, Arrivals::Poisson, ALONE, 3, 1.0);
        let first_half = all.iter().filter(|due| **due < SECONDS as f64 / 2.0).count() as f64;
        let share = first_half / all.len() as f64;
        assert!((share - 0.25).abs() < 0.02, "a quarter of a ramp from zero comes in its first half: {share}");
    }

    #[test]
    fn many_arrivals_are_due_together_each_millisecond() {
        let all = dues(Shape::Constant(PerSecond(10_000.0)), Arrivals::Uniform, ALONE, 1, 1.0);
        assert_eq!(all.len() as u64, 10_000 * SECONDS);
        assert_eq!((all[0], all[9], all[10], all[25]), (0.0, 0.0, 0.001, 0.002));
    }

    #[test]
    fn arrivals_that_may_become_many_by_adaptive_load_are_due_together_from_the_beginning() {
        let grained = |ceiling| {
            let control = Control { adaptive: Some(Adaptive { ceiling, ..Adaptive::default() }), ..Control::default() };
            let shape = Shape::Constant(PerSecond(2_000.0));
            let mut pacer = Pacer::new(shape, Duration::from_secs(SECONDS), &control, ALONE, 1);
            std::iter::from_fn(|| pacer.next(1.0)).nth(1)
        };
        assert_eq!(grained(1.2), Some(Duration::from_micros(500)), "2,400 a second are fewer than 2,500");
        assert_eq!(grained(1.3), Some(Duration::ZERO), "2,600 are more");
    }

    #[test]
    fn equal_seeds_give_equal_arrivals() {
        let shape = Shape::Constant(PerSecond(50.0));
        assert_eq!(dues(shape, Arrivals::Poisson, ALONE, 5, 1.0), dues(shape, Arrivals::Poisson, ALONE, 5, 1.0));
        assert_ne!(dues(shape, Arrivals::Poisson, ALONE, 5, 1.0), dues(shape, Arrivals::Poisson, ALONE, 6, 1.0));
    }

    #[test]
    fn a_factor_changes_the_number_of_arrivals_in_proportion() {
        let shape = Shape::Constant(PerSecond(100.0));
        let count = |factor| dues(shape, Arrivals::Uniform, ALONE, 1, factor).len();
        assert_eq!((count(0.5), count(1.0), count(1.2)), (1_000, 2_000, 2_400));
    }
}
