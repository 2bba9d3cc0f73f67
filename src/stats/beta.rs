//! The beta distribution, from which the binomial one and intervals for rates follow.

use statrs::{
    distribution::{Beta, ContinuousCDF as _},
    function::beta::{checked_beta_reg, ln_beta},
};

use super::newton;

/// I_x(a, b): the chance that a beta variable with shapes `a`, `b` > 0 is at most `x` (0 to 1). NaN outside of that.
///
/// Source: DLMF 8.17, as implemented by statrs.
#[must_use]
pub fn regularized(a: f64, b: f64, x: f64) -> f64 {
    checked_beta_reg(a, b, x).unwrap_or(f64::NAN)
}

/// The value a beta variable with shapes `a`, `b` > 0 stays below with chance `p` (0 to 1). NaN outside of that.
///
/// Source: AS 64 / AS 109, as implemented by statrs, refined by Newton's method: for rates of a millionth statrs alone is
/// right to three digits only.
#[must_use]
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    let Some(start) = Beta::new(a, b).ok().and_then(|beta| beta.try_inverse_cdf(p).ok()) else { return f64::NAN };
    if start <= 0.0 || start >= 1.0 {
        return start;
    }
    let ln_beta = ln_beta(a, b);
    let density = |x: f64| ((a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p() - ln_beta).exp();
    let inside = |x: f64, next: f64| next.clamp(x / 2.0, f64::midpoint(x, 1.0));
    newton::refine(start, |x| (regularized(a, b, x) - p, density(x)), inside)
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, number, rows},
        *,
    };

    #[test]
    fn the_incomplete_beta_function_agrees_with_the_reference() {
        for row in rows("betainc_reg") {
            let (a, b, x) = (number(&row, "a"), number(&row, "b"), number(&row, "x"));
            assert_close(regularized(a, b, x), number(&row, "v"), &row);
        }
    }

    #[test]
    fn the_counts_of_long_runs_are_no_trouble() {
        for (a, b, x, expected) in LARGE {
            assert_close(regularized(a, b, x), expected, format!("I({a}, {b}, {x})"));
        }
        for (p, a, b, expected) in SMALL_RATES {
            // ln of the gamma function of a million is rounded in its ninth decimal place.
            assert!((quantile(p, a, b) / expected - 1.0).abs() < 1e-8, "quantile({p}, {a}, {b})");
        }
    }

    #[test]
    fn what_makes_no_sense_is_nan_and_not_a_panic() {
        assert!(regularized(0.0, 1.0, 0.5).is_nan() && regularized(1.0, 1.0, 2.0).is_nan());
        assert!(quantile(0.5, f64::NAN, 1.0).is_nan() && quantile(f64::NAN, 1.0, 1.0).is_nan());
    }

    /// Computed with `scipy.special.betainc`.
    const LARGE: [(f64, f64, f64, f64); 3] = [
        (5000.0, 5100.0, 0.5, 0.8401528708121381),
        (50000.0, 51000.0, 0.5, 0.999174159898511),
        (2000000.0, 3000000.0, 0.4003, 0.914539932068353),
    ];

    /// Computed with `scipy.stats.beta.ppf`.
    const SMALL_RATES: [(f64, f64, f64, f64); 6] = [
        (0.95, 0.5, 1000000.5, 1.9207270855660624e-06),
        (0.05, 1.5, 1000000.0, 1.7592309941939642e-07),
        (0.975, 40.5, 5000000.0, 1.077824030667306e-05),
        (0.025, 0.75, 20.5, 0.0003217259872297463),
        (0.95, 0.5, 0.5, 0.9938441702975689),
        (0.95, 300.5, 0.5, 0.9999934519138032),
    ];
}
