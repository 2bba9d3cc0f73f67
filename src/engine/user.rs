//! One user: what is remembered from step to step and from iteration to iteration.

use rand::{SeedableRng as _, rngs::SmallRng};

/// A user of one thread. In a closed loop there is one per `vus`; in an open loop an arrival takes one that is free, or a new one.
#[derive(Debug)]
pub(super) struct User {
    /// From 0, over all threads.
    pub(super) number: u64,
    /// Iterations it has begun before the present one.
    pub(super) iteration: u64,
    /// Source of everything this user does at random.
    pub(super) rng: SmallRng,
}

impl User {
    /// User `number`; equal seeds make users who do the same.
    pub(super) fn new(number: u64, seed: u64) -> Self {
        Self { number, iteration: 0, rng: SmallRng::seed_from_u64(seed ^ number.rotate_left(32)) }
    }
}
