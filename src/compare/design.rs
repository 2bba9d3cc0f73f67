//! How an experiment was made, and by that how its differences are tested. To add a significance test: a file below, and a
//! line in [`DESIGNS`].

pub(super) mod pair;
pub(super) mod replicated;
pub(super) mod stored;

use super::{ComparedMetric, noise::Noise, sample::Sample, trial::Trial};
use crate::{
    policy::{Mode, Quantile},
    record::Learned,
};

/// Every design there is.
pub(super) const DESIGNS: [Design; 3] = [stored::DESIGN, pair::DESIGN, replicated::DESIGN];

/// A design and its significance test.
#[derive(Debug)]
pub(super) struct Design {
    /// Whose default tolerances apply.
    pub mode: Mode,
    /// Whether so many baseline and candidate runs make this design.
    pub fits: fn(baseline: usize, candidate: usize) -> bool,
    /// The significance test: how unsure the difference of a sample is.
    pub noise: fn(&Sample<'_>, &Known) -> Box<dyn Noise>,
    /// What the endpoints have in common, from a sample of each.
    pub pool: fn(&[Sample<'_>]) -> f64,
    /// Successful requests that each run must have.
    pub run_samples: fn(Quantile) -> u64,
    /// Successful requests that all runs of a side together must have.
    pub side_samples: fn(Quantile) -> u64,
    /// Requests beyond the quantile that an endpoint must have in each run to be part of the service as a whole.
    pub service_beyond: f64,
    /// Baseline runs from which on an endpoint is held against its siblings too; `None` where that adds nothing.
    pub contrast_baselines: Option<usize>,
    /// Relative standard deviation that error rates have between runs, where it is not learned from them.
    pub error_cv: Option<f64>,
    /// What a reader must know to weigh the rows.
    pub notes: fn(&Trial<'_>) -> Vec<String>,
    /// A run of this design in words.
    pub unit: &'static str,
    /// What would confirm a change that is large enough to be seen.
    pub again: &'static str,
    /// What to say where no amount of anything helps.
    pub hopeless: &'static str,
    /// What the reader can do then.
    pub way_out: &'static str,
}

/// What a significance test knows beside the sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// How much more the metric varies from process to process than the median does.
    pub scale: f64,
    /// See [`Design::pool`].
    pub pool: f64,
    /// What earlier comparisons taught of this metric of this endpoint.
    pub learned: Option<Learned>,
}

/// The design of a comparison of so many runs; `None` where they make none.
pub(super) fn of(mode: Mode, baseline: usize, candidate: usize) -> Option<&'static Design> {
    DESIGNS.iter().find(|design| design.mode == mode && (design.fits)(baseline, candidate))
}

/// How much more a metric varies from run to run, and from process to process, than the median does.
pub(super) fn scale(metric: ComparedMetric) -> f64 {
    match metric.alike() {
        Quantile::P50 => 1.0,
        Quantile::P90 | Quantile::P95 => 1.25,
        Quantile::P99 | Quantile::P999 => 2.0,
    }
}
