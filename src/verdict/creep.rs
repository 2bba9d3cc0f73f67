//! A branch that crept away from its best level: a failure, whatever the comparison with the newest baselines says.

use super::{Verdict, VerdictKind};
use crate::exit::Exit;

/// The verdict with what crept, each a sentence. A run that is no measurement shows no creep either.
#[must_use]
pub fn crept(verdict: Verdict, sentences: Vec<String>) -> Verdict {
    let Some(first) = sentences.first().filter(|_| verdict.kind != VerdictKind::Invalid) else { return verdict };
    let headline = match verdict.kind {
        VerdictKind::Fail => format!("{}; {first}", verdict.headline),
        _ => first.clone(),
    };
    let reasons = sentences.into_iter().chain(verdict.reasons).collect();
    Verdict { kind: VerdictKind::Fail, exit: Exit::Failed, headline, reasons, ..verdict }
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
        assert_eq!(crept(good.clone(), Vec::new()), good);
        let verdict = crept(good.clone(), vec!["it crept".to_owned()]);
        assert_eq!((verdict.kind, verdict.exit, verdict.headline.as_str()), (VerdictKind::Fail, Exit::Failed, "it crept"));
        assert_eq!(verdict.reasons[0], "it crept");
        let invalid = Verdict { kind: VerdictKind::Invalid, ..good };
        assert_eq!(crept(invalid.clone(), vec!["it crept".to_owned()]), invalid);
    }
}
