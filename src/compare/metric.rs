//! What is compared, and what its numbers mean.

use std::fmt;

use crate::{
    policy::{Metric, Quantile},
    units,
};

/// A metric that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparedMetric {
    /// A response-time quantile in microseconds.
    Latency(Quantile),
    /// The mean response time in microseconds.
    Mean,
    /// Requests per second that came to an outcome, where users wait for answers.
    Throughput,
    /// The share of the arrivals that were sent, where they are due by the clock.
    AchievedRate,
    /// The failed share of the requests.
    ErrorRate,
}

impl fmt::Display for ComparedMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(quantile) => quantile.fmt(f),
            Self::Mean => f.write_str("mean"),
            Self::Throughput => f.write_str("throughput"),
            Self::AchievedRate => f.write_str("achieved_rate"),
            Self::ErrorRate => f.write_str("error_rate"),
        }
    }
}

impl ComparedMetric {
    /// The metric of that name; `None` for one that is not compared.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.parse().ok()? {
            Metric::Latency(quantile) => Some(Self::Latency(quantile)),
            Metric::Mean => Some(Self::Mean),
            Metric::Throughput => Some(Self::Throughput),
            Metric::AchievedRate => Some(Self::AchievedRate),
            Metric::ErrorRate => Some(Self::ErrorRate),
            Metric::Max
            | Metric::Errors(_)
            | Metric::Retries
            | Metric::Dropped
            | Metric::Requests
            | Metric::HeartbeatSurvival
            | Metric::Messages
            | Metric::Connections => None,
        }
    }

    /// Unit of the metric's values in files: `us`, `per_s` or `share`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Latency(_) | Self::Mean => "us",
            Self::Throughput => "per_s",
            Self::AchievedRate | Self::ErrorRate => "share",
        }
    }

    /// A value of this metric for people.
    #[must_use]
    pub fn display(self, value: f64) -> String {
        match self {
            Self::Latency(_) | Self::Mean => units::latency(value),
            Self::Throughput => format!("{}/s", units::significant(value, 4)),
            Self::AchievedRate | Self::ErrorRate => units::percent(value),
        }
    }

    /// A change of this metric for people: most change by a share of themselves, error rates by percentage points.
    #[must_use]
    pub fn display_change(self, change: f64) -> String {
        match self {
            Self::Latency(_) | Self::Mean | Self::Throughput | Self::AchievedRate => units::signed_percent(change),
            Self::ErrorRate => units::signed_percent(change).replace('%', " pp"),
        }
    }

    /// Whether it is a response time.
    #[must_use]
    pub fn is_latency(self) -> bool {
        matches!(self, Self::Latency(_) | Self::Mean)
    }

    /// Whether it is a quantile of the body of the latencies, not of their tail.
    #[must_use]
    pub fn is_of_body(self) -> bool {
        matches!(self, Self::Latency(quantile) if quantile < Quantile::P99)
    }

    /// Whether more of it is better.
    #[must_use]
    pub fn higher_is_better(self) -> bool {
        matches!(self, Self::Throughput | Self::AchievedRate)
    }

    /// A change for the worse by that share, in logarithms: 10 % more, or 10 % less where more is better.
    pub(super) fn worsening(self, share: f64) -> f64 {
        if self.higher_is_better() { -(-share).ln_1p() } else { share.ln_1p() }
    }

    /// The change, as a fraction of the metric, of what became worse by that many logarithms.
    pub(super) fn change(self, worsening: f64) -> f64 {
        if self.higher_is_better() { (-worsening).exp_m1() } else { worsening.exp_m1() }
    }

    /// The interval of such a change, from the bounds in logarithms.
    pub(super) fn interval(self, (low, high): (f64, f64)) -> (f64, f64) {
        if self.higher_is_better() { (self.change(high), self.change(low)) } else { (self.change(low), self.change(high)) }
    }

    /// The value whose logarithm counts as that: one that is better when higher counts as its inverse.
    pub(super) fn value(self, ln: f64) -> f64 {
        if self.higher_is_better() { (-ln).exp() } else { ln.exp() }
    }

    /// The quantile that needs as many requests and is as noisy.
    pub(super) fn alike(self) -> Quantile {
        match self {
            Self::Latency(quantile) => quantile,
            // The tail weighs in it.
            Self::Mean => Quantile::P95,
            Self::Throughput | Self::AchievedRate | Self::ErrorRate => Quantile::P50,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_less_throughput_is_a_worsening_by_a_tenth() {
        for metric in [ComparedMetric::Throughput, ComparedMetric::AchievedRate] {
            let worsening = metric.worsening(0.1);
            assert!(worsening > 0.0 && (metric.change(worsening) + 0.1).abs() < 1e-12);
            let (low, high) = metric.interval((worsening - 0.1, worsening + 0.1));
            assert!(low < -0.1 && high > -0.1);
            assert!((metric.value(-(250.0_f64).ln()) - 250.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_tenth_more_latency_is_a_worsening_by_a_tenth() {
        let metric = ComparedMetric::Mean;
        assert!((metric.change(metric.worsening(0.1)) - 0.1).abs() < 1e-12);
        assert!((metric.value((250.0_f64).ln()) - 250.0).abs() < 1e-9);
    }
}
