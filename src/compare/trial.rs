//! What all tests of a comparison share.

use super::{Look, design::Design, roster::Roster};
use crate::{
    policy::{LatencyRule, Quantile, Regression},
    record::LearnedNoise,
};

/// Who takes part, by which design they were measured, and by which rules they are judged.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    pub roster: Roster,
    pub rules: &'a Regression,
    pub design: &'static Design,
    /// What earlier comparisons of the same kind taught.
    pub learned: &'a LearnedNoise,
    /// How much of the chances of error this look may spend.
    pub look: Look,
}

impl Trial<'_> {
    /// The rule for a quantile of an endpoint, with the defaults of this design.
    pub(super) fn rule(&self, endpoint: &str, quantile: Quantile) -> Option<LatencyRule> {
        self.rules.latency_rule(endpoint, quantile, self.design.mode)
    }
}
