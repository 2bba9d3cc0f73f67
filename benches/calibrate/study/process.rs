//! What two processes of one build differ by, for as long as they live: layout of the memory, order of compilation.

use rand::Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::service::{Change, ENDPOINTS, NOISY};

/// Standard deviation between processes, in logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProcessNoise {
    /// Of every endpoint, each by itself.
    pub all: f64,
    /// Of `/search` on top.
    pub one: f64,
}

/// By how much each endpoint of a process takes longer: the process itself, and what its version does differently.
pub(super) fn start(random: &mut impl Rng, noise: ProcessNoise, change: Change) -> [f64; ENDPOINTS.len()] {
    std::array::from_fn(|endpoint| {
        let [own, more]: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(random));
        let one = if endpoint == NOISY { noise.one } else { 0.0 };
        (noise.all * own + one * more).exp() * change.factor(endpoint)
    })
}
