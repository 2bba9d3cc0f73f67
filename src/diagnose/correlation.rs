//! Which series moved with the latency, and how much earlier or later.

use crate::stats::rank_correlation::spearman;

/// Steps that a series is moved by at most, either way.
const LAG_MAX: i64 = 10;
/// Fewest pairs that a correlation is told of.
const PAIRS_MIN: usize = 8;
/// From how many standard errors on a correlation is clear: two-sided 0.001, which leaves room for the lags that are tried.
const CLEAR_FROM: f64 = 3.3;

/// How a series moved with the p99.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The series.
    pub series: String,
    /// Rank correlation at the lag where it is furthest from what chance makes, -1 to 1.
    pub rho: f64,
    /// How much earlier than the latency the series moved, in seconds; below 0 for later.
    pub lead_s: f64,
    /// Pairs it rests on.
    pub pairs: usize,
    /// Whether it is more than chance is likely to make of series that have nothing to do with one another.
    pub clear: bool,
}

impl Link {
    /// How many standard errors the correlation is away from none: few pairs make large correlations by chance.
    pub(super) fn strength(&self) -> f64 {
        strength(self.rho, self.pairs)
    }
}

fn strength(rho: f64, pairs: usize) -> f64 {
    rho.abs() * (pairs as f64 - 1.0).sqrt()
}

/// The link of a series with the latency, values at equal places of time; `None` with too few of both, or where one never changes.
pub(super) fn link(name: &str, series: &[Option<f64>], latency: &[Option<f64>], step_s: f64) -> Option<Link> {
    let mut lags: Vec<i64> = (-LAG_MAX..=LAG_MAX).collect();
    // Of equally strong ones the nearest.
    lags.sort_by_key(|lag| lag.abs());
    let mut best: Option<Link> = None;
    for lag in lags {
        let pairs = shifted(series, latency, lag);
        let Some(rho) = spearman(&pairs).filter(|_| pairs.len() >= PAIRS_MIN) else { continue };
        let found = strength(rho, pairs.len());
        if best.as_ref().is_none_or(|best| found > best.strength() + 1e-9) {
            let clear = found >= CLEAR_FROM;
            best = Some(Link { series: name.to_owned(), rho, lead_s: lag as f64 * step_s, pairs: pairs.len(), clear });
        }
    }
    best
}

/// Pairs of the series `lag` places before the latency.
fn shifted(series: &[Option<f64>], latency: &[Option<f64>], lag: i64) -> Vec<(f64, f64)> {
    let pair = |(place, latency): (usize, &Option<f64>)| {
        let other = i64::try_from(place).ok()? - lag;
        Some(((*series.get(usize::try_from(other).ok()?)?)?, (*latency)?))
    };
    latency.iter().enumerate().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_that_runs_ahead_is_found_with_its_lead() {
        let wave = |n: i64| Some(((n * n * 7919) % 101) as f64);
        let latency: Vec<Option<f64>> = (0..60).map(wave).collect();
        let early: Vec<Option<f64>> = (0..60).map(|n| wave(n + 3)).collect();
        let found = link("cpu", &early, &latency, 2.0).unwrap();
        assert!((found.rho - 1.0).abs() < 1e-9 && found.clear, "{found:?}");
        assert!((found.lead_s - 6.0).abs() < 1e-9, "{found:?}");
        assert_eq!(link("cpu", &early[..5], &latency[..5], 1.0), None, "too little to say anything");
    }

    #[test]
    fn a_clear_link_is_not_lost_to_a_perfect_one_of_few_pairs() {
        // Two rising halves: ten places later the ten pairs that are left agree perfectly, as any two rising series do.
        let latency: Vec<Option<f64>> = (0..20).map(|n| Some(f64::from(n % 10 * 2 + n / 10))).collect();
        let shuffled = [3, 2, 1, 0, 7, 6, 5, 4, 9, 8].map(|n| f64::from(n * 2 + 1));
        let cpu: Vec<Option<f64>> = (0..10).map(|n| f64::from(n * 2)).chain(shuffled).map(Some).collect();
        let found = link("cpu", &cpu, &latency, 1.0).unwrap();
        assert!(found.clear && found.lead_s == 0.0 && found.pairs == 20, "{found:?}");
        assert!((found.rho - 0.873_684).abs() < 1e-6, "{found:?}");
    }
}
