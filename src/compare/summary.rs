//! One endpoint of one run as the statistics see it: counts per block, and per quantile an estimate with its error.

use std::collections::BTreeMap;

use super::layout::Layout;
use crate::{
    policy::Quantile,
    record::{EndpointSeries, Latencies},
    stats::blocks,
};

/// Successful requests below which no quantile is estimated.
const SUCCEEDED_MIN: u64 = 20;

/// One endpoint of one run.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// Requests that came to an outcome.
    pub requests: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Failed requests of each block.
    pub errors: Vec<f64>,
    /// Consecutive blocks that share a mean.
    pub strata: Vec<usize>,
    /// Quantiles, where there are enough requests for them.
    pub quantiles: BTreeMap<Quantile, Estimate>,
}

/// A quantile of one run.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    /// Natural logarithm of the quantile in microseconds.
    pub ln_us: f64,
    /// Expected number of requests beyond it.
    pub beyond: f64,
    /// What each block contributes to the deviation of `ln_us`.
    pub residuals: Vec<f64>,
    /// Consecutive blocks that share a mean.
    pub strata: Vec<usize>,
    /// Variance of `ln_us` within the run, from the residuals.
    pub variance: f64,
    /// Degrees of freedom of that variance.
    pub df: f64,
}

impl Summary {
    /// Sums an endpoint up; an endpoint a run knows nothing of has no requests.
    pub(super) fn of(series: Option<&EndpointSeries>, layout: &Layout, quantiles: impl Iterator<Item = Quantile>) -> Self {
        let cut = series.map_or_else(|| vec![[].as_slice(); layout.blocks()], |series| layout.cut(series));
        let windows = || cut.iter().copied().flatten();
        let latencies: Vec<Latencies> =
            cut.iter().map(|block| merged(block.iter().map(|window| window.response.decode()))).collect();
        let all = merged(latencies.iter().cloned());
        let usable = all.count() >= SUCCEEDED_MIN && layout.blocks() > 1;
        Self {
            requests: windows().map(|window| window.requests).sum(),
            succeeded: all.count(),
            errors: cut.iter().map(|block| block.iter().map(|window| window.error_count()).sum::<u64>() as f64).collect(),
            strata: layout.strata.clone(),
            quantiles: quantiles
                .filter(|_| usable)
                .filter_map(|quantile| Some((quantile, Estimate::of(quantile, &all, &latencies, &layout.strata)?)))
                .collect(),
        }
    }
}

fn merged(parts: impl Iterator<Item = Latencies>) -> Latencies {
    parts.fold(Latencies::default(), |mut sum, part| {
        sum.add(&part);
        sum
    })
}

impl Estimate {
    /// The quantile of all latencies, its variance from how the share beyond it changes from block to block.
    ///
    /// Source: Woodruff, "Confidence intervals for medians and other position measures", JASA 47 (1952), with blocks of
    /// time as clusters: the error of the distribution function at the quantile, divided by the density there.
    fn of(quantile: Quantile, all: &Latencies, parts: &[Latencies], strata: &[usize]) -> Option<Self> {
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
    pub(super) fn new(ln_us: f64, beyond: f64, residuals: Vec<f64>, strata: &[usize]) -> Self {
        let variance = blocks::standard_error(&residuals, strata).powi(2);
        Self { ln_us, beyond, variance, df: blocks::degrees_of_freedom(strata), strata: strata.to_vec(), residuals }
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
