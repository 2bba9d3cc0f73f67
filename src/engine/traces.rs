//! Ids that requests are sent with, so that they are found in the traces of the target.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

use crate::record::TraceId;

/// Makes the ids of one thread. Not of the run's seed: two runs of equal seed are still two runs in the target's traces.
#[derive(Debug, Default)]
pub(super) struct Traces {
    random: RandomState,
    made: Cell<u64>,
}

impl Traces {
    /// An id that no other request has.
    pub(super) fn next(&self) -> TraceId {
        let number = self.made.get();
        self.made.set(number + 1);
        TraceId::new(self.random.hash_one((number, 'h')), self.random.hash_one((number, 'l')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_comes_twice_not_even_from_another_thread() {
        let threads = [Traces::default(), Traces::default()];
        let mut ids: Vec<String> = (0..200).map(|n| threads[n % 2].next().to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 200);
    }
}
