//! One endpoint of one run as the statistics see it: counts per block, and per quantile an estimate with its error.

use std::collections::BTreeMap;

use super::{ComparedMetric, classes::Classes, layout::Layout};
use crate::{
    policy::Quantile,
    record::{EndpointSeries, Latencies, Window},
    stats::blocks,
};

/// Successful requests below which no quantile is estimated.
const SUCCEEDED_MIN: u64 = 20;

/// One endpoint of one run.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Requests of each block that came to an outcome.
    pub done: Vec<f64>,
    /// Arrivals of each block that were not sent.
    pub dropped: Vec<f64>,
    /// Time of each block.
    pub seconds: Vec<f64>,
    /// Failed requests by class.
    pub classes: Classes,
    /// Failed requests of each block.
    pub errors: Vec<f64>,
    /// Consecutive blocks that share a mean.
    pub strata: Vec<usize>,
    /// Latencies, where there are enough requests for them.
    pub estimates: BTreeMap<ComparedMetric, Estimate>,
}

/// A metric of one run, so that more is worse: of a rate the inverse.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    /// Its natural logarithm; of latencies in microseconds.
    pub ln: f64,
    /// Expected number of requests beyond a quantile; of other metrics those that were counted.
    pub beyond: f64,
    /// What each block contributes to the deviation of `ln`.
    pub residuals: Vec<f64>,
    /// Consecutive blocks that share a mean.
    pub strata: Vec<usize>,
    /// Variance of `ln` within the run, from the residuals.
    pub variance: f64,
    /// Degrees of freedom of that variance.
    pub df: f64,
}

impl Summary {
    /// Sums an endpoint up; an endpoint a run knows nothing of has no requests.
    pub(super) fn of(series: Option<&EndpointSeries>, layout: &Layout, metrics: &[ComparedMetric]) -> Self {
        let cut = series.map_or_else(|| vec![[].as_slice(); layout.blocks()], |series| layout.cut(series));
        let windows = || cut.iter().copied().flatten();
        let latencies: Vec<Latencies> = cut.iter().map(|block| latencies(block)).collect();
        let all = latencies.iter().fold(Latencies::default(), |mut all, block| {
            all.add(block);
            all
        });
        let by_block =
            |of: fn(&Window) -> u64| -> Vec<f64> { cut.iter().map(|block| block.iter().map(of).sum::<u64>() as f64).collect() };
        let mut classes = Classes::default();
        windows().for_each(|window| classes.add(&window.errors, window.requests));
        let usable = all.count() >= SUCCEEDED_MIN && layout.blocks() > 1;
        Self {
            requests: windows().map(|window| window.requests).sum(),
            succeeded: all.count(),
            errors: by_block(Window::error_count),
            done: by_block(|window| window.requests),
            dropped: by_block(|window| window.dropped),
            seconds: layout.seconds.clone(),
            classes,
            strata: layout.strata.clone(),
            estimates: metrics
                .iter()
                .filter(|_| usable)
                .filter_map(|&metric| Some((metric, Estimate::of(metric, &all, &latencies, &layout.strata)?)))
                .collect(),
        }
    }
}

/// The latencies of a block. Stored baselines keep one window for each, which needs no adding up.
fn latencies(block: &[Window]) -> Latencies {
    match block {
        [only] => only.response.decode(),
        several => several.iter().fold(Latencies::default(), |mut sum, window| {
            sum.add(&window.response.decode());
            sum
        }),
    }
}

impl Estimate {
    fn of(metric: ComparedMetric, all: &Latencies, parts: &[Latencies], strata: &[usize]) -> Option<Self> {
        match metric {
            ComparedMetric::Latency(quantile) => Self::of_quantile(quantile, all, parts, strata),
            ComparedMetric::Mean => Self::of_mean(all, parts, strata),
            ComparedMetric::Throughput | ComparedMetric::AchievedRate | ComparedMetric::ErrorRate => None,
        }
    }

    /// The mean of all latencies: a ratio of two sums over blocks, with the error of a ratio.
    ///
    /// Source: Cochran, "Sampling Techniques", 3rd ed. (1977), section 6.4 (linearised variance of a ratio), with blocks of time as
    /// units.
    fn of_mean(all: &Latencies, parts: &[Latencies], strata: &[usize]) -> Option<Self> {
        let (count, mean) = (all.count() as f64, all.mean().filter(|mean| *mean > 0.0)?);
        let excess = |part: &Latencies| (part.mean().unwrap_or(mean) - mean) * part.count() as f64;
        let mut residuals: Vec<f64> = parts.iter().map(|part| excess(part) / (count * mean)).collect();
        blocks::centre(&mut residuals, strata);
        Some(Self::new(mean.ln(), count, residuals, strata))
    }

    /// The quantile of all latencies, its variance from how the share beyond it changes from block to block.
    ///
    /// Source: Woodruff, "Confidence intervals for medians and other position measures", JASA 47 (1952), with blocks of
    /// time as clusters: the error of the distribution function at the quantile, divided by the density there.
    fn of_quantile(quantile: Quantile, all: &Latencies, parts: &[Latencies], strata: &[usize]) -> Option<Self> {
        let q = quantile.fraction();
        let count = all.count() as f64;
        let value = all.quantile(q)?;
        let mut excess: Vec<f64> =
            parts.iter().map(|part| part.count_above(value) as f64 - (1.0 - q) * part.count() as f64).collect();
        blocks::centre(&mut excess, strata);
        let clustered = blocks::variance_of_sum(&excess, strata).sqrt() / count;
        let half_width = clustered.max((q * (1.0 - q) / count).sqrt()).max(1.5 / count);
        let slope = ln_slope(all, value, (q - half_width).max(0.5 / count), (q + half_width).min(1.0 - 0.5 / count))?;
        let residuals: Vec<f64> = excess.iter().map(|excess| slope * excess / count).collect();
        Some(Self::new((value as f64).ln(), count * (1.0 - q), residuals, strata))
    }

    /// An estimate whose variance follows from its residuals.
    pub(super) fn new(ln: f64, beyond: f64, residuals: Vec<f64>, strata: &[usize]) -> Self {
        let variance = blocks::standard_error(&residuals, strata).powi(2);
        Self { ln, beyond, variance, df: blocks::degrees_of_freedom(strata), strata: strata.to_vec(), residuals }
    }

    /// Variance within the runs of the difference to another estimate whose blocks are of the same time: what disturbs the
    /// machine disturbs both, and is no part of it.
    pub(super) fn paired_variance(&self, other: &Self) -> f64 {
        let differences: Vec<f64> = self.residuals.iter().zip(&other.residuals).map(|(own, other)| own - other).collect();
        blocks::standard_error(&differences, &self.strata).powi(2)
    }
}

/// How fast ln of the quantile grows with its rank, between two ranks. Where all lies in one bucket of the histogram, the
/// bucket's width is what is not known.
fn ln_slope(all: &Latencies, value: u64, lo: f64, hi: f64) -> Option<f64> {
    let (below, above) = (all.quantile(lo)? as f64, all.quantile(hi)? as f64);
    let rise = (above / below).ln();
    let bucket = ((value + all.bucket_width(value)) as f64 / value as f64).ln();
    Some(if rise > 0.0 { rise } else { bucket } / (hi - lo))
}
