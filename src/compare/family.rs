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
    /// What is worse by itself or against its siblings is worse.
    pub(super) fn with_siblings(self, siblings: f64) -> Self {
        Self { siblings: Some(siblings), up: self.alone.min(siblings), ..self }
    }

    /// Whether only the siblings made it sure.
    pub(super) fn is_siblings_find(&self, alpha: f64) -> bool {
        self.alone > alpha && self.siblings.is_some_and(|p| p <= alpha)
    }
}

/// Holm's correction inside a family of that level, for each direction; scaled back so that all are read against `alpha`.
/// Contrasts are tests of "worse" only; they come after the others.
pub(super) fn adjust(p_values: &[(f64, f64)], contrasts: &[f64], level: f64, alpha: f64) -> Vec<Adjusted> {
    let back = |p: f64| (p * alpha / level).min(1.0);
    let up = holm::adjust(&p_values.iter().map(|p| p.0).chain(contrasts.iter().copied()).collect::<Vec<_>>());
    let down = holm::adjust(&p_values.iter().map(|p| p.1).collect::<Vec<_>>());
    let level = level / up.len().max(1) as f64;
    let down = down.into_iter().chain(contrasts.iter().map(|_| 1.0));
    up.into_iter()
        .zip(down)
        .map(|(up, down)| Adjusted { up: back(up), down: back(down), level, siblings: None, alone: back(up) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_alpha_goes_to_the_service_where_it_is_tested() {
        assert!((Levels::split(0.03, true).service - 0.01).abs() < 1e-15);
        assert_eq!(Levels::split(0.03, false), Levels { service: 0.0, endpoints: 0.03 });
    }

    #[test]
    fn adjusted_values_are_read_against_alpha() {
        let adjusted = adjust(&[(0.001, 0.9), (0.5, 0.002)], &[], 0.005, 0.01);
        assert!((adjusted[0].up - 0.004).abs() < 1e-15);
        assert!((adjusted[1].down - 0.008).abs() < 1e-15);
        assert!((adjusted[0].level - 0.0025).abs() < 1e-15);
    }

    #[test]
    fn contrasts_share_the_level_in_the_direction_they_test() {
        let adjusted = adjust(&[(0.2, 0.001)], &[0.0005], 0.01, 0.01);
        assert_eq!(adjusted.len(), 2);
        assert!((adjusted[0].down - 0.001).abs() < 1e-15 && (adjusted[0].level - 0.005).abs() < 1e-15);
        let both = adjusted[0].with_siblings(adjusted[1].up);
        assert!((both.up - 0.001).abs() < 1e-15 && both.is_siblings_find(0.01) && !adjusted[0].is_siblings_find(0.01));
    }
}
