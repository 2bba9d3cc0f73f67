//! What became of the arrivals of a stage, as counts.

/// Arrivals of one stage, counted by one thread or by all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Those that fell due.
    pub offered: u64,
    /// Those that were sent.
    pub started: u64,
    /// Those that were held back on purpose.
    pub held_back: u64,
    /// Those of them that were meant to be sent.
    pub withheld: u64,
    /// Those of them that the circuit breaker withheld.
    pub withheld_by_breaker: u64,
}

impl StageCounts {
    /// Counts those of another thread too.
    pub(super) fn add(&mut self, other: &Self) {
        let &Self { offered, started, held_back, withheld, withheld_by_breaker } = other;
        self.offered += offered;
        self.started += started;
        self.held_back += held_back;
        self.withheld += withheld;
        self.withheld_by_breaker += withheld_by_breaker;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_of_another_thread_is_added_to_its_own() {
        let other = StageCounts { offered: 1, started: 2, held_back: 3, withheld: 4, withheld_by_breaker: 5 };
        let mut counts = StageCounts { offered: 10, started: 20, held_back: 30, withheld: 40, withheld_by_breaker: 50 };
        counts.add(&other);
        let sum = StageCounts { offered: 11, started: 22, held_back: 33, withheld: 44, withheld_by_breaker: 55 };
        assert_eq!(counts, sum);
    }
}
