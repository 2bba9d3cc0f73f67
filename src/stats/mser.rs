//! Where a series has become steady.

/// How many values at the beginning to leave out, so that the mean of the others is known best: at most half of them. That it is
/// half of them means that the series has not become steady at all, as far as one can see.
///
/// Source: White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997): the marginal
/// standard error rule (MSER).
#[must_use]
pub fn truncation(values: &[f64]) -> usize {
    let error = |cut: usize| {
        let rest = &values[cut..];
        let (count, sum) = (rest.len() as f64, rest.iter().sum::<f64>());
        rest.iter().map(|value| (value - sum / count).powi(2)).sum::<f64>() / count.powi(2)
    };
    (0..=values.len() / 2).filter(|cut| *cut < values.len()).min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{numbers, section},
        *,
    };

    #[test]
    fn the_example_agrees_with_the_reference() {
        let case = section("mser");
        assert_eq!(truncation(&numbers(&case["x"])) as f64, case["d"].as_f64().unwrap());
    }

    #[test]
    fn a_series_that_falls_all_the_time_is_cut_in_half_and_one_that_does_not_change_is_not_cut() {
        let falling: Vec<f64> = (0..20).map(|n| 20.0 - f64::from(n)).collect();
        assert_eq!((truncation(&falling), truncation(&[3.0; 20]), truncation(&[])), (10, 0, 0));
    }
}
