//! Student's t distribution with real-valued degrees of freedom, accurate far out in its tails.

use statrs::distribution::{Continuous as _, ContinuousCDF as _, StudentsT};

use super::newton;

fn distribution(df: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, df).ok()
}

/// Chance of a value above `t`. NaN unless `df` > 0.
#[must_use]
pub fn sf(t: f64, df: f64) -> f64 {
    distribution(df).filter(|_| !t.is_nan()).map_or(f64::NAN, |distribution| distribution.sf(t))
}

/// Chance of a value of at most `t`. NaN unless `df` > 0.
#[must_use]
pub fn cdf(t: f64, df: f64) -> f64 {
    sf(-t, df)
}

/// The value that is not exceeded with chance `p` (0 to 1). NaN unless `df` > 0.
#[must_use]
pub fn quantile(p: f64, df: f64) -> f64 {
    if p > 0.5 { upper_quantile(1.0 - p, df) } else { -upper_quantile(p, df) }
}

/// The value that is exceeded with chance `tail` (0 to 1): exact where 1 - `tail` would be rounded. NaN unless `df` > 0.
///
/// Source: statrs, refined by Newton's method: with one degree of freedom and a tail of 1e-10 statrs is off by a factor.
#[must_use]
pub fn upper_quantile(tail: f64, df: f64) -> f64 {
    let Some(distribution) = distribution(df).filter(|_| (0.0..=1.0).contains(&tail)) else { return f64::NAN };
    if tail > 0.5 {
        return -upper_quantile(1.0 - tail, df);
    }
    let start = -distribution.inverse_cdf(tail);
    if tail <= 0.0 || start <= 0.0 {
        return if tail <= 0.0 { f64::INFINITY } else { 0.0 };
    }
    // Where the density underflows there is nothing left to refine.
    newton::refine(start, |t| (sf(t, df) - tail, -distribution.pdf(t)), |t, next| next.max(t / 2.0))
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, number, rows},
        *,
    };

    #[test]
    fn quantiles_agree_with_the_reference() {
        for row in rows("student_t_ppf") {
            assert_close(quantile(number(&row, "p"), number(&row, "df")), number(&row, "x"), &row);
        }
    }

    #[test]
    fn tails_agree_with_the_reference() {
        for row in rows("student_t_sf") {
            assert_close(sf(number(&row, "t"), number(&row, "df")), number(&row, "p"), &row);
            assert_close(cdf(-number(&row, "t"), number(&row, "df")), number(&row, "p"), &row);
        }
    }

    #[test]
    fn the_far_tail_with_few_degrees_of_freedom_turns_round() {
        for df in [1.0, 1.3, 2.0, 4.0, 9.37, 60.0, 5_000.0] {
            for tail in [0.5, 0.3, 1e-3, 1e-6, 1e-10, 1e-14] {
                assert_close(sf(upper_quantile(tail, df), df), tail, format!("{tail} {df}"));
            }
        }
    }

    #[test]
    fn the_distribution_is_symmetric() {
        assert!((quantile(0.2, 7.5) + quantile(0.8, 7.5)).abs() < 1e-12);
        assert!((cdf(0.0, 3.0) - 0.5).abs() < 1e-15);
        assert_eq!((quantile(0.0, 3.0), quantile(1.0, 3.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
