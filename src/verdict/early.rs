//! Whether a comparison side by side can stop before its end, because more replicates would not change the verdict.

use super::{Reference, Verdict, VerdictKind};
use crate::{
    compare::{Comparison, Outcome, Row},
    policy::Severity,
};

/// Whether a verdict at a look before the end is sure: something regressed, or nothing did by more than is tolerated. The comparison
/// must have been made at that look, which pays for looking early. A warning and an inconclusive verdict are never sure.
#[must_use]
pub fn is_sure(verdict: &Verdict) -> bool {
    let Reference::Compared(comparison) = &verdict.reference else { return false };
    match verdict.kind {
        VerdictKind::Fail => comparison.rows.iter().any(|row| row.level == Some(Severity::Fail)),
        VerdictKind::Pass => all_equivalent(comparison),
        VerdictKind::Warn | VerdictKind::Inconclusive | VerdictKind::Invalid => false,
    }
}

/// Whether every tested p50 and p95 stays within its tolerance for sure: not only that no change was found.
fn all_equivalent(comparison: &Comparison) -> bool {
    let of_body = |row: &&Row| row.metric.is_of_body();
    let tested = |row: &&Row| row.mde.is_some() && !matches!(row.outcome, Outcome::NoData);
    let mut tests = comparison.rows.iter().filter(of_body).filter(tested).peekable();
    tests.peek().is_some() && tests.all(|row| row.equivalent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{ComparedMetric, Look, compare_ab, fixture, looks},
        policy::{Policy, Quantile, Severity},
        record::{LearnedNoise, RunRecord},
        verdict::decide,
    };

    /// Replicates whose `/b` is slower by `factor` in the candidate.
    fn verdict(factor: f64, look: Look) -> Verdict {
        let run = |factor: f64, shift: u64| -> RunRecord {
            fixture::steady(20, &["/a", "/b"], 60, |endpoint, second, n| {
                let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 3_000 + shift * 11;
                if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
            })
        };
        let side = |factor, salt| (0..look.used as u64).map(|shift| run(factor, shift * 2 + salt)).collect::<Vec<_>>();
        let (baseline, candidate, policy) = (side(1.0, 0), side(factor, 1), Policy::default());
        let comparison = compare_ab(&baseline, &candidate, &policy.regression, &LearnedNoise::default(), look);
        decide(&candidate, Reference::Compared(Box::new(comparison)), &policy)
    }

    #[test]
    fn a_large_regression_and_a_sure_pass_stop_before_the_end() {
        let look = looks(6, 0.01)[2];
        let slower = verdict(1.5, look);
        assert_eq!((is_sure(&slower), slower.kind), (true, VerdictKind::Fail));
        let same = verdict(1.0, look);
        assert_eq!((is_sure(&same), same.kind), (true, VerdictKind::Pass));
    }

    #[test]
    fn a_pass_that_only_found_nothing_goes_on() {
        let mut same = verdict(1.0, looks(6, 0.01)[2]);
        if let Reference::Compared(comparison) = &mut same.reference {
            let p95 = |row: &&mut Row| row.metric == ComparedMetric::Latency(Quantile::P95) && row.mde.is_some();
            comparison.rows.iter_mut().find(p95).unwrap().equivalent = false;
        }
        assert!(!is_sure(&same));
    }

    #[test]
    fn a_warning_a_broken_threshold_and_nothing_to_compare_go_on() {
        let mut slower = verdict(1.5, looks(6, 0.01)[2]);
        slower.kind = VerdictKind::Invalid;
        assert!(!is_sure(&slower));
        slower.kind = VerdictKind::Fail;
        if let Reference::Compared(comparison) = &mut slower.reference {
            comparison.rows.iter_mut().filter(|row| row.level.is_some()).for_each(|row| row.level = Some(Severity::Warn));
        }
        assert!(!is_sure(&slower), "only a threshold is broken");
        slower.kind = VerdictKind::Warn;
        assert!(!is_sure(&slower));
        let nothing = decide(&[], Reference::NoBaseline, &Policy::default());
        assert!(!is_sure(&nothing));
    }

    #[test]
    fn a_look_costs_certainty() {
        let (early, only) = (verdict(1.12, looks(6, 0.01)[0]), verdict(1.12, Look::only(3, 0.01)));
        let p = |verdict: &Verdict| match &verdict.reference {
            Reference::Compared(comparison) => {
                let row = comparison.rows.iter().find(|row| row.endpoint == "/b" && row.mde.is_some()).unwrap();
                row.change.unwrap().p_value.unwrap()
            }
            _ => unreachable!(),
        };
        assert!((p(&early) / p(&only) - 50.0).abs() < 1e-6 || p(&early) >= 1.0, "{} {}", p(&early), p(&only));
    }
}
