//! Whether two rows of values rise and fall together.

/// Spearman's rank correlation: Pearson's of the ranks, ties given their mean rank (Spearman 1904; Kendall 1970, ch. 3). `None` for
/// fewer than two pairs, and where all values of a side are equal.
#[must_use]
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let ranks = |of: fn(&(f64, f64)) -> f64| ranks(&pairs.iter().map(of).collect::<Vec<f64>>());
    let (x, y) = (ranks(|pair| pair.0), ranks(|pair| pair.1));
    let mean = (pairs.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let spread = (product(&x, &x) * product(&y, &y)).sqrt();
    (spread > 0.0).then(|| product(&x, &y) / spread)
}

/// The rank of each value from 1, equal values at the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = begin as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|place| ranks[*place] = rank);
        begin += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlations_are_those_of_the_reference() {
        // scipy.stats.spearmanr
        let rho = |x: &[f64], y: &[f64]| spearman(&x.iter().copied().zip(y.iter().copied()).collect::<Vec<_>>());
        assert_eq!(rho(&[1.0, 2.0, 3.0, 4.0], &[10.0, 20.0, 30.0, 99.0]), Some(1.0));
        assert!((rho(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]).unwrap() - 0.820_782_681_668_123_3).abs() < 1e-12);
        assert_eq!(rho(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None, "what never changes moves with nothing");
        assert_eq!(rho(&[], &[]), None);
    }
}
