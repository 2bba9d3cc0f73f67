//! How long a route takes to answer: a constant or a random distribution, written `lognormal:5ms,0.5` or as a map.

use std::{fmt, str::FromStr, time::Duration};

use rand::{Rng, RngExt as _};
use rand_distr::{Exp1, StandardNormal};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::quantity::{Time, refused};
use crate::units::{self, UnitError};

/// Widest lognormal: at 4 the p99 is already ten thousand medians.
const SIGMA_MAX: f64 = 4.0;

/// A latency distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Every value from `min` to `max` equally often.
    Uniform {
        /// Shortest.
        min: Duration,
        /// Longest.
        max: Duration,
    },
    /// The usual shape of service times: ln(latency) is normal with standard deviation `sigma` around ln(`median`).
    LogNormal {
        /// Half of the answers are faster.
        median: Duration,
        /// Width, as standard deviation of the logarithm.
        sigma: f64,
    },
    /// Memoryless, as an M/M/1 server has it.
    Exponential {
        /// Mean.
        mean: Duration,
    },
}

impl Default for Latency {
    fn default() -> Self {
        Self::Fixed(Duration::ZERO)
    }
}

impl Latency {
    /// Refuses parameters no distribution has.
    ///
    /// # Errors
    /// `min` above `max`, a `sigma` that is negative, not a number or absurdly wide.
    pub fn check(self) -> Result<Self, UnitError> {
        let refuse = |message, hint: &str| Err(UnitError { message, hint: hint.to_owned() });
        match self {
            Self::Uniform { min, max } if min > max => {
                refuse(format!("the uniform latency begins at {} and ends below it", units::duration(min)), "write min, then max")
            }
            Self::LogNormal { sigma, .. } if !(0.0..=SIGMA_MAX).contains(&sigma) => {
                refuse(format!("sigma {sigma} is not from 0 to {SIGMA_MAX}"), "services usually have a sigma from 0.2 to 1")
            }
            _ => Ok(self),
        }
    }

    /// One latency.
    pub fn sample(&self, random: &mut impl Rng) -> Duration {
        let stretched =
            |base: Duration, factor: f64| Duration::try_from_secs_f64(base.as_secs_f64() * factor).unwrap_or(Duration::MAX);
        match *self {
            Self::Fixed(latency) => latency,
            Self::Uniform { min, max } => min + stretched(max - min, random.random::<f64>()),
            Self::LogNormal { median, sigma } => stretched(median, (sigma * random.sample::<f64, _>(StandardNormal)).exp()),
            Self::Exponential { mean } => stretched(mean, random.sample(Exp1)),
        }
    }
}

impl FromStr for Latency {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError {
            message: format!("'{}' is not a latency", text.trim()),
            hint: "write 5ms, uniform:1ms,9ms, lognormal:5ms,0.5 (median, sigma) or exponential:20ms (mean)".to_owned(),
        };
        let (kind, parameters) = text.split_once(':').unwrap_or(("fixed", text));
        let mut parameters = parameters.split(',').map(str::trim);
        let (first, second, rest) = (parameters.next().unwrap_or_default(), parameters.next(), parameters.next());
        let latency = match (kind.trim(), second, rest) {
            ("fixed", None, None) => Self::Fixed(units::parse_duration(first)?),
            ("exponential", None, None) => Self::Exponential { mean: units::parse_duration(first)? },
            ("uniform", Some(max), None) => {
                Self::Uniform { min: units::parse_duration(first)?, max: units::parse_duration(max)? }
            }
            ("lognormal", Some(sigma), None) => {
                Self::LogNormal { median: units::parse_duration(first)?, sigma: sigma.parse().map_err(|_| wrong())? }
            }
            _ => return Err(wrong()),
        };
        latency.check()
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Fixed(latency) => Time(latency).fmt(f),
            Self::Uniform { min, max } => write!(f, "uniform:{},{}", Time(min), Time(max)),
            Self::LogNormal { median, sigma } => write!(f, "lognormal:{},{sigma}", Time(median)),
            Self::Exponential { mean } => write!(f, "exponential:{}", Time(mean)),
        }
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The long form: `{lognormal: {median: 5ms, sigma: 0.5}}`.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Written {
    Fixed(Time),
    Uniform(Uniform),
    LogNormal(LogNormal),
    Exponential(Exponential),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Uniform {
    min: Time,
    max: Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogNormal {
    median: Time,
    sigma: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exponential {
    mean: Time,
}

impl From<Written> for Latency {
    fn from(written: Written) -> Self {
        match written {
            Written::Fixed(latency) => Self::Fixed(latency.0),
            Written::Uniform(Uniform { min, max }) => Self::Uniform { min: min.0, max: max.0 },
            Written::LogNormal(LogNormal { median, sigma }) => Self::LogNormal { median: median.0, sigma },
            Written::Exponential(Exponential { mean }) => Self::Exponential { mean: mean.0 },
        }
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShortOrLong;
        impl<'de> de::Visitor<'de> for ShortOrLong {
            type Value = Latency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a latency such as 5ms, lognormal:5ms,0.5 or a map with one of fixed, uniform, lognormal, exponential",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Latency, E> {
                text.parse().map_err(refused)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Latency, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Latency, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Latency, A::Error> {
                let written = Written::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Latency::from(written).check().map_err(refused)
            }
        }
        deserializer.deserialize_any(ShortOrLong)
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    /// Mean and median in milliseconds of many seeded samples.
    fn mean_and_median(text: &str) -> (f64, f64) {
        let (latency, mut random) = (text.parse::<Latency>().unwrap(), StdRng::seed_from_u64(7));
        let mut samples: Vec<f64> = (0..200_000).map(|_| latency.sample(&mut random).as_secs_f64() * 1e3).collect();
        samples.sort_by(f64::total_cmp);
        (samples.iter().sum::<f64>() / samples.len() as f64, samples[samples.len() / 2])
    }

    fn assert_near(actual: f64, expected: f64) {
        assert!((actual / expected - 1.0).abs() < 0.01, "{actual} is not near {expected}");
    }

    #[test]
    fn a_lognormal_has_its_median_and_the_mean_that_follows_from_sigma() {
        let (mean, median) = mean_and_median("lognormal:5ms,0.5");
        assert_near(median, 5.0);
        assert_near(mean, 5.0 * (0.5_f64 * 0.5 / 2.0).exp());
    }

    #[test]
    fn an_exponential_has_its_mean_and_a_median_of_ln_2_means() {
        let (mean, median) = mean_and_median("exponential:20ms");
        assert_near(mean, 20.0);
        assert_near(median, 20.0 * std::f64::consts::LN_2);
    }

    #[test]
    fn a_uniform_is_centred_and_a_fixed_one_never_varies() {
        let (mean, median) = mean_and_median("uniform:1ms,9ms");
        assert_near(mean, 5.0);
        assert_near(median, 5.0);
        assert_eq!(mean_and_median("7ms").1.to_bits(), 7.0_f64.to_bits());
    }

    #[test]
    fn equal_seeds_give_equal_latencies() {
        let latency: Latency = "lognormal:5ms,1".parse().unwrap();
        let sequence = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..50).map(|_| latency.sample(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(sequence(1), sequence(1));
        assert_ne!(sequence(1), sequence(2));
    }

    #[test]
    fn the_short_form_is_shown_as_it_was_written() {
        for text in ["5ms", "uniform:1ms,9ms", "lognormal:5ms,0.5", "exponential:20ms"] {
            assert_eq!(text.parse::<Latency>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_latency_is_refused() {
        for text in
            ["5", "fast", "uniform:9ms,1ms", "uniform:1ms", "lognormal:5ms,-1", "lognormal:5ms,NaN", "pareto:1ms", "5ms,6ms"]
        {
            assert!(text.parse::<Latency>().is_err(), "{text}");
        }
    }
}
