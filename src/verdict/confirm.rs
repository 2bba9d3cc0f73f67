//! Whether a verdict is a suspicion only, which another run is to confirm.

use super::{Reference, ThresholdOutcome, Verdict, VerdictKind};
use crate::{
    compare::{Comparison, Outcome, regressed_in_all},
    policy::{Regression, Response},
    units,
};

/// Whether the last of these runs failed for nothing but regressions, at least one of them in an endpoint that all runs before it
/// found to be worse too. What is certain after one run, a broken threshold or an endpoint that vanished, needs no second one.
#[must_use]
pub fn is_suspected(rounds: &[Verdict], rules: &Regression) -> bool {
    let Some(last) = rounds.last().filter(|last| last.kind == VerdictKind::Fail) else { return false };
    let comparisons: Vec<&Comparison> = rounds.iter().filter_map(Verdict::comparison).collect();
    let broken = last.thresholds.iter().any(|threshold| threshold.outcome == ThresholdOutcome::Fail);
    let fails_anyway = |comparison: &Comparison| {
        let improved = comparison.rows.iter().any(|row| row.outcome == Outcome::Improved);
        !comparison.vanished.is_empty() || (improved && rules.on.improvement == Response::Fail)
    };
    let fails_anyway = last.comparison().is_none_or(fails_anyway);
    !broken && !fails_anyway && comparisons.len() == rounds.len() && !regressed_in_all(&comparisons).is_empty()
}

/// The verdict where the last of several runs, of that number, was no measurement: what `first` found is neither confirmed nor refuted.
#[must_use]
pub fn spoiled(last: Verdict, first: Comparison, number: usize) -> Verdict {
    let run = format!("{} run", units::ordinal(number));
    let named = |text: String| if text.starts_with(&run) { text } else { format!("{run}: {text}") };
    let mut reasons: Vec<String> = last.reasons.into_iter().map(named).collect();
    let headline = reasons.first().map_or_else(|| last.headline.clone(), |reason| format!("no measurement: {reason}"));
    reasons.push(format!("the {run} was to show again what the first one found, which is open now"));
    Verdict { headline, reasons, reference: Reference::Compared(Box::new(first)), ..last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{Look, compare_ab, confirmed, fixture},
        exit::Exit,
        policy::{Policy, Threshold},
        record::{LearnedNoise, RunRecord},
        verdict::decide_ab,
    };

    /// Three replicates whose `/b` is slower by `factor` in the candidate.
    fn sides(factor: f64) -> (Vec<RunRecord>, Vec<RunRecord>) {
        let run = |factor: f64, shift: u64| {
            fixture::steady(40, &["/a", "/b"], 60, |endpoint, second, n| {
                let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 3_000 + shift * 11;
                if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
            })
        };
        let side = |factor, salt| [0_u64, 2, 4].map(|shift| run(factor, shift + salt)).to_vec();
        (side(1.0, 0), side(factor, 1))
    }

    fn round(factor: f64, policy: &Policy) -> Verdict {
        let (baseline, candidate) = sides(factor);
        let look = Look::only(3, 0.01);
        let comparison = compare_ab(&baseline, &candidate, &policy.regression, &LearnedNoise::default(), look);
        decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), policy)
    }

    #[test]
    fn a_regression_alone_is_a_suspicion_and_what_is_certain_is_none() {
        let policy = Policy::default();
        let (slow, same) = (round(1.6, &policy), round(1.0, &policy));
        let suspected = |rounds: &[&Verdict]| {
            let rounds: Vec<Verdict> = rounds.iter().map(|verdict| (*verdict).clone()).collect();
            is_suspected(&rounds, &policy.regression)
        };
        assert!(suspected(&[&slow]) && suspected(&[&slow, &slow]));
        assert!(!suspected(&[]) && !suspected(&[&same]) && !suspected(&[&slow, &same]));
        let promise = Policy { thresholds: vec![Threshold::parse("p50 < 1ms").unwrap()], ..Policy::default() };
        assert!(!suspected(&[&round(1.6, &promise)]), "a broken promise fails anyway");
        let with = |change: fn(&mut Comparison)| {
            let mut comparison = slow.comparison().unwrap().clone();
            change(&mut comparison);
            Verdict { reference: Reference::Compared(Box::new(comparison)), ..slow.clone() }
        };
        assert!(!suspected(&[&with(|found| found.vanished.push("/c".to_owned()))]), "an endpoint that vanished fails anyway");
        let elsewhere = with(|found| found.rows.iter_mut().for_each(|row| row.endpoint = format!("{}/x", row.endpoint)));
        assert!(!suspected(&[&slow, &elsewhere]), "another endpoint is another regression");
        assert!(!suspected(&[&Verdict { kind: VerdictKind::Invalid, ..slow.clone() }]));
    }

    #[test]
    fn what_did_not_show_again_is_inconclusive_and_says_so_first() {
        let policy = Policy::default();
        let (slow, same) = (round(1.6, &policy), round(1.0, &policy));
        let both = confirmed(slow.comparison().unwrap(), &[same.comparison().unwrap().clone()]);
        let ((baseline, candidate), reference) = (sides(1.6), Reference::Compared(Box::new(both)));
        let verdict = decide_ab(&candidate, &baseline, reference, &policy);
        assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Inconclusive, Exit::Ok));
        let headline = "inconclusive: the regression of ";
        assert!(verdict.headline.starts_with(headline) && !verdict.headline.contains("untested"), "{}", verdict.headline);
        let reason = "the regression of /b p50 (+60%) did not show again in the second run (";
        assert!(verdict.reasons.iter().any(|found| found.starts_with(reason)), "{:?}", verdict.reasons);
    }

    #[test]
    fn a_rerun_that_is_no_measurement_leaves_it_open() {
        let policy = Policy::default();
        let (slow, first) = (round(1.6, &policy), round(1.6, &policy).comparison().unwrap().clone());
        let reasons = vec!["the run was interrupted before its end".to_owned()];
        let cut = Verdict { kind: VerdictKind::Invalid, exit: Exit::Interrupted, reasons, ..slow };
        let verdict = spoiled(cut, first.clone(), 2);
        assert_eq!((verdict.kind, verdict.exit), (VerdictKind::Invalid, Exit::Interrupted));
        assert_eq!(verdict.headline, "no measurement: second run: the run was interrupted before its end");
        assert_eq!(verdict.comparison(), Some(&first));
        let reasons = vec!["second run, replicate 2 of 3: the service died".to_owned()];
        assert_eq!(spoiled(Verdict { reasons: reasons.clone(), ..verdict }, first, 2).reasons[0], reasons[0]);
    }
}
