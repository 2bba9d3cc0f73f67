//! A suspected regression must show again, where the configuration says so: when another round is played, and the verdict of all.

use super::{
    replicates::{Made, Next},
    retakes, terminal,
};
use crate::{
    compare::{Comparison, confirmed},
    plan::Replication,
    policy::Policy,
    units,
    verdict::{Reference, Verdict, VerdictKind, decide_ab, is_suspected, spoiled},
};

/// The replicates by round, each with all that were played in it.
pub(super) fn rounds(made: &[Made]) -> impl Iterator<Item = &[Made]> {
    made.chunk_by(|a, b| a.replicate.round == b.replicate.round)
}

/// Those of the round that is played.
pub(super) fn last_round(made: &[Made]) -> &[Made] {
    rounds(made).last().unwrap_or_default()
}

/// Whether another round is to be played, when one is over. `judge` judges a round by itself.
pub(super) fn next(made: &[Made], judge: impl Fn(&[Made]) -> Verdict, replication: Replication, policy: &Policy) -> Next {
    if rounds(made).count() > replication.reruns {
        return Next::Enough;
    }
    let verdicts: Vec<Verdict> = rounds(made).map(judge).collect();
    match verdicts.last().filter(|_| is_suspected(&verdicts, &policy.regression)) {
        Some(last) => {
            let (headline, again) = (&last.headline, units::ordinal(verdicts.len() + 1));
            terminal::err(&format!("note: {headline}; it must show again, so a {again} run is played"));
            Next::Again
        }
        None => Next::Enough,
    }
}

/// The verdict of all rounds: of the only one, or what is left of the first one's regressions after the others. What is promised
/// of the run itself is promised of all of them.
pub(super) fn verdict(made: &[Made], judge: impl Fn(&[Made]) -> Verdict, policy: &Policy) -> Verdict {
    let verdicts: Vec<Verdict> = rounds(made).map(judge).collect();
    let comparisons: Vec<Comparison> = verdicts.iter().filter_map(Verdict::comparison).cloned().collect();
    let Some(last) = verdicts.into_iter().last() else { return decide_ab(&[], &[], Reference::NoBaseline, policy) };
    match comparisons.split_first() {
        Some((first, again)) if !again.is_empty() && last.kind == VerdictKind::Invalid => {
            spoiled(last, first.clone(), comparisons.len())
        }
        Some((first, again)) if !again.is_empty() => {
            let mut comparison = confirmed(first, again);
            comparison.notes.push(whose(made));
            let (candidate, baseline) = retakes::runs(made);
            decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), policy)
        }
        _ => last,
    }
}

/// Which records are of which round.
fn whose(made: &[Made]) -> String {
    let number = |made: Option<&Made>| made.map_or(0, |made| made.replicate.number_of_all());
    let parts: Vec<String> = rounds(made)
        .enumerate()
        .map(|(n, round)| {
            let (first, last) = (number(round.first()), number(round.last()));
            let numbers = if first == last { first.to_string() } else { format!("{first} to {last}") };
            format!("{numbers} of the {} run", units::ordinal(n + 1))
        })
        .collect();
    format!("records are {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{compare, fixture},
        plan::Replicate,
        record::RunRecord,
        verdict::decide,
    };

    fn run(factor: f64, shift: u64) -> RunRecord {
        fixture::steady(60, &["/a", "/b"], 40, |endpoint, second, n| {
            let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 4_000 + (second % 7) * 20 + shift * 13;
            if endpoint == 1 { (us as f64 * factor) as u64 } else { us }
        })
    }

    /// Rounds of a replicate each, whose `/b` is slower than the baselines by these factors.
    fn made(factors: &[f64]) -> Vec<Made> {
        let one = |(n, factor): (usize, &f64)| {
            let replicate = Replicate { round: n + 1, before: n, ..Replicate::ONLY };
            Made::of(replicate, run(*factor, 7 + n as u64), None)
        };
        factors.iter().enumerate().map(one).collect()
    }

    fn judge(round: &[Made]) -> Verdict {
        let baseline: Vec<RunRecord> = (0..6).map(|shift| run(1.0, shift)).collect();
        let (candidate, policy) = (retakes::runs(round).0, Policy::default());
        let comparison = compare(&baseline, &candidate, &policy.regression);
        decide(&candidate, Reference::Compared(Box::new(comparison)), &policy)
    }

    fn replication(reruns: usize) -> Replication {
        Replication { count: 1, splits: false, early_stop: false, extension: 0, reruns }
    }

    #[test]
    fn all_is_played_again_while_each_round_finds_the_regression_and_no_oftener_than_said() {
        let next = |factors: &[f64], reruns| next(&made(factors), judge, replication(reruns), &Policy::default());
        assert_eq!(next(&[3.0], 0), Next::Enough);
        assert_eq!((next(&[3.0], 1), next(&[1.0], 1)), (Next::Again, Next::Enough));
        assert_eq!((next(&[3.0, 3.0], 1), next(&[3.0, 3.0], 2), next(&[3.0, 1.0], 2)), (Next::Enough, Next::Again, Next::Enough));
    }

    #[test]
    fn it_fails_only_where_every_round_does_and_says_which_records_are_whose() {
        let verdict = |factors: &[f64]| verdict(&made(factors), judge, &Policy::default());
        let kinds = [&[3.0][..], &[3.0, 3.0], &[3.0, 3.0, 1.0], &[1.0]].map(|factors| verdict(factors).kind);
        assert_eq!(kinds, [VerdictKind::Fail, VerdictKind::Fail, VerdictKind::Inconclusive, VerdictKind::Pass]);
        let reasons = verdict(&[3.0, 3.0]).reasons;
        assert!(reasons.contains(&"records are 1 of the first run, 2 of the second run".to_owned()), "{reasons:?}");
        let mut cut = made(&[3.0, 3.0]);
        cut[1].candidate.ended = crate::record::Ended::Interrupted;
        let cut = super::verdict(&cut, judge, &Policy::default());
        assert_eq!((cut.kind, cut.exit), (VerdictKind::Invalid, crate::exit::Exit::Interrupted));
        assert!(cut.headline.starts_with("no measurement: second run: "), "{}", cut.headline);
    }
}
