//! Sharing the chance of a false alarm among all tests of a comparison.

use crate::stats::holm;

/// Share of alpha that goes to the service as a whole.
const SERVICE_SHARE: f64 = 1.0 / 3.0;

/// The levels of the two families.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    /// Of the service as a whole.
    pub service: f64,
    /// Of everything else.
    pub endpoints: f64,
}

impl Levels {
    /// A third for the service as a whole, where it is tested.
    pub(super) fn split(alpha: f64, service: bool) -> Self {
        let service = if service { alpha * SERVICE_SHARE } else { 0.0 };
        Self { service, endpoints: alpha - service }
    }
}

/// One-sided p-values of a test before the correction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Uncorrected {
    /// Of "worse".
    pub up: f64,
    /// Of "better".
    pub down: f64,
    /// Of "worse than its siblings", where that is tested too: one more test of the family, in this direction only.
    pub siblings: Option<f64>,
}

/// What a test of a family knows after the correction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Adjusted {
    /// P-value of "worse", to be read against alpha.
    pub up: f64,
    /// P-value of "better", to be read against alpha.
    pub down: f64,
    /// Level of the first Holm step of the family: what a lone change has to beat.
    pub level: f64,
    /// P-value of "worse than its siblings", to be read against alpha, where that is tested; `up` is no larger.
    pub siblings: Option<f64>,
    /// P-value of "worse" by itself alone.
    pub alone: f64,
}

impl Adjusted {
    /// Whether only the siblings made it sure.
    pub(super) fn is_siblings_find(&self, alpha: f64) -> bool {
        self.alone > alpha && self.siblings.is_some_and(|p| p <= alpha)
    }
}

/// Holm's correction inside a family of that level, for each direction; scaled back so that all are read against `alpha`. What is
/// returned has the place of its test; one that is not eligible is `None` there and here.
pub(super) fn adjust(tests: &[Option<Uncorrected>], level: f64, alpha: f64) -> Vec<Option<Adjusted>> {
    let column = |of: fn(&Uncorrected) -> Option<f64>| tests.iter().map(move |test| test.as_ref().and_then(of));
    let up = corrected(&column(|test| Some(test.up)).chain(column(|test| test.siblings)).collect::<Vec<_>>());
    let down = corrected(&column(|test| Some(test.down)).collect::<Vec<_>>());
    let first = level / up.iter().flatten().count().max(1) as f64;
    let back = |p: f64| (p * alpha / level).min(1.0);
    let (up, siblings) = up.split_at(tests.len());
    let of_test = |((up, siblings), down): ((&Option<f64>, &Option<f64>), &Option<f64>)| {
        let (alone, down, siblings) = (back((*up)?), back((*down)?), siblings.map(back));
        // What is worse by itself or against its siblings is worse.
        Some(Adjusted { up: siblings.map_or(alone, |p| p.min(alone)), down, level: first, siblings, alone })
    };
    up.iter().zip(siblings).zip(&down).map(of_test).collect()
}

/// Holm's correction of the p-values that there are, each at its place.
fn corrected(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut adjusted = holm::adjust(&p_values.iter().copied().flatten().collect::<Vec<_>>()).into_iter();
    p_values.iter().map(|p| p.and_then(|_| adjusted.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_alpha_goes_to_the_service_where_it_is_tested() {
        assert!((Levels::split(0.03, true).service - 0.01).abs() < 1e-15);
        assert_eq!(Levels::split(0.03, false), Levels { service: 0.0, endpoints: 0.03 });
    }

    fn by_itself(up: f64, down: f64) -> Option<Uncorrected> {
        Some(Uncorrected { up, down, siblings: None })
    }

    #[test]
    fn adjusted_values_are_read_against_alpha() {
        let adjusted = adjust(&[by_itself(0.001, 0.9), by_itself(0.5, 0.002)], 0.005, 0.01);
        let (first, second) = (adjusted[0].unwrap(), adjusted[1].unwrap());
        assert!((first.up - 0.004).abs() < 1e-15);
        assert!((second.down - 0.008).abs() < 1e-15);
        assert!((first.level - 0.0025).abs() < 1e-15);
    }

    #[test]
    fn what_is_not_eligible_costs_nothing_and_takes_no_place_of_another() {
        let (small, large) = (by_itself(0.001, 0.9), by_itself(0.5, 0.002));
        let adjusted = adjust(&[None, small, None, large], 0.005, 0.01);
        assert_eq!(adjusted.len(), 4);
        assert_eq!((adjusted[0], adjusted[2]), (None, None));
        assert_eq!([adjusted[1], adjusted[3]].to_vec(), adjust(&[small, large], 0.005, 0.01));
    }

    #[test]
    fn contrasts_share_the_level_in_the_direction_they_test() {
        let other = by_itself(0.3, 0.4);
        let contrasted = Some(Uncorrected { up: 0.2, down: 0.001, siblings: Some(0.0005) });
        let adjusted = adjust(&[other, contrasted], 0.01, 0.01);
        let (other, both) = (adjusted[0].unwrap(), adjusted[1].unwrap());
        assert!((both.down - 0.002).abs() < 1e-15 && (both.level - 0.01 / 3.0).abs() < 1e-15);
        assert!((both.up - 0.0015).abs() < 1e-15 && (both.alone - 0.4).abs() < 1e-15 && both.is_siblings_find(0.01));
        assert!(other.siblings.is_none() && !other.is_siblings_find(0.01));
    }
}
