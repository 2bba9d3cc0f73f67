//! When requests came in, and how evenly, in constant memory: each arrival is counted into bins and gaps at once.

use serde::Serialize;

use super::quantiles::{Quantiles, Spread};
use crate::clock::{Duration, Instant};

/// Length of the bins the dispersion is computed over.
const BIN: Duration = Duration::from_millis(10);

/// Arrivals since the start or the last reset. Arrivals must be given in order of time.
#[derive(Default)]
pub(super) struct Arrivals {
    first: Option<Instant>,
    last: Option<Instant>,
    count: u64,
    gaps: Spread,
    bins: Bins,
}

/// What arrivals looked like.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ArrivalStats {
    /// Arrivals counted.
    count: u64,
    /// From the first to the last of them.
    duration_s: f64,
    /// Gaps per second between the first and the last.
    rate_per_s: Option<f64>,
    /// Variance over mean of the arrivals in bins of 10 ms: 0 for an even stream, 1 for a Poisson one.
    dispersion_10ms: Option<f64>,
    /// Time between one arrival and the next.
    gap_us: Quantiles,
}

impl Arrivals {
    pub(super) fn add(&mut self, at: Instant) {
        let first = *self.first.get_or_insert(at);
        if let Some(last) = self.last.replace(at) {
            self.gaps.record(at.saturating_duration_since(last));
        }
        self.count += 1;
        self.bins.add(at.saturating_duration_since(first));
    }

    pub(super) fn stats(&self) -> ArrivalStats {
        let duration = self.first.zip(self.last).map_or(Duration::ZERO, |(first, last)| last - first);
        let seconds = duration.as_secs_f64();
        ArrivalStats {
            count: self.count,
            duration_s: seconds,
            rate_per_s: (seconds > 0.0).then(|| (self.count - 1) as f64 / seconds),
            dispersion_10ms: self.bins.dispersion(),
            gap_us: self.gaps.quantiles(),
        }
    }
}

/// Counts per bin, kept as their sum and sum of squares; the bin that is still being filled is not part of them.
#[derive(Default)]
struct Bins {
    current: u128,
    in_current: u64,
    sum: u64,
    sum_of_squares: u128,
}

impl Bins {
    fn add(&mut self, since_first: Duration) {
        let bin = since_first.as_nanos() / BIN.as_nanos();
        if bin > self.current {
            self.sum += self.in_current;
            self.sum_of_squares += u128::from(self.in_current).pow(2);
            (self.current, self.in_current) = (bin, 0);
        }
        self.in_current += 1;
    }

    fn dispersion(&self) -> Option<f64> {
        if self.current < 2 || self.sum == 0 {
            return None;
        }
        let bins = self.current as f64;
        let mean = self.sum as f64 / bins;
        Some((self.sum_of_squares as f64 / bins - mean * mean).max(0.0) / mean)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
    use rand_distr::Exp1;

    use super::*;
    use crate::clock;

    fn stats(times: impl Iterator<Item = Duration>) -> ArrivalStats {
        let (begin, mut arrivals) = (clock::now(), Arrivals::default());
        times.for_each(|time| arrivals.add(begin + time));
        arrivals.stats()
    }

    #[test]
    fn an_even_stream_has_no_dispersion() {
        let stats = stats((0..5_000).map(|n| Duration::from_micros(n * 1_000)));
        assert_eq!(stats.dispersion_10ms, Some(0.0));
        assert!((stats.rate_per_s.unwrap() - 1_000.0).abs() < 1e-6);
        assert_eq!(stats.count, 5_000);
    }

    #[test]
    fn a_poisson_stream_has_a_dispersion_of_one() {
        let mut random = StdRng::seed_from_u64(1);
        let mut at = 0.0;
        let stats = stats((0..200_000).map(|_| {
            at += random.sample::<f64, _>(Exp1) / 1_000.0;
            Duration::from_secs_f64(at)
        }));
        assert!((stats.dispersion_10ms.unwrap() - 1.0).abs() < 0.03, "{stats:?}");
    }

    #[test]
    fn bursts_are_overdispersed_and_the_gaps_between_them_are_seen() {
        let stats = stats((0..10_000).map(|n| Duration::from_millis(n / 100 * 100)));
        assert!(stats.dispersion_10ms.unwrap() > 50.0, "{stats:?}");
        assert!((stats.gap_us.max.unwrap() - 100_000.0).abs() < 100.0, "{stats:?}");
    }

    #[test]
    fn nothing_is_made_up_without_arrivals() {
        let stats = stats(std::iter::once(Duration::ZERO));
        assert_eq!((stats.rate_per_s, stats.dispersion_10ms, stats.gap_us.p50), (None, None, None));
    }
}
