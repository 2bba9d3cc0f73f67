//! One user: what is remembered from step to step and from iteration to iteration.

/// A user of one thread. In a closed loop there is one per `vus`; in an open loop an arrival takes one that is free, or a new one.
#[derive(Debug)]
pub(super) struct User {
    /// From 0, over all threads.
    pub(super) number: u64,
    /// Iterations it has begun before the present one.
    pub(super) iteration: u64,
}

impl User {
    pub(super) fn new(number: u64) -> Self {
        Self { number, iteration: 0 }
    }
}
