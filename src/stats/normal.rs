//! The normal distribution, accurate far out in its tails.

use statrs::{
    consts::LN_SQRT_2PI,
    function::erf::{erfc, erfc_inv},
};

use super::newton;

/// Chance of a value above `z`.
#[must_use]
pub fn sf(z: f64) -> f64 {
    erfc(z * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// The value that is exceeded with chance `tail` (0 to 1). NaN outside of that.
///
/// Source: statrs, refined by Newton's method.
#[must_use]
pub fn upper_quantile(tail: f64) -> f64 {
    if !(0.0..=1.0).contains(&tail) {
        return f64::NAN;
    }
    let start = erfc_inv(2.0 * tail) * std::f64::consts::SQRT_2;
    if !start.is_finite() || start.abs() < 1e-12 {
        return start;
    }
    let density = |z: f64| (-0.5 * z * z - LN_SQRT_2PI).exp();
    newton::refine(start, |z| (sf(z) - tail, -density(z)), |_, next| next)
}

#[cfg(test)]
mod tests {
    use super::{super::reference::assert_close, *};

    /// Computed with `scipy.stats.norm.sf` and `.isf`.
    #[test]
    fn tails_and_quantiles_agree_with_the_reference() {
        for (z, tail) in [
            (1.0, 0.15865525393145707),
            (5.15, 1.3024322953320146e-07),
            (9.0, 1.1285884059538324e-19),
            (-3.0, 0.9986501019683699),
        ] {
            assert_close(sf(z), tail, format!("sf({z})"));
        }
        for (tail, z) in
            [(0.005, 2.575829303548901), (1e-7, 5.199337582192817), (1e-12, 7.034483825301132), (0.975, -1.959963984540054)]
        {
            assert_close(upper_quantile(tail), z, format!("quantile({tail})"));
        }
        assert_eq!(upper_quantile(0.5), 0.0);
    }

    #[test]
    fn the_ends_are_infinite_and_beyond_them_is_nothing() {
        assert_eq!((upper_quantile(0.0), upper_quantile(1.0)), (f64::INFINITY, f64::NEG_INFINITY));
        assert!(upper_quantile(1.5).is_nan() && upper_quantile(f64::NAN).is_nan());
    }
}
