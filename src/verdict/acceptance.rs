//! A regression that people say is meant to be: which verdicts that can be said of, and what becomes of them.

use super::{ThresholdOutcome, Verdict, VerdictKind};
use crate::{
    compare::Outcome,
    exit::Exit,
    policy::{Regression, Response},
    record::Acceptance,
};

/// Whether a verdict failed for nothing but figures that are worse than before. A broken threshold is a promise of its own, an endpoint
/// that vanished was not measured, and what nothing was compared with has no regression.
#[must_use]
pub fn is_acceptable(verdict: &Verdict, rules: &Regression) -> bool {
    let Some(comparison) = verdict.comparison() else { return false };
    let is_broken = verdict.thresholds.iter().any(|threshold| threshold.outcome == ThresholdOutcome::Fail);
    let is_unsound = verdict.validity.iter().any(|check| !check.ok);
    let has_improved = comparison.rows.iter().any(|row| row.outcome == Outcome::Improved);
    let is_better = has_improved && rules.on.improvement == Response::Fail;
    verdict.kind == VerdictKind::Fail && !is_broken && !is_unsound && !is_better && comparison.vanished.is_empty()
}

/// The verdict with what people said of it: the build is not failed, and all reports tell who said so and why.
#[must_use]
pub fn accepted(verdict: Verdict, acceptance: Acceptance, rules: &Regression) -> Verdict {
    if !is_acceptable(&verdict, rules) {
        return verdict;
    }
    let headline = format!("{}, {}", verdict.headline, acceptance.in_short());
    let mut reasons = vec![acceptance.in_words()];
    reasons.extend_from_slice(&verdict.reasons);
    Verdict { kind: VerdictKind::Warn, exit: Exit::Ok, headline, reasons, accepted: Some(acceptance), ..verdict }
}

/// The verdict as it is, with why what people said of it does not count.
#[must_use]
pub fn not_accepted(mut verdict: Verdict, why: &str) -> Verdict {
    verdict.reasons.insert(0, format!("not accepted: {why}"));
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{compare, fixture},
        policy::{Policy, Severity, Threshold},
        record::RunRecord,
        verdict::{Reference, ValidityCheck, crept, decide},
    };

    fn run(factor: f64, shift: u64) -> RunRecord {
        fixture::steady(60, &["/a", "/b"], 40, |endpoint, second, n| {
            let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
            if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
        })
    }

    /// The verdict on a run whose `/b` is slower than the baselines by `factor`.
    fn verdict(factor: f64, policy: &Policy) -> Verdict {
        let baseline: Vec<RunRecord> = (0..6).map(|shift| run(1.0, shift)).collect();
        let candidate = [run(factor, 7)];
        let comparison = compare(&baseline, &candidate, &policy.regression);
        decide(&candidate, Reference::Compared(Box::new(comparison)), policy)
    }

    fn by_ann() -> Acceptance {
        let at = "2026-11-21T12:00:00Z".parse().unwrap();
        Acceptance { reason: "exact rounding costs two queries".to_owned(), by: Some("ann".to_owned()), at }
    }

    #[test]
    fn a_regression_that_is_meant_to_be_is_a_warning_that_says_who_said_so_and_why() {
        let policy = Policy::default();
        let failed = verdict(3.0, &policy);
        assert_eq!(failed.kind, VerdictKind::Fail, "{:?}", failed.reasons);
        let green = accepted(failed.clone(), by_ann(), &policy.regression);
        assert_eq!((green.kind, green.exit, green.accepted.clone()), (VerdictKind::Warn, Exit::Ok, Some(by_ann())));
        assert_eq!(green.headline, format!("{}, accepted by ann", failed.headline));
        assert_eq!(green.reasons[0], "accepted by ann: exact rounding costs two queries");
        assert_eq!((&green.reasons[1..], &green.reference), (&failed.reasons[..], &failed.reference), "nothing is hidden");
        assert_eq!(accepted(green.clone(), by_ann(), &policy.regression), green, "once is enough");
        let red = not_accepted(failed.clone(), "the label alone does not say why");
        assert_eq!((red.kind, red.exit, &red.headline), (failed.kind, failed.exit, &failed.headline));
        assert_eq!(red.reasons[0], "not accepted: the label alone does not say why");
    }

    #[test]
    fn a_branch_that_crept_is_accepted_as_well() {
        let policy = Policy::default();
        let failed = crept(verdict(1.0, &policy), vec!["slow creep: /b p50 is 11% above its best".to_owned()], Severity::Fail);
        let green = accepted(failed, by_ann(), &policy.regression);
        assert_eq!((green.kind, green.exit), (VerdictKind::Warn, Exit::Ok));
        assert_eq!(green.headline, "slow creep: /b p50 is 11% above its best, accepted by ann");
    }

    #[test]
    fn nothing_but_a_regression_can_be_accepted() {
        let policy = Policy::default();
        let is_acceptable = |verdict: &Verdict| is_acceptable(verdict, &policy.regression);
        let failed = verdict(3.0, &policy);
        assert!(is_acceptable(&failed) && !is_acceptable(&verdict(1.0, &policy)));
        let promises = Policy { thresholds: vec![Threshold::parse("p50 < 1ms").unwrap()], ..Policy::default() };
        let broken = verdict(3.0, &promises);
        assert!(!is_acceptable(&broken), "a broken threshold is broken all the same");
        assert_eq!(accepted(broken.clone(), by_ann(), &policy.regression), broken);
        let mut comparison = failed.comparison().unwrap().clone();
        comparison.vanished.push("/c".to_owned());
        let vanished = Verdict { reference: Reference::Compared(Box::new(comparison)), ..failed.clone() };
        assert!(!is_acceptable(&vanished), "what was not measured is not slower");
        let check = ValidityCheck { check: "circuit_breaker", ok: false, value: None, reason: String::new() };
        let held_back = Verdict { validity: vec![check], ..failed.clone() };
        assert!(!is_acceptable(&held_back));
        assert!(!is_acceptable(&Verdict { kind: VerdictKind::Invalid, ..failed.clone() }));
        assert!(!is_acceptable(&Verdict { reference: Reference::NoBaseline, ..failed.clone() }));
        let mut strict = policy.regression.clone();
        strict.on.improvement = Response::Fail;
        let faster = Verdict { kind: VerdictKind::Fail, ..verdict(0.3, &policy) };
        assert!(!super::is_acceptable(&faster, &strict) && super::is_acceptable(&failed, &strict));
    }
}
