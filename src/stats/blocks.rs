//! Standard errors from blocks of time, because requests close in time share their luck.
//!
//! `strata` are the numbers of consecutive values that belong to one stage of the load each: values are centred within
//! their stage, as a step of the load is not noise. Every stratum must hold at least two values.

/// Largest correlation of neighbouring blocks that is believed; beyond it the formula's estimate is noise itself.
const LAG_CORRELATION_MAX: f64 = 0.8;

/// Subtracts from each value the mean of its stratum.
pub fn centre(values: &mut [f64], strata: &[usize]) {
    let mut rest = values;
    for &count in strata {
        let (stratum, tail) = rest.split_at_mut(count.min(rest.len()));
        let mean = stratum.iter().sum::<f64>() / stratum.len().max(1) as f64;
        stratum.iter_mut().for_each(|value| *value -= mean);
        rest = tail;
    }
}

/// Variance of the sum of independent blocks: sum over strata of n / (n - 1) times the sum of squares about the mean.
#[must_use]
pub fn variance_of_sum(values: &[f64], strata: &[usize]) -> f64 {
    let mut centred = values.to_vec();
    centre(&mut centred, strata);
    split(&centred, strata).map(|stratum| inflation(stratum.len()) * centred_squares(stratum)).sum()
}

/// Standard error of the sum of the blocks, corrected for the correlation of neighbours (lag 1, its small-sample bias
/// added back, clamped to 0..0.8).
///
/// With one stratum: S = sum (w - mean)^2, r = sum w_b w_(b+1) / S, SE = sqrt(n / (n-1) S) sqrt(1 + 2 clamp(r + 1/n)).
#[must_use]
pub fn standard_error(values: &[f64], strata: &[usize]) -> f64 {
    let mut centred = values.to_vec();
    centre(&mut centred, strata);
    let (mut variance, mut squares, mut products, mut bias) = (0.0, 0.0, 0.0, 0.0);
    for stratum in split(&centred, strata) {
        let count = stratum.len() as f64;
        variance += inflation(stratum.len()) * centred_squares(stratum);
        squares += centred_squares(stratum);
        products += stratum.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
        // Centring makes the products of neighbours too small by (n-1)/n of a variance, over n-1 of them.
        bias += (count - 1.0) / count;
    }
    let correlation = if squares > 0.0 { products / squares } else { 0.0 };
    let bias = bias / degrees_of_freedom(strata).max(1.0);
    variance.sqrt() * (1.0 + 2.0 * (correlation + bias).clamp(0.0, LAG_CORRELATION_MAX)).sqrt()
}

/// Blocks that are free to vary: all of them less one mean per stratum.
#[must_use]
pub fn degrees_of_freedom(strata: &[usize]) -> f64 {
    strata.iter().map(|count| count.saturating_sub(1)).sum::<usize>() as f64
}

fn split<'a>(values: &'a [f64], strata: &'a [usize]) -> impl Iterator<Item = &'a [f64]> {
    strata.iter().scan(values, |rest, &count| {
        let (stratum, tail) = rest.split_at(count.min(rest.len()));
        *rest = tail;
        Some(stratum)
    })
}

fn inflation(count: usize) -> f64 {
    count as f64 / (count as f64 - 1.0).max(1.0)
}

/// Sum of the squares of values that are centred already.
fn centred_squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, number, numbers, section},
        *,
    };

    #[test]
    fn the_standard_error_agrees_with_the_reference() {
        let case = section("se_blocks");
        let values = numbers(&case["w"]);
        assert_close(standard_error(&values, &[values.len()]), number(&case, "se"), "se_blocks");
    }

    #[test]
    fn a_step_between_stages_is_not_noise() {
        let noise = [0.1, -0.2, 0.1, 0.2, -0.1, -0.1];
        let stepped: Vec<f64> = noise.iter().enumerate().map(|(i, value)| value + if i < 3 { 0.0 } else { 50.0 }).collect();
        assert!((standard_error(&noise, &[3, 3]) - standard_error(&stepped, &[3, 3])).abs() < 1e-9);
        assert!(standard_error(&stepped, &[6]) > 50.0 * standard_error(&stepped, &[3, 3]));
        assert!((degrees_of_freedom(&[3, 3]) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn blocks_without_any_spread_have_no_error() {
        assert_eq!(standard_error(&[0.5; 8], &[8]), 0.0);
        assert_eq!(variance_of_sum(&[2.0, 2.0], &[2]), 0.0);
    }
}
