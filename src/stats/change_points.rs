//! Where the level of a series changes: seeded binary segmentation with a t-test at each candidate.
//!
//! P. Fryzlewicz, "Wild binary segmentation", Annals of Statistics 42 (2014); S. Kovács, H. Li, P. Bühlmann, A. Munk, "Seeded binary
//! segmentation", Biometrika 110 (2023): candidates are looked for in intervals of all lengths, so that a level that came back is
//! found as well as one that stayed.

use super::student_t;

/// Each length of the intervals is this share of the one before.
const DECAY: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first value of the new level.
    pub index: usize,
    /// How sure it is: two-sided, corrected for all places that were looked at.
    pub p_value: f64,
}

/// The changes of level in a series, in its order, each with at least `shortest` values on either side, so that the chance to find
/// one where there is none is at most `alpha`. Values are taken to be independent and of one spread.
#[must_use]
pub fn find(values: &[f64], shortest: usize, alpha: f64) -> Vec<ChangePoint> {
    let shortest = shortest.max(2);
    let sums = Sums::of(values);
    let intervals = intervals(values.len(), 2 * shortest);
    let looked_at: usize = intervals.iter().map(|(from, to)| to - from + 1 - 2 * shortest).sum();
    let mut candidates: Vec<(f64, usize, (usize, usize))> = intervals
        .into_iter()
        .filter_map(|(from, to)| {
            let (index, p_value) = sums.best(from, to, shortest)?;
            Some((p_value * looked_at as f64, index, (from, to)))
        })
        .filter(|(p_value, ..)| *p_value <= alpha)
        .collect();
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.2.1 - a.2.0).cmp(&(b.2.1 - b.2.0))));
    let mut found: Vec<ChangePoint> = Vec::new();
    for (p_value, index, (from, to)) in candidates {
        // An interval that a surer change lies in shows a mixture.
        if found.iter().all(|known| known.index <= from || known.index >= to) {
            found.push(ChangePoint { index, p_value });
        }
    }
    found.sort_by_key(|change| change.index);
    refine(&mut found, &sums, values.len(), shortest);
    found
}

/// Each change again, where it fits best between its neighbours.
fn refine(found: &mut [ChangePoint], sums: &Sums, length: usize, shortest: usize) {
    for place in 0..found.len() {
        let from = if place == 0 { 0 } else { found[place - 1].index };
        let to = found.get(place + 1).map_or(length, |next| next.index);
        if let Some((index, _)) = sums.best(from, to, shortest) {
            found[place].index = index;
        }
    }
}

/// Half-open intervals of at least `shortest` values: the whole, then shorter ones that overlap by about half.
fn intervals(length: usize, shortest: usize) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let mut wanted = length as f64;
    let mut last = usize::MAX;
    while wanted >= shortest as f64 {
        let size = wanted.ceil() as usize;
        if size != last {
            let count = 2 * (length as f64 / wanted).ceil() as usize - 1;
            let step = if count > 1 { (length - size) as f64 / (count - 1) as f64 } else { 0.0 };
            all.extend((0..count).map(|n| {
                let from = (n as f64 * step).round() as usize;
                (from, (from + size).min(length))
            }));
        }
        last = size;
        wanted *= DECAY;
    }
    all.retain(|(from, to)| to - from >= shortest);
    all.sort_unstable();
    all.dedup();
    all
}

/// Sums of the values and of their squares up to each place, about their mean so that nothing cancels out.
struct Sums {
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    fn of(values: &[f64]) -> Self {
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let running = |of: fn(f64) -> f64| {
            let mut sum = 0.0;
            std::iter::once(0.0)
                .chain(values.iter().map(|value| {
                    sum += of(value - mean);
                    sum
                }))
                .collect()
        };
        Self { values: running(|value| value), squares: running(|value| value * value) }
    }

    /// Number, sum and sum of squares about the mean.
    fn part(&self, from: usize, to: usize) -> (f64, f64, f64) {
        let (n, sum) = ((to - from) as f64, self.values[to] - self.values[from]);
        (n, sum, (self.squares[to] - self.squares[from] - sum * sum / n).max(0.0))
    }

    /// Where in an interval two levels fit best, and the two-sided p-value of their difference.
    fn best(&self, from: usize, to: usize, shortest: usize) -> Option<(usize, f64)> {
        let splits = (from + shortest)..=to.checked_sub(shortest)?;
        let (all, _, total) = self.part(from, to);
        let gain = |index: usize| {
            let ((n, a, _), (m, b, _)) = (self.part(from, index), self.part(index, to));
            (a / n - b / m).powi(2) * n * m / (n + m)
        };
        let (index, gain) = splits.map(|index| (index, gain(index))).max_by(|a, b| a.1.total_cmp(&b.1))?;
        let df = all - 2.0;
        let within = (total - gain).max(0.0) / df;
        let p_value = match (gain > 0.0, within > 0.0) {
            (false, _) => 1.0,
            (true, false) => 0.0,
            (true, true) => 2.0 * student_t::sf((gain / within).sqrt(), df),
        };
        Some((index, p_value))
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};
    use rand_distr::{Distribution as _, Normal};

    use super::*;

    fn series(levels: &[(usize, f64)], sd: f64, seed: u64) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(seed);
        let noise = Normal::new(0.0, sd).unwrap();
        levels
            .iter()
            .flat_map(|(count, level)| std::iter::repeat_n(*level, *count))
            .map(|level| level + noise.sample(&mut rng))
            .collect()
    }

    fn places(values: &[f64]) -> Vec<usize> {
        find(values, 3, 0.01).iter().map(|change| change.index).collect()
    }

    #[test]
    fn a_level_that_stays_and_one_that_comes_back_are_found_where_they_begin() {
        assert_eq!(places(&series(&[(20, 0.0), (10, 0.2)], 0.03, 1)), [20]);
        assert_eq!(places(&series(&[(40, 0.0), (8, 0.3), (52, 0.0)], 0.03, 2)), [40, 48]);
        assert_eq!(places(&series(&[(30, 0.0), (30, 0.2), (30, 0.1)], 0.02, 3)), [30, 60]);
    }

    #[test]
    fn nothing_is_found_in_noise_more_often_than_said() {
        let false_alarms = (0..400).filter(|seed| !places(&series(&[(60, 1.0)], 0.05, 1_000 + seed)).is_empty()).count();
        assert!(false_alarms <= 8, "{false_alarms} of 400 at 1 %");
    }

    #[test]
    fn short_and_constant_series_have_no_change_and_a_step_without_noise_has_one() {
        for length in 0..6 {
            assert_eq!(places(&vec![1.0; length]), [0_usize; 0]);
        }
        assert_eq!(places(&vec![1.0; 50]), [0_usize; 0]);
        assert_eq!(places(&series(&[(10, 0.0), (10, 1.0)], 0.0, 0)), [10]);
    }
}
