//! How an experiment was made, and by that how its differences are tested. To add a significance test: a file below, and a
//! line in [`DESIGNS`].

mod pair;
mod replicated;
mod stored;

use super::{
    ComparedMetric,
    noise::{Means, Noise},
    sample::Sample,
    trial::Trial,
};
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
    /// Candidate runs that an experiment with so many baseline runs is planned with.
    pub candidates: fn(baseline: usize) -> usize,
    /// The significance test: how unsure the difference of a sample is.
    pub noise: fn(&Sample<'_>, &Known) -> Box<dyn Noise>,
    /// How unsure the difference can be expected to be of an experiment that is still to be made.
    pub expected: fn(&Foreseen) -> Box<dyn Noise>,
    /// Whether what was learned tells that, or it is assumed.
    pub is_learned: fn(&Learned) -> bool,
    /// What a larger experiment has more of beside time; [`Means::Longer`] where there is nothing but time.
    pub means_of_plan: Means,
    /// What an experiment with so many baseline runs costs each time it is made, in runs.
    pub cost: fn(baseline: usize) -> f64,
    /// How many runs' time it takes to measure all of them so many times as long.
    pub cost_of_longer: fn(factor: f64, baseline: f64, candidate: f64) -> f64,
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
    /// As much of everything as is thought of.
    pub much_more: &'static str,
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

/// What is known of an experiment that is still to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Foreseen {
    /// See [`Known::scale`].
    pub scale: f64,
    /// See [`Known::learned`].
    pub learned: Option<Learned>,
    /// Variance within the runs of the difference of two of them.
    pub within: f64,
    /// Degrees of freedom of that variance.
    pub within_df: f64,
    /// Baseline runs, at least one.
    pub baseline: usize,
}

/// The design of a comparison of so many runs; `None` where they make none.
pub(super) fn of(mode: Mode, baseline: usize, candidate: usize) -> Option<&'static Design> {
    DESIGNS.iter().find(|design| design.mode == mode && (design.fits)(baseline, candidate))
}

/// The design of an experiment that is still to be made, with so many baseline runs, at least one.
pub(super) fn planned(mode: Mode, baseline: usize) -> Option<&'static Design> {
    DESIGNS.iter().find(|design| design.mode == mode && (design.fits)(baseline, (design.candidates)(baseline)))
}

/// How much more a metric varies from run to run, and from process to process, than the median does.
pub(super) fn scale(metric: ComparedMetric) -> f64 {
    match metric.alike() {
        Quantile::P50 => 1.0,
        Quantile::P90 | Quantile::P95 => 1.25,
        Quantile::P99 | Quantile::P999 => 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_the_design_that_its_runs_will_have() {
        for (mode, baseline, candidate) in
            [(Mode::Baseline, 1, 1), (Mode::Baseline, 10, 1), (Mode::Ab, 1, 1), (Mode::Ab, 3, 3), (Mode::Ab, 6, 6)]
        {
            let design = planned(mode, baseline).unwrap();
            assert_eq!((design.candidates)(baseline), candidate);
            assert_eq!(design.hopeless, of(mode, baseline, candidate).unwrap().hopeless);
        }
        assert!(planned(Mode::Ab, 2).is_none());
    }
}
