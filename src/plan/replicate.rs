//! A run in parts, each with fresh processes: what is measured once says nothing of how much two processes of one build differ.

use std::fmt;

use super::{Plan, Stage};

/// One of several parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// From 1.
    pub number: usize,
    /// How many are planned.
    pub of: usize,
}

impl Replicate {
    /// The only part of a run that has no others.
    pub const ONLY: Self = Self { number: 1, of: 1 };

    /// Whether there are others.
    #[must_use]
    pub fn is_one_of_several(self) -> bool {
        self.of > 1
    }
}

impl fmt::Display for Replicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replicate {} of {}", self.number, self.of)
    }
}

/// How a run is cut into replicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replication {
    /// Number of replicates; 1 for a run in one piece.
    pub count: usize,
    /// Whether the measured time is split over them (A/B), or each is a whole run (stored baselines).
    pub splits: bool,
    /// Whether it may end as soon as the verdict is sure.
    pub early_stop: bool,
    /// Replicates that may be added where all of them leave the verdict inconclusive.
    pub extension: usize,
}

impl Replication {
    /// All replicates, in order, those that may be added at the end included.
    pub fn replicates(self) -> impl Iterator<Item = Replicate> {
        let of = move |number| if number > self.count { self.most() } else { self.count };
        (1..=self.most()).map(move |number| Replicate { number, of: of(number) })
    }

    /// Most replicates that may be played.
    #[must_use]
    pub fn most(self) -> usize {
        self.count + self.extension
    }

    /// The same where nobody judges it, so that nothing ends it early and nothing extends it.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { early_stop: false, extension: 0, ..self }
    }
}

impl Plan {
    /// What is played in one replicate. Each has a seed of its own: with one for all, the same requests would go to the same
    /// version in each, and what they differ by would look like a difference of the versions.
    #[must_use]
    pub fn part(&self, replication: Replication, replicate: Replicate) -> Self {
        let mut plan = self.clone();
        plan.seed = self.seed.wrapping_add((replicate.number as u64 - 1) << 32);
        if replication.splits {
            plan.stages.iter_mut().filter(|stage| stage.measured).for_each(|stage| stage.split(replication.count));
        }
        plan
    }
}

impl Stage {
    fn split(&mut self, parts: usize) {
        self.duration /= u32::try_from(parts).unwrap_or(u32::MAX).max(1);
        self.iterations = self.iterations.map(|iterations| iterations.div_ceil(parts as u64));
    }
}
