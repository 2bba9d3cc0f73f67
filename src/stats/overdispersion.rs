//! By how much errors come in bursts: the variance of counts over blocks relative to their mean.

/// Dispersion that is assumed before any errors were seen: errors of services do come in bursts.
const PRIOR: f64 = 2.0;
/// Degrees of freedom this assumption is worth.
pub const PRIOR_DF: f64 = 4.0;

/// The dispersion of error counts and how many degrees of freedom it was learned from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// Variance over mean, at least 1 (Poisson).
    pub phi: f64,
    /// Degrees of freedom, without the prior's.
    pub df: f64,
}

/// Pools chi-square over the blocks of all runs, each about its stratum's mean, with a prior of 2 worth 4 degrees of
/// freedom. A run counts with at most as many degrees of freedom as it has errors, because few errors say little.
///
/// Source: McCullagh and Nelder, Generalized Linear Models, section 6.2.3 (Pearson estimate), shrunk.
#[must_use]
pub fn dispersion<'a>(runs: impl IntoIterator<Item = (&'a [f64], &'a [usize])>) -> Dispersion {
    let (mut weighted, mut df) = (0.0, 0.0);
    for (counts, strata) in runs {
        let free = super::blocks::degrees_of_freedom(strata);
        let own = free.min(counts.iter().sum());
        if own > 0.0 {
            weighted += chi_square(counts, strata) / free * own;
            df += own;
        }
    }
    Dispersion { phi: ((PRIOR * PRIOR_DF + weighted) / (PRIOR_DF + df)).max(1.0), df }
}

fn chi_square(counts: &[f64], strata: &[usize]) -> f64 {
    let mut rest = counts;
    let mut sum = 0.0;
    for &count in strata {
        let (stratum, tail) = rest.split_at(count.min(rest.len()));
        let mean = stratum.iter().sum::<f64>() / stratum.len().max(1) as f64;
        if mean > 0.0 {
            sum += stratum.iter().map(|value| (value - mean).powi(2) / mean).sum::<f64>();
        }
        rest = tail;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{
        super::reference::{assert_close, number, numbers, section},
        *,
    };

    #[test]
    fn the_dispersion_agrees_with_the_reference() {
        let case = section("error_rate");
        let runs: Vec<Vec<f64>> = ["base", "head"].iter().flat_map(|side| case[side].as_array().unwrap()).map(numbers).collect();
        let strata = [12];
        let found = dispersion(runs.iter().map(|run| (run.as_slice(), strata.as_slice())));
        assert_close(found.phi, number(&case, "phi"), "phi");
    }

    #[test]
    fn without_errors_the_prior_stands() {
        assert_eq!(dispersion([([0.0; 4].as_slice(), [4].as_slice())]), Dispersion { phi: 2.0, df: 0.0 });
    }
}
