//! What all tests of a comparison share.

use super::{ComparedMetric, Look, design::Design, roster::Roster};
use crate::{
    policy::{LatencyRule, Regression},
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
    /// The rule for a metric of an endpoint, with the defaults of this design; `None` for one that is not compared, and for error
    /// rates, which have a rule of their own kind.
    pub(super) fn rule(&self, endpoint: &str, metric: ComparedMetric) -> Option<LatencyRule> {
        let mode = self.design.mode;
        match metric {
            ComparedMetric::Latency(quantile) => self.rules.latency_rule(endpoint, quantile, mode),
            ComparedMetric::Mean => self.rules.mean_rule(endpoint, mode),
            ComparedMetric::Throughput | ComparedMetric::AchievedRate => self.rules.throughput_rule(mode),
            ComparedMetric::ErrorRate => None,
        }
    }

    /// The metrics of latency that are compared.
    pub(super) fn latencies(&self) -> Vec<ComparedMetric> {
        latencies(self.rules)
    }
}

/// The metrics of latency that rules compare: quantiles, then the mean.
pub(super) fn latencies(rules: &Regression) -> Vec<ComparedMetric> {
    let quantiles = rules.latency.keys().map(|&quantile| ComparedMetric::Latency(quantile));
    quantiles.chain(rules.mean.map(|_| ComparedMetric::Mean)).collect()
}
