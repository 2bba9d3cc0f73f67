//! Fisher's F distribution: the ratio of two variances.

use super::beta;

/// Chance of a ratio above `f` when both variances are equal. `upper_df` belongs to the variance above the line. NaN unless
/// both degrees of freedom are above 0.
///
/// Source: DLMF 8.17 (the incomplete beta function); Fisher, Proc. Int. Congr. Math. Toronto 2 (1924).
#[must_use]
pub fn sf(f: f64, upper_df: f64, lower_df: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    beta::regularized(lower_df / 2.0, upper_df / 2.0, lower_df / (lower_df + upper_df * f))
}

#[cfg(test)]
mod tests {
    use super::{super::reference::assert_close, *};

    #[test]
    fn tails_agree_with_the_reference() {
        for (f, upper_df, lower_df, expected) in TAILS {
            assert_close(sf(f, upper_df, lower_df), expected, format!("F({f}; {upper_df}, {lower_df})"));
        }
    }

    #[test]
    fn the_ends_are_certain_and_no_degrees_of_freedom_are_nan() {
        assert_eq!((sf(0.0, 5.0, 10.0), sf(f64::INFINITY, 5.0, 10.0)), (1.0, 0.0));
        assert!(sf(1.0, 0.0, 10.0).is_nan() && sf(f64::NAN, 5.0, 10.0).is_nan());
    }

    /// Computed with `scipy.stats.f.sf`.
    const TAILS: [(f64, f64, f64, f64); 8] = [
        (1.0, 5.0, 25.0, 0.43807053290155284),
        (2.6, 5.0, 25.0, 0.050200593858103666),
        (2.603, 5.0, 40.0, 0.039530393172855234),
        (3.9, 2.0, 40.0, 0.02835579933436871),
        (0.3, 9.0, 5.0, 0.9441031414835911),
        (50.0, 5.0, 10.0, 9.402259788055297e-07),
        (1000.0, 5.0, 40.0, 7.160997257316926e-41),
        (4.2, 3.0, 7.5, 0.04985280351557543),
    ];
}
