//! Refining an approximate quantile.

/// Steps after which any start that is of the right order has converged; usually three are made.
const STEPS_MAX: usize = 100;
/// Relative size of a step that no longer matters.
const TOLERANCE: f64 = 1e-14;

/// Newton's method from `start` on a function that gives value and slope; `inside` keeps a step from (where, to) within
/// the domain. A start or slope that leads nowhere leaves the last good value.
pub(super) fn refine(start: f64, function: impl Fn(f64) -> (f64, f64), inside: impl Fn(f64, f64) -> f64) -> f64 {
    let mut x = start;
    for _ in 0..STEPS_MAX {
        let (value, slope) = function(x);
        let next = inside(x, x - value / slope);
        if !next.is_finite() {
            break;
        }
        let settled = (next - x).abs() <= TOLERANCE * x.abs();
        x = next;
        if settled {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rough_start_is_refined() {
        let root = refine(10.0, |x| (x * x - 2.0, 2.0 * x), |_, next| next);
        assert!((root - 2.0_f64.sqrt()).abs() < 1e-14);
    }

    #[test]
    fn a_flat_function_leaves_the_start() {
        assert!((refine(0.3, |_| (1.0, 0.0), |_, next| next) - 0.3).abs() < 1e-15);
    }
}
