//! How long the runs took to become steady, beyond the warm-up that was configured and is not recorded at all.
//!
//! All runs have one answer: the versions, and the replicates, must be compared at the same age. Their seconds are averaged, so
//! that what disturbed one of them is not taken for a warm-up.

use std::{collections::BTreeMap, time::Duration};

use super::WarmUp;
use crate::{
    record::{EndpointSeries, Latencies, RunRecord, StageFacts},
    stats::mser,
    units,
};

/// A second, the grain of the series.
const GRAIN_US: u64 = 1_000_000;
/// Fewest seconds that have a course.
const SECONDS_MIN: usize = 10;
/// A beginning counts as a warm-up if it is slower by that many standard errors..
const SURE: f64 = 4.0;
/// .. and by that share: MSER alone cuts four of ten series that are nothing but noise, and one in ten in half where they have
/// ten values.
const SLOWER_MIN: f64 = 0.05;
/// Above it the number of independent seconds can't be told.
const CORRELATION_MAX: f64 = 0.95;

/// What was found of the runs, and how many blocks of each are to be left out for it.
pub(super) fn of<'a>(runs: impl Iterator<Item = &'a RunRecord>, block: Duration) -> (WarmUp, usize) {
    let Some(series) = mean_of(runs) else { return (WarmUp::default(), 0) };
    let block_us = units::Micros::from_duration(block).0.max(1);
    // A stage of a single block can't lose one.
    let cut = if series.len() as u64 * GRAIN_US < 2 * block_us { 0 } else { mser::truncation(&series) };
    let Some(slower) = slower(&series, cut) else { return (WarmUp::default(), 0) };
    if cut == series.len() / 2 {
        return (WarmUp { left_out_us: 0, slower, is_endless: true }, 0);
    }
    let blocks = (cut as u64 * GRAIN_US).div_ceil(block_us);
    let warm_up = WarmUp { left_out_us: blocks * block_us, slower, is_endless: false };
    (warm_up, usize::try_from(blocks).unwrap_or(usize::MAX))
}

/// What a reader must know of it.
pub(super) fn in_words(warm_up: &WarmUp) -> Option<String> {
    let left_out = Duration::from_micros(warm_up.left_out_us);
    (!left_out.is_zero()).then(|| {
        format!(
            "the first {} of each run are left out of the comparison: they were {} slower, the service was still warming up",
            units::duration(left_out),
            units::percent(warm_up.slower)
        )
    })
}

/// By what share the first `cut` values are above the others, where they are for sure and by enough to matter.
///
/// The standard error is that of a series in which each value resembles the one before (AR(1)): the variance of a mean grows by
/// (1 + r) / (1 - r), with r the correlation of neighbours. Source: Bayley & Hammersley, "The effective number of independent
/// observations in an autocorrelated time series", JRSS Suppl. 8 (1946).
fn slower(series: &[f64], cut: usize) -> Option<f64> {
    if cut == 0 {
        return None;
    }
    let (first, rest) = series.split_at(cut);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (above, level) = (mean(first), mean(rest));
    let squares: f64 = rest.iter().map(|value| (value - level).powi(2)).sum();
    let variance = squares / (rest.len() as f64 - 1.0).max(1.0);
    let inflation = if cut == series.len() / 2 { 1.0 } else { inflation(rest, level, squares) };
    let error = (variance * inflation * (1.0 / first.len() as f64 + 1.0 / rest.len() as f64)).sqrt();
    let slower = (above - level).exp_m1();
    (above - level >= SURE * error && slower >= SLOWER_MIN).then_some(slower)
}

/// How much more the mean of a series varies than its values let expect. Seconds resemble the one before, so that there are fewer
/// independent ones than there are. A series that falls from its beginning to its end looks the same, and is not to be asked.
fn inflation(series: &[f64], mean: f64, squares: f64) -> f64 {
    let products: f64 = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    let correlation = if squares > 0.0 { (products / squares).clamp(0.0, CORRELATION_MAX) } else { 0.0 };
    (1.0 + correlation) / (1.0 - correlation)
}

/// The mean of the series of all runs; `None` where any has none.
fn mean_of<'a>(runs: impl Iterator<Item = &'a RunRecord>) -> Option<Vec<f64>> {
    let all: Vec<Vec<f64>> = runs.filter(|run| is_grained(run)).map(series).collect::<Option<_>>()?;
    let length = all.iter().map(Vec::len).min().filter(|length| *length >= SECONDS_MIN)?;
    Some((0..length).map(|second| all.iter().map(|series| series[second]).sum::<f64>() / all.len() as f64).collect())
}

/// Whether a run was recorded finely enough to have a course of seconds. Stored ones are kept in blocks.
fn is_grained(run: &RunRecord) -> bool {
    run.plan.window_us > 0 && GRAIN_US.is_multiple_of(run.plan.window_us)
}

/// The course of a run's first measured stage: for each second, how far ln of the median is from its mean over the stage, averaged over
/// the endpoints that were asked in it, by their requests. Each is held against its own level, so that a rare one that comes and goes
/// adds noise and shifts nothing. `None` where the stage has a course of its own (a ramp), where another tool has trimmed it, or
/// where there is a second in which nothing was asked at all.
fn series(run: &RunRecord) -> Option<Vec<f64>> {
    let stages = || run.plan.stages.iter().enumerate();
    let (index, stage) = stages().find(|(_, stage)| stage.measured)?;
    if run.provenance.imported.is_some() || !is_constant(stage) {
        return None;
    }
    let per_second = usize::try_from(GRAIN_US / run.plan.window_us).ok()?;
    let seconds = usize::try_from(stage.duration_us.min(stage.played_us) / GRAIN_US).ok()?;
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for endpoint in &run.endpoints {
        let (weight, medians) = medians(endpoint, index, per_second, seconds);
        let level = medians.iter().flatten().sum::<f64>() / medians.iter().flatten().count().max(1) as f64;
        for (second, median) in medians.into_iter().enumerate() {
            let Some(median) = median else { continue };
            let (sum, weights) = sums.entry(second).or_default();
            *sum += weight * (median - level);
            *weights += weight;
        }
    }
    (sums.len() == seconds).then(|| sums.into_values().map(|(sum, weights)| sum / weights).collect())
}

fn is_constant(stage: &StageFacts) -> bool {
    !stage.shape.contains("..") && stage.step_of.is_none()
}

/// Successful requests of an endpoint, and ln of their median in each second, in microseconds.
fn medians(endpoint: &EndpointSeries, stage: usize, per_second: usize, seconds: usize) -> (f64, Vec<Option<f64>>) {
    let windows = endpoint.stages.get(stage).map_or(&[][..], Vec::as_slice);
    let mut count = 0;
    let of_second = |second: usize| {
        let mut response = Latencies::default();
        windows.iter().skip(second * per_second).take(per_second).for_each(|window| response.add(&window.response.decode()));
        count += response.count();
        response.quantile(0.5).map(|us| (us.max(1) as f64).ln())
    };
    let medians = (0..seconds).map(of_second).collect();
    (count as f64, medians)
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::SmallRng};
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;
    use crate::{
        compare::{Look, compare_ab, fixture},
        policy::Regression,
        record::{LearnedNoise, Window},
    };

    const BLOCK: Duration = Duration::from_secs(2);

    /// A run of 20 s that is `slower` at its beginning, for that many seconds.
    fn run(seconds: u64, slower: f64, salt: u64) -> RunRecord {
        let noise = |second: u64, n: u64| (n * 7919 + second * 104_729 + salt * 31) % 3_000;
        fixture::steady(20, &["/a", "/b"], 60, |endpoint, second, n| {
            let us = (8_000 + 4_000 * endpoint as u64 + noise(second, n)) as f64;
            (if second < seconds { us * (1.0 + slower) } else { us }) as u64
        })
    }

    fn found(seconds: u64, slower: f64) -> (WarmUp, usize) {
        let runs: Vec<RunRecord> = (0..4).map(|salt| run(seconds, slower, salt)).collect();
        of(runs.iter(), BLOCK)
    }

    #[test]
    fn a_slow_beginning_is_left_out_in_whole_blocks() {
        let (warm_up, blocks) = found(3, 0.5);
        assert_eq!((warm_up.left_out_us, warm_up.is_endless, blocks), (4_000_000, false, 2));
        assert!((warm_up.slower - 0.5).abs() < 0.02, "{warm_up:?}");
    }

    #[test]
    fn a_steady_run_is_not_cut() {
        assert_eq!(found(0, 0.0), (WarmUp::default(), 0));
        assert_eq!(found(3, 0.02), (WarmUp::default(), 0), "too little to matter");
        assert_eq!(found(3, -0.5), (WarmUp::default(), 0), "a fast beginning is no warm-up");
    }

    /// Seconds that differ by 5 % (sd), each like the one before to four fifths, the mean of so many processes; slower at the beginning.
    fn weather(seconds: usize, processes: u32, slower: f64, rng: &mut SmallRng) -> Vec<f64> {
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let mut series = vec![0.0; seconds];
        for _ in 0..processes {
            let mut value = 0.05 * normal();
            for second in &mut series {
                *second += value / f64::from(processes);
                value = 0.8 * value + 0.03 * normal();
            }
        }
        let warm_up = |second: usize| (slower * (-(second as f64) / 3.0).exp()).ln_1p();
        series.iter().enumerate().map(|(second, value)| value + warm_up(second)).collect()
    }

    #[test]
    fn weather_is_seldom_taken_for_a_warm_up_and_a_warm_up_seldom_for_weather() {
        const SERIES: u32 = 1_000;
        let mut rng = SmallRng::seed_from_u64(1);
        let mut found = |seconds, processes, slower| {
            let cut = |series: Vec<f64>| super::slower(&series, mser::truncation(&series)).is_some();
            (0..SERIES).filter(|_| cut(weather(seconds, processes, slower, &mut rng))).count()
        };
        assert!(found(10, 6, 0.0) < 15 && found(20, 6, 0.0) < 15 && found(120, 1, 0.0) < 30);
        assert!(found(10, 6, 0.2) > 800 && found(20, 6, 0.2) > 800 && found(20, 6, 0.5) > 980);
    }

    #[test]
    fn what_has_no_course_of_seconds_is_not_cut() {
        let mut ramp = run(3, 0.5, 0);
        ramp.plan.stages[0].shape = "10/s..60/s".to_owned();
        let mut coarse = run(3, 0.5, 0);
        coarse.plan.window_us = 5_000_000;
        for run in [ramp, coarse] {
            assert_eq!(of([run].iter(), BLOCK), (WarmUp::default(), 0));
        }
    }

    #[test]
    fn a_rare_endpoint_hides_no_warm_up_but_a_second_without_any_request_has_no_course() {
        let emptied = |mut run: RunRecord, endpoint: usize, is_out: fn(usize) -> bool| {
            let windows = run.endpoints[endpoint].stages[0].iter_mut().enumerate();
            windows.filter(|(second, _)| is_out(*second)).for_each(|(_, window)| *window = Window::default());
            run
        };
        let rare: Vec<RunRecord> = (0..4).map(|salt| emptied(run(3, 0.5, salt), 1, |second| second % 2 == 1)).collect();
        let (warm_up, _) = of(rare.iter(), BLOCK);
        assert!(warm_up.left_out_us >= 4_000_000 && !warm_up.is_endless, "{warm_up:?}");
        assert_eq!(of([emptied(rare[0].clone(), 0, |second| second == 11)].iter(), BLOCK), (WarmUp::default(), 0));
    }

    #[test]
    fn both_versions_are_cut_alike_and_the_reader_is_told() {
        let rules = Regression { block: BLOCK, ..Regression::default() };
        let side = |salt: u64, seconds| -> Vec<RunRecord> { (0..3).map(|n| run(seconds, 0.8, salt + 2 * n)).collect() };
        let (baseline, candidate) = (side(0, 4), side(1, 4));
        let comparison = compare_ab(&baseline, &candidate, &rules, &LearnedNoise::default(), Look::only(3, 0.01));
        assert_eq!((comparison.blocks, comparison.warm_up.left_out_us), (8, 4_000_000));
        let note =
            "the first 4s of each run are left out of the comparison: they were 80% slower, the service was still warming up";
        assert!(comparison.notes.iter().any(|found| found == note), "{:?}", comparison.notes);
    }

    #[test]
    fn a_run_that_does_not_become_steady_is_told() {
        let falling = |salt: u64| {
            fixture::steady(20, &["/a"], 60, move |_, second, n| 20_000 - second * 600 + (n * 7919 + second * 31 + salt) % 300)
        };
        let runs = [0, 2, 4].map(falling);
        assert_eq!(of(runs.iter(), BLOCK), (WarmUp { is_endless: true, ..of(runs.iter(), BLOCK).0 }, 0));
    }
}
