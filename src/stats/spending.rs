//! Looking at data before they are complete without paying for it in false alarms.

use super::normal;

/// Chance of an error that may have been spent when a share `t` (above 0 to 1) of the data is there, of `alpha` in all.
/// Almost nothing early, so that the last look costs almost nothing.
///
/// Source: Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983), the spending function
/// that imitates O'Brien and Fleming.
#[must_use]
pub fn obrien_fleming(alpha: f64, t: f64) -> f64 {
    2.0 * normal::sf(normal::upper_quantile(alpha / 2.0) / t.sqrt())
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, number, numbers, section},
        *,
    };

    #[test]
    fn what_may_be_spent_agrees_with_the_reference() {
        for name in ["obf_spending", "obf_spending_6_replicates"] {
            let case = section(name);
            for (t, spent) in numbers(&case["t"]).into_iter().zip(numbers(&case["cum"])) {
                assert_close(obrien_fleming(number(&case, "alpha"), t), spent, format!("{name} at {t}"));
            }
        }
        let case = section("obf_spending");
        for (t, spent) in numbers(&case["t"]).into_iter().zip(numbers(&case["beta_cum"])) {
            assert_close(obrien_fleming(0.05, t), spent, format!("beta at {t}"));
        }
    }
}
