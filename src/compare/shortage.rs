//! What an experiment that is still to be made may have too little of for a test. Which scenario an arrival plays is decided by
//! chance, so one of its processes gets fewer requests than the plan says; that one must have enough, too.

use super::design::Design;
use crate::{
    policy::{BLOCKS_MIN, Quantile},
    stats::normal,
};

/// Chance that no run has fewer requests than is reckoned with.
const SURE: f64 = 0.99;

/// An endpoint of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Requests of one version in each run, on the average.
    pub requests: f64,
    /// Variance of that number from run to run: 0 where chance has no part in it.
    pub variance: f64,
}

impl Planned {
    /// The same in runs that are so many times as long.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        Self { requests: self.requests * factor, variance: self.variance * factor, ..self.clone() }
    }

    /// What the fewest requests among so many runs are at least, with 99 % chance.
    ///
    /// Source: each of n independent runs is allowed the chance 1 - 0.99^(1/n) of less (Šidák, JASA 62, 1967); requests of a run are
    /// binomial, for which the normal distribution stands in (de Moivre, Laplace): with the hundreds that a test asks for, it is at most
    /// two requests away.
    #[must_use]
    pub fn fewest(&self, runs: usize) -> f64 {
        (self.requests - deviations(runs) * self.variance.sqrt()).max(0.0)
    }

    /// How many times as long runs must be for the fewest of so many to be as many as `needed`: the root of a quadratic, as the mean
    /// grows with the length and the deviation with its root.
    fn longer(&self, needed: u64, runs: usize) -> f64 {
        let margin = deviations(runs) * self.variance.sqrt();
        let root = (margin + (margin * margin + 4.0 * self.requests * needed as f64).sqrt()) / (2.0 * self.requests);
        root * root
    }
}

/// Standard deviations that the least of so many lies below the mean at most.
fn deviations(runs: usize) -> f64 {
    normal::upper_quantile(1.0 - SURE.powf(1.0 / runs.max(1) as f64))
}

/// Runs, or replicates, of an experiment, and what each is long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub design: &'static Design,
    pub runs: usize,
    pub blocks: usize,
}

/// Why something can't be tested, or not surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shortage {
    /// Each run needs so many blocks.
    Blocks(usize),
    /// Successful requests may be too few.
    Requests(Few),
}

/// Requests that may be too few.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Few {
    /// How many are needed: in each run or, where that is enough, in all runs of a version together.
    pub needed: u64,
    /// Whether each run needs them.
    pub in_each_run: bool,
    /// How many are planned, on the average.
    pub planned: f64,
    /// What chance may leave of them.
    pub fewest: f64,
    /// How many times as long runs must be to have enough surely.
    pub longer: f64,
}

impl Extent {
    /// Blocks that each run lacks a test for, if it does.
    pub(super) fn lacks_blocks(self) -> Option<Shortage> {
        // A single block has no spread.
        let needed = BLOCKS_MIN.div_ceil(self.candidates()).max(2);
        (self.blocks < needed).then_some(Shortage::Blocks(needed))
    }

    /// Candidate runs: the side that has fewer.
    fn candidates(self) -> usize {
        (self.design.candidates)(self.runs).max(1)
    }

    /// Processes that load is made on: each has requests of its own.
    fn processes(self) -> usize {
        self.runs + self.candidates()
    }

    /// What a quantile of an endpoint lacks for a test, if it does.
    pub(super) fn lacks(self, planned: &Planned, quantile: Quantile) -> Option<Shortage> {
        let (of_run, of_side) = ((self.design.run_samples)(quantile), (self.design.side_samples)(quantile));
        let few = |planned: &Planned, needed: u64, processes: usize, in_each_run: bool| {
            let fewest = planned.fewest(processes);
            let longer = planned.longer(needed, processes);
            (fewest.round() < needed as f64).then_some(Few { needed, in_each_run, planned: planned.requests, fewest, longer })
        };
        let side = planned.times(self.runs.max(1) as f64);
        let shortages = [few(planned, of_run, self.processes(), true), few(&side, of_side, 2, false)];
        let worst = shortages.into_iter().flatten().max_by(|a, b| a.longer.total_cmp(&b.longer)).map(Shortage::Requests);
        self.lacks_blocks().or(worst)
    }

    /// Whether an endpoint surely has so many requests in each run that enough are beyond a quantile to be part of the service as a
    /// whole.
    pub(super) fn has_beyond(self, planned: &Planned, quantile: Quantile) -> bool {
        planned.fewest(self.processes()) * (1.0 - quantile.fraction()) >= self.design.service_beyond - 1e-9
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare::design, policy::Mode};

    fn planned(requests: f64, share: f64) -> Planned {
        Planned { name: "/a".to_owned(), requests, variance: requests * (1.0 - share) }
    }

    /// From the exact binomial distribution: (arrivals, share, processes), and what the least has at least with 99 % chance.
    #[test]
    fn the_fewest_of_all_processes_are_those_of_the_exact_distribution() {
        for ((arrivals, share, processes), exact) in [
            ((1_200.0, 1.0 / 6.0, 12), 160.0),
            ((1_000.0, 0.25, 12), 208.0),
            ((400.0, 0.5, 2), 174.0),
            ((250.0, 0.8, 40), 177.0),
            ((1_000.0, 0.25, 40), 203.0),
        ] {
            let fewest = planned(arrivals * share, share).fewest(processes);
            assert!((fewest - exact).abs() < 2.0, "{arrivals} {share} {processes}: {fewest} is not {exact}");
        }
        assert_eq!(planned(200.0, 1.0).fewest(12), 200.0, "where nothing is left to chance, nothing is taken off");
        assert_eq!(planned(5.0, 0.1).fewest(12), 0.0);
    }

    #[test]
    fn simulated_splits_keep_to_the_margin_in_99_of_100_experiments() {
        use rand::{RngExt as _, SeedableRng as _};
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        let (arrivals, share, processes) = (1_000, 0.25, 12);
        let least = planned(250.0, share).fewest(processes);
        let mut below = 0;
        for _ in 0..400 {
            let counts = (0..processes).map(|_| (0..arrivals).filter(|_| random.random_bool(share)).count());
            below += usize::from((counts.min().unwrap() as f64) < least.floor());
        }
        assert!(below <= 8, "{below} of 400");
    }

    #[test]
    fn the_length_that_is_said_to_be_enough_is() {
        for (requests, share, needed, runs) in [(200.0, 0.2, 200, 12), (180.0, 0.5, 1_000, 2), (3_000.0, 0.25, 5_000, 11)] {
            let planned = planned(requests, share);
            let longer = planned.longer(needed, runs);
            assert!((planned.times(longer).fewest(runs) - needed as f64).abs() < 1e-6, "{longer}");
        }
    }

    #[test]
    fn each_replicate_has_a_part_of_the_blocks_and_stored_runs_have_all_of_them() {
        let lacks = |mode, runs, blocks| {
            let design = design::planned(mode, runs).unwrap();
            Extent { design, runs, blocks }.lacks_blocks()
        };
        assert_eq!((lacks(Mode::Ab, 6, 2), lacks(Mode::Ab, 6, 1)), (None, Some(Shortage::Blocks(2))));
        assert_eq!((lacks(Mode::Ab, 3, 2), lacks(Mode::Ab, 3, 3)), (Some(Shortage::Blocks(3)), None));
        assert_eq!((lacks(Mode::Baseline, 10, 7), lacks(Mode::Baseline, 10, 8)), (Some(Shortage::Blocks(8)), None));
        assert_eq!(lacks(Mode::Ab, 1, 7), Some(Shortage::Blocks(8)));
    }
}
