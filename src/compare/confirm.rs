//! What is left of the regressions of a run after it was played again: those that showed each time.
//!
//! Each run is compared by itself at the whole of alpha. A change that is none must be found in the same endpoint again and again to
//! count, so the chance of a false alarm is never above that of the first run.

use std::collections::BTreeSet;

use super::{Comparison, Look, Outcome, Row, SERVICE, outcome};
use crate::{policy::Severity, units};

/// A run that was made because of what the one before it found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rerun {
    /// Runs of the candidate: replicates.
    pub candidate_runs: usize,
    /// How many of those that were planned.
    pub look: Look,
    /// Whether it found a regression of an endpoint that all runs before it had found to be worse.
    pub confirms: bool,
}

/// Endpoints in which each of the comparisons found a regression beyond the tolerance, in whatever metric.
#[must_use]
pub fn regressed_in_all<'a>(rounds: &[&'a Comparison]) -> BTreeSet<&'a str> {
    let sets = rounds.iter().map(|comparison| regressions(comparison).map(|row| row.endpoint.as_str()).collect::<BTreeSet<_>>());
    sets.reduce(|all, of_one| &all & &of_one).unwrap_or_default()
}

/// The comparison of the first of several runs with what is left of it after the others: a regression in an endpoint that one of them
/// did not find to be worse is open again.
#[must_use]
pub fn confirmed(first: &Comparison, again: &[Comparison]) -> Comparison {
    let mut first = Comparison { reruns: reruns(first, again), ..first.clone() };
    for row in first.rows.iter_mut().filter(|row| is_regression(row)) {
        match again.iter().position(|rerun| regressions(rerun).all(|found| found.endpoint != row.endpoint)) {
            Some(place) => {
                let reason = sentence(row, "did not show again", place, again);
                first.doubts.push(reason.clone());
                (row.outcome, row.level, row.required, row.reason) = (Outcome::Inconclusive, None, false, reason);
            }
            None if !again.is_empty() => {
                first.notes.push(sentence(row, "showed again", again.len() - 1, again));
            }
            None => {}
        }
    }
    first.coverage = outcome::covered(&first.rows);
    first
}

fn reruns(first: &Comparison, again: &[Comparison]) -> Vec<Rerun> {
    let all: Vec<&Comparison> = [first].into_iter().chain(again).collect();
    let confirms = |n: usize| !regressed_in_all(&all[..n + 2]).is_empty();
    let one = |(n, rerun): (usize, &Comparison)| Rerun {
        candidate_runs: rerun.candidate_runs,
        look: rerun.look,
        confirms: confirms(n),
    };
    again.iter().enumerate().map(one).collect()
}

fn is_regression(row: &Row) -> bool {
    row.outcome == Outcome::Regressed && row.level == Some(Severity::Fail)
}

fn regressions(comparison: &Comparison) -> impl Iterator<Item = &Row> {
    comparison.rows.iter().filter(|row| is_regression(row))
}

/// `the regression of search p50 (+12%) did not show again in the second run (+1%)`.
fn sentence(row: &Row, what: &str, place: usize, again: &[Comparison]) -> String {
    let change = |row: &Row| row.change.map(|change| row.metric.display_change(change.estimate));
    let found = again[place].rows.iter().find(|other| other.endpoint == row.endpoint && other.metric == row.metric);
    let (before, after) = (change(row), found.and_then(change));
    let before = before.map_or_else(String::new, |change| format!(" ({change})"));
    let after = after.map_or_else(String::new, |change| format!(" ({change})"));
    let of = if row.endpoint == SERVICE { "the service as a whole," } else { &row.endpoint };
    format!("the regression of {of} {}{before} {what} in the {} run{after}", row.metric, units::ordinal(place + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::{compare_ab, fixture},
        policy::Regression,
        record::{LearnedNoise, RunRecord},
    };

    /// Three replicates whose endpoints are slower by these factors in the candidate.
    fn round(factors: [f64; 3]) -> Comparison {
        let run = |factors: [f64; 3], shift: u64| -> RunRecord {
            fixture::steady(20, &["/a", "/b", "/c"], 60, |endpoint, second, n| {
                let us = 8_000 + (n * 7919 + second * 104_729 + shift * 31) % 3_000 + shift * 11;
                (us as f64 * factors[endpoint]) as u64
            })
        };
        let side = |factors, salt| [0_u64, 2, 4].map(|shift| run(factors, shift + salt));
        let rules = Regression { block: std::time::Duration::from_secs(1), ..Regression::default() };
        compare_ab(&side([1.0; 3], 0), &side(factors, 1), &rules, &LearnedNoise::default(), Look::only(3, 0.01))
    }

    fn p50<'a>(comparison: &'a Comparison, endpoint: &str) -> &'a Row {
        comparison.rows.iter().find(|row| row.endpoint == endpoint && row.metric.to_string() == "p50").unwrap()
    }

    #[test]
    fn a_regression_that_shows_each_time_stays_and_the_others_are_open_again() {
        let (first, second) = (round([1.0, 1.6, 1.6]), round([1.6, 1.6, 1.0]));
        let found = |comparison| regressed_in_all(&[comparison]).contains("/b");
        assert!(found(&first) && found(&second) && !regressed_in_all(&[&first, &second]).contains("/c"));
        let both = confirmed(&first, std::slice::from_ref(&second));
        assert_eq!((p50(&both, "/b").outcome, p50(&both, "/b").level), (Outcome::Regressed, Some(Severity::Fail)));
        assert_eq!((p50(&both, "/c").outcome, p50(&both, "/c").level), (Outcome::Inconclusive, None));
        assert_eq!(p50(&both, "/a"), p50(&first, "/a"), "what the first run did not find is not held against it");
        let reason = "the regression of /c p50 (+60%) did not show again in the second run (";
        assert!(p50(&both, "/c").reason.starts_with(reason), "{}", p50(&both, "/c").reason);
        assert!(both.doubts.contains(&p50(&both, "/c").reason));
        let covered = |comparison: &Comparison| (comparison.coverage * 3.0).round();
        assert_eq!((covered(&first), covered(&both)), (3.0, 2.0), "what is open again covers no requests");
        assert!(
            both.notes
                .iter()
                .any(|note| note.starts_with("the regression of /b p50 (+60%) showed again in the second run (+60%)"))
        );
        assert_eq!(both.reruns, [Rerun { candidate_runs: 3, look: Look::only(3, 0.01), confirms: true }]);
    }

    #[test]
    fn it_must_show_in_every_run() {
        let (slow, same) = (round([1.0, 1.6, 1.0]), round([1.0; 3]));
        let all = confirmed(&slow, &[slow.clone(), same]);
        assert_eq!(all.reruns.iter().map(|rerun| rerun.confirms).collect::<Vec<_>>(), [true, false]);
        assert!(all.rows.iter().all(|row| row.level != Some(Severity::Fail)), "{:?}", all.doubts);
        assert!(p50(&all, "/b").reason.contains(" did not show again in the third run ("), "{}", p50(&all, "/b").reason);
        assert_eq!(confirmed(&slow, &[]), slow);
    }
}
