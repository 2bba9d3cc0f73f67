//! A branch that crept away from its best level: a failure of the branch, whatever the comparison with the newest baselines says, and
//! a warning where a change to it is measured.

use super::{Verdict, VerdictKind};
use crate::{exit::Exit, policy::Severity};

/// How reasons begin that tell of creep.
pub const CREEP: &str = "slow creep: ";

/// The verdict with what crept, each a sentence. A run that is no measurement shows no creep either.
#[must_use]
pub fn crept(verdict: Verdict, sentences: Vec<String>, severity: Severity) -> Verdict {
    let Some(first) = sentences.first().filter(|_| verdict.kind != VerdictKind::Invalid) else { return verdict };
    let (kind, exit, headline) = match (severity, verdict.kind) {
        (Severity::Fail, VerdictKind::Fail) => (VerdictKind::Fail, Exit::Failed, format!("{}; {first}", verdict.headline)),
        (Severity::Fail, _) => (VerdictKind::Fail, Exit::Failed, first.clone()),
        (Severity::Warn, VerdictKind::Pass) => (VerdictKind::Warn, verdict.exit, first.clone()),
        (Severity::Warn, kind) => (kind, verdict.exit, verdict.headline.clone()),
    };
    let comes_first = severity == Severity::Fail || verdict.kind == VerdictKind::Pass;
    let (mut reasons, others) = if comes_first { (sentences, verdict.reasons) } else { (verdict.reasons, sentences) };
    reasons.extend(others);
    Verdict { kind, exit, headline, reasons, ..verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture,
        policy::Policy,
        verdict::{Reference, decide},
    };

    #[test]
    fn what_crept_fails_a_run_that_passed_and_nothing_is_made_of_an_invalid_one() {
        let run = fixture::run(&[10], &["/a"], &[]);
        let decided = decide(std::slice::from_ref(&run), Reference::NoBaseline, &Policy::default());
        let good = Verdict { kind: VerdictKind::Pass, ..decided };
        let told = |verdict: &Verdict, severity| crept(verdict.clone(), vec!["it crept".to_owned()], severity);
        assert_eq!(crept(good.clone(), Vec::new(), Severity::Fail), good);
        let verdict = told(&good, Severity::Fail);
        assert_eq!((verdict.kind, verdict.exit, verdict.headline.as_str()), (VerdictKind::Fail, Exit::Failed, "it crept"));
        assert_eq!(verdict.reasons[0], "it crept");
        let invalid = Verdict { kind: VerdictKind::Invalid, ..good };
        assert_eq!(told(&invalid, Severity::Fail), invalid);
    }

    #[test]
    fn where_a_change_is_measured_what_crept_before_is_a_warning() {
        let run = fixture::run(&[10], &["/a"], &[]);
        let decided = decide(std::slice::from_ref(&run), Reference::NoBaseline, &Policy::default());
        for (kind, exit, expected) in [
            (VerdictKind::Pass, Exit::Ok, VerdictKind::Warn),
            (VerdictKind::Inconclusive, Exit::Ok, VerdictKind::Inconclusive),
            (VerdictKind::Fail, Exit::Failed, VerdictKind::Fail),
        ] {
            let found = Verdict { kind, exit, reasons: vec!["another".to_owned()], ..decided.clone() };
            let verdict = crept(found.clone(), vec!["it crept".to_owned()], Severity::Warn);
            assert_eq!((verdict.kind, verdict.exit, verdict.reasons.len()), (expected, exit, 2));
            assert_eq!(verdict.headline == "it crept", kind == VerdictKind::Pass, "{kind}");
        }
    }
}
