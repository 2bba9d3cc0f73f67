//! Replicates that say more about the load generator than about the service: found by facts about the generator alone, left out
//! of the comparison, and never out of sight.

use super::{ThresholdOutcome, ThresholdResult, Verdict, VerdictKind, finding::rank, thresholds, validity};
use crate::{
    exit::Exit,
    policy::{Metric, Policy, Severity, Threshold, Validity},
    record::RunRecord,
};

/// Fewest replicates that a comparison may be left with where one had to be left out.
const LEFT_MIN: usize = 3;

/// A replicate that is not compared because of the generator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its number among all replicates, from 1.
    pub replicate: usize,
    /// What the generator did, with figures.
    pub reason: String,
    /// Whether it was played again: then nothing is missing.
    pub again: bool,
}

impl SetAside {
    /// The sentence that is told wherever somebody looks.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { replicate, reason, again } = self;
        let what = if *again { "was played again" } else { "is left out" };
        format!("replicate {replicate} {what}: {reason}")
    }
}

/// Why a replicate is no measurement because of the generator; `None` where the generator did its part. What the target did, its
/// latencies above all, has no say in this: leaving replicates out by what is to be compared would make the comparison a lie.
#[must_use]
pub fn generator_fault(candidate: &RunRecord, baseline: Option<&RunRecord>, policy: &Validity) -> Option<String> {
    let own = std::slice::from_ref(candidate);
    // Both versions have the generator in common; what was left out is counted of each.
    let mut checks = vec![validity::generator_late(own, policy), validity::generator_saturated(own)];
    let sides = [Some(candidate), baseline].into_iter().flatten();
    // What was dropped because too many requests were in flight is a matter of how long the target took.
    let unsent = sides.filter(|run| !validity::is_mostly_dropped(run));
    checks.extend(unsent.map(|run| validity::achieved_rate(std::slice::from_ref(run), policy)));
    checks.into_iter().find(|check| !check.ok).map(|check| check.reason)
}

/// Whether a comparison can do without replicates that were lost: at least three are left, and more than were lost.
#[must_use]
pub fn enough_left(left: usize, lost: usize) -> bool {
    lost == 0 || (left >= LEFT_MIN && lost < left)
}

/// A verdict that tells of the replicates that were set aside. Promises about errors are kept by them as well: what breaks one in
/// all that was played fails the run, what breaks it in a replicate that was set aside alone is a warning.
#[must_use]
pub fn with_set_aside(verdict: Verdict, set_aside: &[(SetAside, RunRecord)], judged: &[RunRecord], policy: &Policy) -> Verdict {
    if set_aside.is_empty() {
        return verdict;
    }
    let mut told = verdict;
    let errors = policy.thresholds.iter().filter(|threshold| is_of_errors(threshold));
    let all: Vec<RunRecord> = judged.iter().chain(set_aside.iter().map(|(_, run)| run)).cloned().collect();
    for threshold in errors {
        // What is broken by the others is told already.
        if told.thresholds.iter().any(|result| result.threshold == *threshold && result.outcome != ThresholdOutcome::Pass) {
            continue;
        }
        let fails = threshold.severity == Severity::Fail && broken(threshold, &all).is_some();
        for (of, run) in set_aside {
            let Some(reason) = broken(threshold, std::slice::from_ref(run)) else { continue };
            let kind = if fails { VerdictKind::Fail } else { VerdictKind::Warn };
            let with = if fails { "; with it, the promise is broken by all that was played" } else { "" };
            escalate(&mut told, kind, format!("in replicate {}, which was set aside, {reason}{with}", of.replicate));
        }
    }
    told.reasons.extend(set_aside.iter().map(|(of, _)| of.sentence()));
    told.set_aside = set_aside.iter().map(|(of, _)| of.clone()).collect();
    told
}

fn is_of_errors(threshold: &Threshold) -> bool {
    matches!(threshold.metric, Metric::ErrorRate | Metric::Errors(_))
}

/// In which words a threshold is broken in these runs, if it is.
fn broken(threshold: &Threshold, runs: &[RunRecord]) -> Option<String> {
    let results = thresholds::judge(runs, std::slice::from_ref(threshold));
    let broken = |result: &ThresholdResult| matches!(result.outcome, ThresholdOutcome::Fail | ThresholdOutcome::Warn);
    results.into_iter().find(broken).map(|result| result.reason)
}

/// Adds a finding to a finished verdict, which may become worse by it.
fn escalate(verdict: &mut Verdict, kind: VerdictKind, reason: String) {
    if rank(kind) < rank(verdict.kind) {
        verdict.kind = kind;
        verdict.headline.clone_from(&reason);
        verdict.exit = if kind == VerdictKind::Fail { Exit::Failed } else { Exit::Ok };
        verdict.reasons.insert(0, reason);
    } else {
        verdict.reasons.push(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture,
        record::{Encoded, ErrorClass, Latencies},
        verdict::{Reference, decide},
    };

    fn run() -> RunRecord {
        fixture::steady(10, &["/a"], 40, |_, _, _| 8_000)
    }

    fn late(us: u64) -> RunRecord {
        let mut run = run();
        let mut late = Latencies::default();
        (0..100).for_each(|_| late.record(us));
        run.generator.late = Encoded::from(&late);
        run
    }

    /// A run in which this many requests of each second, of 40, failed.
    fn failing(count: u64) -> RunRecord {
        let mut run = late(50_000);
        for window in run.endpoints.iter_mut().flat_map(|endpoint| &mut endpoint.stages).flatten() {
            window.errors.insert(ErrorClass::Status5xx, count);
        }
        run
    }

    #[test]
    fn a_replicate_is_set_aside_for_what_the_generator_did_and_never_for_what_the_target_did() {
        let fault = |run: &RunRecord| generator_fault(run, None, &Validity::default());
        assert_eq!(fault(&run()), None);
        let slow = fixture::steady(10, &["/a"], 40, |_, _, _| 8_000_000);
        assert_eq!((fault(&slow), fault(&failing(40)).is_some()), (None, true));
        let reason = fault(&late(12_900)).unwrap();
        assert!(reason.starts_with("the load generator was late itself: 1% of the requests were sent 12.9 ms"), "{reason}");
        let mut saturated = run();
        saturated.generator.saturated = Some("it was busy".to_owned());
        assert!(fault(&saturated).unwrap().contains("bottleneck"));
        let mut behind = run();
        behind.plan.stages[0].started = behind.plan.stages[0].offered / 2;
        assert!(fault(&behind).unwrap().contains("the generator could not keep up"));
        assert!(generator_fault(&run(), Some(&behind), &Validity::default()).is_some(), "of the baseline, too");
        behind.endpoints[0].stages[0][3].dropped = behind.plan.stages[0].offered / 2;
        assert_eq!(fault(&behind), None, "too many in flight is a matter of how long the target takes");
    }

    #[test]
    fn a_comparison_does_without_a_few_and_not_without_most() {
        let enough: Vec<(usize, usize)> = (0..=6)
            .flat_map(|lost| (0..=6).map(move |left| (left, lost)))
            .filter(|(left, lost)| enough_left(*left, *lost))
            .collect();
        assert!(enough.contains(&(5, 1)) && enough.contains(&(4, 2)) && enough.contains(&(0, 0)));
        assert!([(3, 3), (2, 1), (2, 4), (0, 1)].iter().all(|few| !enough.contains(few)));
    }

    fn told(set_aside: RunRecord, judged: usize) -> Verdict {
        let policy = Policy { thresholds: vec![Threshold::parse("error_rate < 5%").unwrap()], ..Policy::default() };
        let judged = vec![run(); judged];
        let of = SetAside { replicate: 3, reason: "the load generator was late itself".to_owned(), again: true };
        with_set_aside(decide(&judged, Reference::NoBaseline, &policy), &[(of, set_aside)], &judged, &policy)
    }

    #[test]
    fn what_was_set_aside_is_told_and_its_errors_are_not_hidden() {
        let calm = told(late(50_000), 6);
        let sentence = "replicate 3 was played again: the load generator was late itself";
        assert_eq!((calm.kind, calm.reasons.last().map(String::as_str)), (VerdictKind::Warn, Some(sentence)));
        assert_eq!(calm.set_aside.len(), 1);
        let few = told(failing(4), 6);
        let reason = "in replicate 3, which was set aside, error_rate < 5% is broken: 10%";
        assert_eq!((few.kind, few.exit, few.reasons.contains(&reason.to_owned())), (VerdictKind::Warn, Exit::Ok, true));
        let all = told(failing(40), 6);
        assert_eq!((all.kind, all.exit), (VerdictKind::Fail, Exit::Failed));
        assert!(all.headline.starts_with("in replicate 3, which was set aside, error_rate < 5% is broken: 100%"), "{all:?}");
    }
}
