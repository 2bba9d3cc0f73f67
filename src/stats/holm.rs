//! Holm's step-down correction for many tests.

/// P-values adjusted so that rejecting those at most alpha keeps the chance of *any* false rejection below alpha, however
/// the tests depend on each other.
///
/// Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
#[must_use]
pub fn adjust(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (step, index) in order.into_iter().enumerate() {
        largest = largest.max(((p_values.len() - step) as f64 * p_values[index]).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, numbers, section},
        *,
    };

    #[test]
    fn adjusted_values_agree_with_the_reference() {
        let case = section("holm");
        for (actual, expected) in adjust(&numbers(&case["p"])).into_iter().zip(numbers(&case["adj"])) {
            assert_close(actual, expected, "holm");
        }
    }

    #[test]
    fn no_tests_give_no_values_and_no_value_exceeds_one() {
        assert!(adjust(&[]).is_empty());
        assert_eq!(adjust(&[0.9, 0.8, 1.0]), [1.0, 1.0, 1.0]);
    }
}
