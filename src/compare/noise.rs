//! Where the uncertainty of a difference comes from, so that one can ask what more data would do to it.

use std::fmt::Debug;

use super::shift::minimum_detectable;
use crate::{policy::BASELINES_MAX, record::Spread};

/// How many times as long runs are thought of.
const LONGER: [f64; 9] = [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0];
/// Most candidate runs that are thought of.
const CANDIDATES_MAX: usize = 10;
/// Most replicates that are thought of: more may be configured.
const REPLICATES_MAX: usize = 20;

/// The noise of a difference, as a significance test sees it.
pub(super) trait Noise: Debug {
    /// Standard error of the difference of the logarithms, more than 0.
    fn standard_error(&self) -> f64;

    /// Degrees of freedom of that standard error.
    fn df(&self) -> f64;

    /// What would make smaller changes visible, the most useful first.
    fn means(&self) -> &'static [Means];

    /// The noise that would be left with so much of it in all; `None` where it does not apply.
    fn with(&self, means: Means, amount: f64) -> Option<Box<dyn Noise>>;

    /// What the spread of this difference teaches later comparisons of the same kind.
    fn spread(&self, _difference: f64) -> Option<Spread> {
        None
    }

    /// Whether learned noise was set aside, because today's is clearly larger.
    fn learned_is_set_aside(&self) -> bool {
        false
    }

    /// The smallest change that a test at that level would find with 80 % chance, as a fraction.
    fn mde(&self, level: f64) -> f64 {
        minimum_detectable(self.standard_error(), self.df(), level)
    }
}

/// Something there can be more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Every run so many times as long.
    Longer,
    /// So many baseline runs.
    Baselines,
    /// So many runs of the candidate.
    Candidates,
    /// So many replicates.
    Replicates,
}

impl Means {
    /// Most runs that are thought of; `None` for time, which has no number.
    pub(super) fn most(self) -> Option<usize> {
        match self {
            Self::Longer => None,
            Self::Baselines => Some(BASELINES_MAX),
            Self::Candidates => Some(CANDIDATES_MAX),
            Self::Replicates => Some(REPLICATES_MAX),
        }
    }

    /// The amounts that are thought of, ascending: by the advice after a run and by the forecast before it.
    pub(super) fn amounts(self) -> Vec<f64> {
        self.most().map_or_else(|| LONGER.to_vec(), |most| (1..=most).map(|amount| amount as f64).collect())
    }
}
