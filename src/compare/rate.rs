//! Testing how much the service got done: requests per second where users wait for answers, the share of the arrivals that were sent
//! where they are due by the clock. Endpoints are played in fixed proportions, so it is tested once, for the service as a whole.

use super::{
    ComparedMetric, SERVICE,
    relative::{self, Lack, Measured, RelativeTest},
    sample::Sample,
    summary::{Estimate, Summary},
    trial::Trial,
};
use crate::stats::blocks;

/// The test, where it is configured and there is anything to compare.
pub(super) fn test(trial: &Trial<'_>) -> Option<RelativeTest> {
    let roster = &trial.roster;
    let metric = if roster.target_sets_pace { ComparedMetric::Throughput } else { ComparedMetric::AchievedRate };
    let rule = trial.rule(SERVICE, metric)?;
    let run = |runs: Vec<&Summary>| Estimate::of_work(metric, &Work::of(&runs)?);
    let side = |is_baseline: bool, count: usize| -> Option<Vec<Estimate>> {
        let of = |index: usize| {
            // A connection is no work beside the attempt to open it.
            let timed = roster.endpoints.iter().filter(|sides| !sides.is_untimed);
            let runs = timed.map(|sides| if is_baseline { &sides.baseline[index] } else { &sides.candidate[index] });
            run(runs.collect())
        };
        (0..count).map(of).collect()
    };
    let (baseline, candidate) = (side(true, roster.baseline_runs), side(false, roster.candidate_runs));
    let known = |side: &Option<Vec<Estimate>>| side.as_ref().is_some_and(|runs| !runs.is_empty());
    let lack = match (known(&baseline), known(&candidate)) {
        (false, _) => Some(Lack::Requests("baseline")),
        (_, false) => Some(Lack::Requests("candidate")),
        _ => relative::few_blocks(roster),
    };
    let measured = baseline.zip(candidate).filter(|(baseline, candidate)| !baseline.is_empty() && !candidate.is_empty());
    let measured = measured.map(|(baseline, candidate)| {
        let sample = Sample { baseline: baseline.iter().collect(), candidate: candidate.iter().collect() };
        Measured::alone(&sample, SERVICE, metric, trial)
    });
    Some(RelativeTest { endpoint: SERVICE.to_owned(), metric, rule, measured, lack, contrast: None })
}

/// What all endpoints of a run did, block by block.
struct Work<'a> {
    /// Requests that came to an outcome.
    done: Vec<f64>,
    /// Arrivals that were not sent.
    dropped: Vec<f64>,
    seconds: &'a [f64],
    strata: &'a [usize],
}

impl<'a> Work<'a> {
    fn of(endpoints: &[&'a Summary]) -> Option<Self> {
        let first = endpoints.first()?;
        let sum = |of: fn(&Summary) -> &Vec<f64>| -> Vec<f64> {
            (0..first.seconds.len()).map(|block| endpoints.iter().map(|run| of(run)[block]).sum()).collect()
        };
        Some(Self {
            done: sum(|run| &run.done),
            dropped: sum(|run| &run.dropped),
            seconds: &first.seconds,
            strata: &first.strata,
        })
    }
}

impl Estimate {
    /// The inverse of a rate, so that more is worse; its error from how the blocks differ from the rate of the run.
    fn of_work(metric: ComparedMetric, work: &Work<'_>) -> Option<Self> {
        let count: f64 = work.done.iter().sum();
        let of: Vec<f64> = match metric {
            ComparedMetric::AchievedRate => work.done.iter().zip(&work.dropped).map(|(done, dropped)| done + dropped).collect(),
            _ => work.seconds.to_vec(),
        };
        let rate = count / of.iter().sum::<f64>();
        // A run of a single block has no spread.
        if count <= 0.0 || !rate.is_finite() || work.done.len() < 2 {
            return None;
        }
        let mut residuals: Vec<f64> = work.done.iter().zip(&of).map(|(done, of)| (rate * of - done) / count).collect();
        blocks::centre(&mut residuals, work.strata);
        Some(Self::new(-rate.ln(), count, residuals, work.strata))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        compare::{ComparedMetric, Comparison, Look, Outcome, Row, compare, compare_ab, fixture},
        policy::{MetricOverride, Regression, Severity},
        record::{LearnedNoise, RunRecord},
    };

    fn rules() -> Regression {
        Regression { throughput: Some(MetricOverride::default()), ..Regression::default() }
    }

    /// Users that get so much done in each second, give or take.
    fn users(rate: u64, salt: u64) -> RunRecord {
        let mut requests = Vec::new();
        for second in 0..60 {
            let count = rate + (second * 7919 + salt * 31) % 5;
            for n in 0..count {
                let due_us = second * 1_000_000 + n * 1_000_000 / count;
                requests.push(fixture::Request { due_us, endpoint: (n % 2) as usize, outcome: Ok(10_000 + n * 13 % 900) });
            }
        }
        let mut run = fixture::run(&[60], &["/a", "/b"], &requests);
        run.plan.stages[0].closed = true;
        run
    }

    fn rate(comparison: &Comparison) -> &Row {
        comparison.rows.iter().find(|row| row.metric.higher_is_better()).unwrap()
    }

    fn replicates(baseline: u64, candidate: u64) -> Comparison {
        let side = |rate: u64, salt: u64| (0..6).map(|n| users(rate, salt + n)).collect::<Vec<_>>();
        compare_ab(&side(baseline, 0), &side(candidate, 50), &rules(), &LearnedNoise::default(), Look::only(6, 0.01))
    }

    #[test]
    fn what_users_get_done_is_compared_and_less_is_worse() {
        let comparison = replicates(100, 80);
        let row = rate(&comparison);
        assert_eq!((row.metric, row.endpoint.as_str()), (ComparedMetric::Throughput, "*"));
        assert_eq!((row.outcome, row.level), (Outcome::Regressed, Some(Severity::Fail)), "{row:#?}");
        let change = row.change.unwrap();
        let (low, high) = change.interval.unwrap();
        assert!((change.estimate + 0.2).abs() < 0.01 && low < change.estimate && change.estimate < high && high < 0.0);
        assert!((row.tolerance + 0.05).abs() < 1e-12 && row.mde.unwrap() > 0.0 && row.reason.contains("lower"), "{row:#?}");
        assert!((row.baseline.unwrap() - 102.0).abs() < 0.5, "{:?}", row.baseline);
    }

    #[test]
    fn more_done_is_better_and_the_same_is_unchanged() {
        assert_eq!(rate(&replicates(80, 100)).outcome, Outcome::Improved);
        assert_eq!(rate(&replicates(100, 100)).outcome, Outcome::Unchanged);
    }

    #[test]
    fn one_pair_and_stored_runs_are_compared_by_their_own_designs() {
        let look = Look::only(1, 0.01);
        let pair = compare_ab(&[users(100, 1)], &[users(60, 2)], &rules(), &LearnedNoise::default(), look);
        assert_eq!(rate(&pair).outcome, Outcome::Regressed, "{:#?}", rate(&pair));
        let stored: Vec<RunRecord> = (0..10).map(|salt| users(100, salt)).collect();
        let comparison = compare(&stored, &[users(60, 99)], &rules());
        assert_eq!(rate(&comparison).outcome, Outcome::Regressed, "{:#?}", rate(&comparison));
    }

    #[test]
    fn arrivals_by_the_clock_are_compared_by_the_share_that_was_sent() {
        let run = |dropped: u64, salt: u64| {
            let mut run = fixture::steady(60, &["/a"], 100, |_, second, n| 10_000 + (second * 37 + n * 91 + salt) % 900);
            run.endpoints[0].stages[0].iter_mut().for_each(|window| window.dropped = dropped);
            run
        };
        let side = |dropped: u64| (0..6).map(|salt| run(dropped, salt)).collect::<Vec<_>>();
        let comparison = compare_ab(&side(0), &side(25), &rules(), &LearnedNoise::default(), Look::only(6, 0.01));
        let row = rate(&comparison);
        assert_eq!((row.metric, row.outcome), (ComparedMetric::AchievedRate, Outcome::Regressed), "{row:#?}");
        assert!((row.candidate.unwrap() - 0.8).abs() < 1e-9 && (row.change.unwrap().estimate + 0.2).abs() < 1e-9);
    }

    #[test]
    fn nothing_done_on_a_side_is_no_data() {
        let mut idle = users(100, 1);
        idle.endpoints.iter_mut().for_each(|series| series.stages = vec![vec![Default::default(); 60]]);
        let comparison = compare(&[users(100, 2)], &[idle], &rules());
        assert_eq!(rate(&comparison).outcome, Outcome::NoData);
        assert!(
            compare(&[users(100, 2)], &[users(100, 3)], &Regression::default())
                .rows
                .iter()
                .all(|row| !row.metric.higher_is_better())
        );
    }
}
