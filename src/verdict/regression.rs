//! What the comparison with the baseline means for the verdict.

use super::{Reference, VerdictKind, finding::Finding};
use crate::{
    compare::{Comparison, Outcome, Row, SERVICE},
    policy::{Regression, Response, Severity},
    units,
};

const NOT_STEADY: &str = "not steady: latencies were still falling in the middle of the measured time; a longer warm-up stage \
                          (`warmup: true`) would settle it";

/// Findings about the candidate against its reference.
pub(super) fn findings(reference: &Reference, rules: &Regression) -> Vec<Finding> {
    let kind = |response: Response| match response {
        Response::Pass => VerdictKind::Pass,
        Response::Warn => VerdictKind::Warn,
        Response::Fail => VerdictKind::Fail,
    };
    match reference {
        Reference::NoBaseline => vec![Finding::new(kind(rules.on.missing_baseline), "no baseline yet, nothing compared")],
        Reference::Mismatch(differences) => {
            let what = format!("no baseline was made under the same conditions, nothing compared: {}", differences.join("; "));
            vec![Finding::new(kind(rules.on.env_mismatch), what)]
        }
        Reference::Compared(comparison) => compared(comparison, rules),
    }
}

fn compared(comparison: &Comparison, rules: &Regression) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for endpoint in &comparison.vanished {
        findings
            .push(Finding::new(VerdictKind::Fail, format!("{endpoint}: the baseline has this endpoint, the candidate does not")));
    }
    findings.extend(comparison.rows.iter().filter_map(|row| of_row(row, rules)));
    if comparison.rows.is_empty() {
        findings.push(Finding::new(VerdictKind::Inconclusive, "there is nothing to compare"));
    } else if comparison.coverage < rules.coverage {
        let (covered, needed) = (units::percent(comparison.coverage), units::percent(rules.coverage));
        let what = format!("endpoints with {covered} of the requests could be settled, a pass needs {needed}");
        findings.push(Finding::new(VerdictKind::Inconclusive, what));
    }
    if comparison.warm_up.is_endless {
        findings.push(Finding::new(VerdictKind::Inconclusive, NOT_STEADY));
    }
    for endpoint in &comparison.appeared {
        findings.push(Finding::new(VerdictKind::Pass, format!("{endpoint}: new, without a baseline to compare with")));
    }
    findings.extend(comparison.notes.iter().map(|note| Finding::new(VerdictKind::Pass, note)));
    findings
}

fn of_row(row: &Row, rules: &Regression) -> Option<Finding> {
    let reason = if row.endpoint == SERVICE { row.reason.clone() } else { format!("{}: {}", row.endpoint, row.reason) };
    let finding = |kind| Some(Finding::new(kind, reason.clone()));
    match row.outcome {
        Outcome::Regressed if row.level == Some(Severity::Warn) => finding(VerdictKind::Warn),
        Outcome::Regressed => finding(VerdictKind::Fail),
        Outcome::Inconclusive | Outcome::NoData if row.required || row.suspect => finding(VerdictKind::Inconclusive),
        Outcome::Improved => match rules.on.improvement {
            Response::Pass => None,
            // Good news never turns a build yellow; it is said, so that the baseline can follow.
            Response::Warn => finding(VerdictKind::Pass),
            Response::Fail => finding(VerdictKind::Fail),
        },
        Outcome::Unchanged | Outcome::Inconclusive | Outcome::NoData => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{
        compare::{Look, compare_ab, fixture},
        policy::{Policy, Regression},
        record::LearnedNoise,
        verdict::{Reference, VerdictKind, decide},
    };

    #[test]
    fn runs_that_do_not_become_steady_are_inconclusive() {
        let falling = |salt: u64| {
            fixture::steady(20, &["/a"], 60, move |_, second, n| 20_000 - second * 600 + (n * 7919 + second * 31 + salt) % 300)
        };
        let (baseline, candidate) = ([0, 2, 4].map(falling), [1, 3, 5].map(falling));
        let regression = Regression { block: Duration::from_secs(2), ..Regression::default() };
        let policy = Policy { regression, ..Policy::default() };
        let look = Look::only(3, 0.01);
        let comparison = compare_ab(&baseline, &candidate, &policy.regression, &LearnedNoise::default(), look);
        assert!(comparison.warm_up.is_endless && comparison.blocks == 10);
        let verdict = decide(&candidate, Reference::Compared(Box::new(comparison)), &policy);
        assert_eq!(verdict.kind, VerdictKind::Inconclusive);
        assert!(verdict.reasons.iter().any(|reason| reason.starts_with("not steady: ")), "{:?}", verdict.reasons);
    }
}
