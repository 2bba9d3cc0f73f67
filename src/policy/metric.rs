//! The names of what is measured.

use std::{fmt, str::FromStr};

/// A latency quantile with a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantile {
    /// The median.
    P50,
    /// 90 %.
    P90,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
    /// 99.9 %.
    P999,
}

impl Quantile {
    /// All of them, ascending.
    pub const ALL: [Self; 5] = [Self::P50, Self::P90, Self::P95, Self::P99, Self::P999];

    /// As a fraction.
    #[must_use]
    pub fn fraction(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P90 => 0.9,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    /// Fewest samples for the quantile to be more than a guess: ten beyond it.
    #[must_use]
    pub fn samples_min(self) -> u64 {
        (10.0 / (1.0 - self.fraction())).round() as u64
    }

    /// Successful requests that each run must have for the quantile to be compared: fifty beyond it.
    #[must_use]
    pub fn samples_to_compare(self) -> u64 {
        // 50 / (1 - 0.95) is a little above 1000 in floating point.
        (50.0 / (1.0 - self.fraction()) - 1e-9).ceil() as u64
    }
}

impl fmt::Display for Quantile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p999",
        })
    }
}

/// What a threshold can speak of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Response time quantile of the successful requests.
    Latency(Quantile),
    /// Mean response time of the successful requests.
    Mean,
    /// Longest response time of the successful requests.
    Max,
    /// Failed share of all requests.
    ErrorRate,
    /// Share of all requests that failed with this class, or family of classes (`errors.timeout`).
    Errors(String),
    /// Started share of the arrivals offered.
    AchievedRate,
    /// Requests per second that came to an outcome.
    Throughput,
    /// Share of all requests that were tried again at least once.
    Retries,
    /// Share of the pings that were answered in time (WebSocket).
    HeartbeatSurvival,
    /// Messages per second that were sent and received (WebSocket).
    Messages,
    /// Connections that were open at a time (WebSocket).
    Connections,
    /// Arrivals not sent because too many requests were in flight.
    Dropped,
    /// Requests that came to an outcome.
    Requests,
}

/// What the numbers of a metric mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricUnit {
    /// Microseconds.
    Micros,
    /// A fraction of 1.
    Share,
    /// Events per second.
    PerSecond,
    /// A number of things.
    Count,
}

/// A name that is no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric '{0}'")]
pub struct UnknownMetric(pub String);

impl Metric {
    /// All names a user can write, for hints.
    pub const NAMES: [&'static str; 17] = [
        "p50",
        "p90",
        "p95",
        "p99",
        "p999",
        "mean",
        "max",
        "error_rate",
        "errors.CLASS",
        "retries",
        "achieved_rate",
        "throughput",
        "heartbeat_survival",
        "messages_per_s",
        "connections",
        "dropped",
        "requests",
    ];

    /// What its numbers mean.
    #[must_use]
    pub fn unit(&self) -> MetricUnit {
        match self {
            Self::Latency(_) | Self::Mean | Self::Max => MetricUnit::Micros,
            Self::ErrorRate | Self::Errors(_) | Self::AchievedRate | Self::Retries | Self::HeartbeatSurvival => MetricUnit::Share,
            Self::Throughput | Self::Messages => MetricUnit::PerSecond,
            Self::Dropped | Self::Requests | Self::Connections => MetricUnit::Count,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(quantile) => quantile.fmt(f),
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
            Self::ErrorRate => f.write_str("error_rate"),
            Self::HeartbeatSurvival => f.write_str("heartbeat_survival"),
            Self::Messages => f.write_str("messages_per_s"),
            Self::Connections => f.write_str("connections"),
            Self::Errors(class) => write!(f, "errors.{class}"),
            Self::AchievedRate => f.write_str("achieved_rate"),
            Self::Retries => f.write_str("retries"),
            Self::Throughput => f.write_str("throughput"),
            Self::Dropped => f.write_str("dropped"),
            Self::Requests => f.write_str("requests"),
        }
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(name: &str) -> Result<Self, UnknownMetric> {
        if let Some(quantile) = Quantile::ALL.into_iter().find(|quantile| quantile.to_string() == name) {
            return Ok(Self::Latency(quantile));
        }
        match name {
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            "error_rate" => Ok(Self::ErrorRate),
            "heartbeat_survival" => Ok(Self::HeartbeatSurvival),
            "messages_per_s" => Ok(Self::Messages),
            "connections" => Ok(Self::Connections),
            "achieved_rate" => Ok(Self::AchievedRate),
            "retries" => Ok(Self::Retries),
            "throughput" => Ok(Self::Throughput),
            "dropped" => Ok(Self::Dropped),
            "requests" => Ok(Self::Requests),
            _ => match name.strip_prefix("errors.") {
                Some(class) if !class.is_empty() => Ok(Self::Errors(class.to_owned())),
                _ => Err(UnknownMetric(name.to_owned())),
            },
        }
    }
}
