//! A run in parts, each with fresh processes: what is measured once says nothing of how much two processes of one build differ.

use std::fmt;

use super::{Plan, Stage};
use crate::units;

/// One of several parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// From 1.
    pub number: usize,
    /// How many are planned.
    pub of: usize,
    /// Which time the whole run is played, from 1: what looks like a regression may have to show again.
    pub round: usize,
    /// Replicates that were played in the rounds before.
    pub before: usize,
}

impl Replicate {
    /// The only part of a run that has no others.
    pub const ONLY: Self = Self::new(1, 1);

    /// One of so many parts of a run that is played for the first time.
    #[must_use]
    pub const fn new(number: usize, of: usize) -> Self {
        Self { number, of, round: 1, before: 0 }
    }

    /// Whether there are others.
    #[must_use]
    pub fn is_one_of_several(self) -> bool {
        self.of > 1 || self.round > 1
    }

    /// Its number among the replicates of all rounds: what is kept of it is named by that.
    #[must_use]
    pub fn number_of_all(self) -> usize {
        self.before + self.number
    }
}

impl fmt::Display for Replicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.round, self.of) {
            (1, of) => write!(f, "replicate {} of {of}", self.number),
            (round, 1) => write!(f, "{} run", units::ordinal(round)),
            (round, of) => write!(f, "{} run, replicate {} of {of}", units::ordinal(round), self.number),
        }
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
    /// Times that all of it is played again while it finds the same regression.
    pub reruns: usize,
}

impl Replication {
    /// All replicates of a round, in order, those that may be added at the end included. `before` of them were played in the rounds
    /// before.
    pub fn replicates(self, round: usize, before: usize) -> impl Iterator<Item = Replicate> {
        let of = move |number| if number > self.count { self.most() } else { self.count };
        (1..=self.most()).map(move |number| Replicate { number, of: of(number), round, before })
    }

    /// Most replicates that may be played in a round.
    #[must_use]
    pub fn most(self) -> usize {
        self.count + self.extension
    }

    /// The same where nobody judges it, so that nothing ends it early, extends it or repeats it.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { early_stop: false, extension: 0, reruns: 0, ..self }
    }
}

impl Plan {
    /// What is played in one replicate. Each has a seed of its own: with one for all, the same requests would go to the same
    /// version in each, and what they differ by would look like a difference of the versions.
    #[must_use]
    pub fn part(&self, replication: Replication, replicate: Replicate) -> Self {
        let mut plan = self.clone();
        let (number, round) = (replicate.number as u64 - 1, replicate.round as u64 - 1);
        plan.seed = self.seed.wrapping_add(number << 32).wrapping_add(round << 40);
        if replication.splits {
            plan.stages.iter_mut().filter(|stage| stage.measured).for_each(|stage| stage.split(replication.count));
            let parts = u32::try_from(replication.count).unwrap_or(u32::MAX);
            plan.workload.sockets.iter_mut().for_each(|scenario| scenario.connections.split(parts));
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
