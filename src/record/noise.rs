//! What a comparison of two versions side by side teaches about noise, kept beside the baselines for later ones.
//!
//! The difference between the versions is in the mean over the replicates, not in their spread: so every comparison teaches
//! how much processes of one build differ, whatever its verdict. The serde attributes of this module *are* the file format
//! `loadgate/noise/v1`: fields are only ever added.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::RunRecord;

/// The name and major version of the format.
pub const NOISE_SCHEMA: &str = "loadgate/noise/v1";

/// The service as a whole among the endpoints.
const WHOLE: &str = "*";

/// What one comparison showed of the noise between processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DuetNoise {
    /// Always [`NOISE_SCHEMA`] in files this version writes.
    pub schema: String,
    /// Name of the configuration.
    pub suite: String,
    /// Fingerprint of the runs: noise is comparable where runs are.
    pub fingerprint: String,
    /// When the first replicate began.
    pub started_at: Timestamp,
    /// Commit of the candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether both versions were the same build. Only then a single pair teaches anything.
    #[serde(default)]
    pub same_version: bool,
    /// Pairs of fresh processes.
    pub replicates: usize,
    /// Measured seconds of each.
    pub seconds_per_replicate: f64,
    /// Each metric of each endpoint; `*` is the service as a whole.
    pub spreads: Vec<EndpointSpread>,
}

/// How one metric of one endpoint spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointSpread {
    /// Endpoint, or `*`.
    pub endpoint: String,
    /// `p50`, ..
    pub metric: String,
    /// The figures.
    #[serde(flatten)]
    pub spread: Spread,
}

/// Spread of the difference of two natural logarithms, candidate minus baseline.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Spread {
    /// Over replicates.
    Replicated {
        /// Sum of the squared distances from the mean.
        sum_of_squares: f64,
        /// Replicates less one.
        df: f64,
    },
    /// Of one pair.
    Pair {
        /// The difference, squared.
        difference_squared: f64,
        /// Variance of the difference within the pair.
        error_squared: f64,
    },
}

impl Spread {
    fn is_sound(self) -> bool {
        let (figure, other) = match self {
            Self::Replicated { sum_of_squares, df } => (sum_of_squares, df),
            Self::Pair { difference_squared, error_squared } => (difference_squared, error_squared),
        };
        let is_variance = |figure: f64| figure.is_finite() && figure >= 0.0;
        is_variance(figure) && is_variance(other) && !matches!(self, Self::Replicated { df, .. } if df < 1.0)
    }
}

impl DuetNoise {
    /// What the spreads of a comparison of these runs teach; `None` without runs, or where there is nothing to learn: no
    /// spread, or one pair of different versions.
    #[must_use]
    pub fn of(baseline: &[RunRecord], candidate: &[RunRecord], spreads: &[EndpointSpread], same_version: bool) -> Option<Self> {
        let (first, replicates) = (candidate.first()?, baseline.len().min(candidate.len()));
        let teaches = |row: &&EndpointSpread| same_version || matches!(row.spread, Spread::Replicated { .. });
        let spreads: Vec<EndpointSpread> = spreads.iter().filter(teaches).cloned().collect();
        (!spreads.is_empty()).then(|| Self {
            schema: NOISE_SCHEMA.to_owned(),
            suite: first.suite.clone(),
            fingerprint: first.fingerprint().id,
            started_at: first.started_at,
            commit: first.provenance.commit.clone(),
            same_version,
            replicates,
            seconds_per_replicate: first.measured_seconds(),
            spreads,
        })
    }

    /// Why the figures can't be right, where they can't.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        self.spreads.iter().find_map(|row| {
            let what = format!("{} of '{}'", row.metric, row.endpoint);
            if !row.spread.is_sound() {
                return Some(format!("the spread of {what} is no spread"));
            }
            (!seen.insert((&row.endpoint, &row.metric))).then(|| format!("{what} is there twice"))
        })
    }
}

/// What several comparisons taught together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearnedNoise {
    duets: usize,
    pairs: usize,
    by_metric: BTreeMap<String, BTreeMap<String, Learned>>,
}

/// What was learned of one metric of one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learned {
    /// Squared distances from the means of their comparisons, summed over all replicates.
    pub sum_of_squares: f64,
    /// Degrees of freedom of that sum.
    pub df: f64,
    /// Single pairs of one version.
    pub pairs: u32,
    /// Mean of what the squared difference of a pair exceeds its own variance by; may be negative.
    pub excess: f64,
    /// The same, the mean over all endpoints; of the service as a whole its own.
    pub pooled_excess: f64,
}

impl LearnedNoise {
    /// Sums up what comparisons of one fingerprint taught.
    #[must_use]
    pub fn of<'a>(duets: impl IntoIterator<Item = &'a DuetNoise>) -> Self {
        let mut learned = Self::default();
        for duet in duets {
            let is_pair = |row: &EndpointSpread| matches!(row.spread, Spread::Pair { .. });
            if duet.spreads.iter().any(|row| !is_pair(row)) {
                learned.duets += 1;
            }
            if duet.same_version && duet.spreads.iter().any(is_pair) {
                learned.pairs += 1;
            }
            duet.spreads.iter().for_each(|row| learned.add(row, duet.same_version));
        }
        learned.by_metric.values_mut().for_each(pool);
        learned
    }

    /// The same of spreads over something else than replicates, such as stored runs.
    #[must_use]
    pub fn of_spreads(spreads: &[EndpointSpread]) -> Self {
        let mut learned = Self::default();
        spreads.iter().for_each(|row| learned.add(row, false));
        learned
    }

    fn add(&mut self, row: &EndpointSpread, same_version: bool) {
        let of_metric = self.by_metric.entry(row.metric.clone()).or_default();
        let sum = of_metric.entry(row.endpoint.clone()).or_default();
        match row.spread {
            Spread::Replicated { sum_of_squares, df } => {
                sum.sum_of_squares += sum_of_squares;
                sum.df += df;
            }
            Spread::Pair { difference_squared, error_squared } if same_version => {
                let before = f64::from(sum.pairs);
                sum.excess = (sum.excess * before + difference_squared - error_squared) / (before + 1.0);
                sum.pairs += 1;
            }
            Spread::Pair { .. } => {}
        }
    }

    /// Comparisons in replicates it was learned from.
    #[must_use]
    pub fn duets(&self) -> usize {
        self.duets
    }

    /// Single pairs of one version it was learned from.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// What was learned of a metric of an endpoint.
    #[must_use]
    pub fn get(&self, endpoint: &str, metric: &str) -> Option<Learned> {
        self.by_metric.get(metric)?.get(endpoint).copied()
    }

    /// Everything learned: endpoint, metric, figures; by endpoint.
    #[must_use]
    pub fn all(&self) -> Vec<(&str, &str, Learned)> {
        let rows = self.by_metric.iter().flat_map(|(metric, of_metric)| {
            of_metric.iter().map(|(endpoint, learned)| (endpoint.as_str(), metric.as_str(), *learned))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|(endpoint, metric, _)| (*endpoint, *metric));
        rows
    }
}

/// Endpoints of one service run in one process, so that each is taken to be no better than their mean. The service as a whole is an
/// average of them, quieter than each: it has no part in that.
fn pool(of_metric: &mut BTreeMap<String, Learned>) {
    let with_pairs = of_metric.iter().filter(|(endpoint, learned)| endpoint.as_str() != WHOLE && learned.pairs > 0);
    let (sum, count) = with_pairs.fold((0.0, 0.0), |(sum, count), (_, learned)| (sum + learned.excess, count + 1.0));
    for (endpoint, learned) in of_metric {
        if endpoint == WHOLE {
            learned.pooled_excess = learned.excess;
        } else if count > 0.0 {
            learned.pooled_excess = sum / count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duet(same_version: bool, spreads: &[(&str, Spread)]) -> DuetNoise {
        let row = |(endpoint, spread): &(&str, Spread)| EndpointSpread {
            endpoint: (*endpoint).to_owned(),
            metric: "p50".to_owned(),
            spread: *spread,
        };
        DuetNoise {
            schema: NOISE_SCHEMA.to_owned(),
            suite: "shop".to_owned(),
            fingerprint: "0123456789ab".to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            commit: None,
            same_version,
            replicates: 6,
            seconds_per_replicate: 20.0,
            spreads: spreads.iter().map(row).collect(),
        }
    }

    fn replicated(sum_of_squares: f64, df: f64) -> Spread {
        Spread::Replicated { sum_of_squares, df }
    }

    fn pair(difference_squared: f64, error_squared: f64) -> Spread {
        Spread::Pair { difference_squared, error_squared }
    }

    #[test]
    fn replicates_of_any_versions_add_up_and_pairs_of_one_version_only() {
        let duets = [
            duet(false, &[("/a", replicated(0.5, 5.0)), ("/b", replicated(0.1, 5.0))]),
            duet(true, &[("/a", replicated(0.25, 3.0))]),
            duet(true, &[("/a", pair(0.5, 0.25)), ("/b", pair(0.125, 0.25))]),
            duet(true, &[("/a", pair(0.75, 0.5))]),
            duet(false, &[("/a", pair(9.0, 0.5))]),
        ];
        let learned = LearnedNoise::of(&duets);
        assert_eq!((learned.duets(), learned.pairs()), (2, 2));
        let a = Learned { sum_of_squares: 0.75, df: 8.0, pairs: 2, excess: 0.25, pooled_excess: 0.0625 };
        assert_eq!(learned.get("/a", "p50"), Some(a));
        let b = Learned { sum_of_squares: 0.1, df: 5.0, pairs: 1, excess: -0.125, pooled_excess: 0.0625 };
        assert_eq!(learned.get("/b", "p50"), Some(b));
        assert_eq!((learned.get("/a", "p95"), learned.get("/c", "p50")), (None, None));
    }

    #[test]
    fn the_service_as_a_whole_is_as_noisy_as_it_was_itself_and_makes_no_endpoint_look_quieter() {
        let duets = [duet(true, &[("*", pair(0.0625, 0.03125)), ("/a", pair(0.5, 0.25)), ("/b", pair(1.0, 0.25))])];
        let learned = LearnedNoise::of(&duets);
        let pooled = |endpoint| learned.get(endpoint, "p50").map(|learned| learned.pooled_excess);
        assert_eq!((pooled("*"), pooled("/a"), pooled("/b")), (Some(0.03125), Some(0.5), Some(0.5)));
    }

    #[test]
    fn the_file_is_read_back_as_it_was_written() {
        let noise = duet(true, &[("*", replicated(0.5, 5.0)), ("/a", pair(0.5, 0.25))]);
        let text = serde_json::to_string(&noise).unwrap();
        assert!(text.contains(r#"{"endpoint":"*","metric":"p50","sum_of_squares":0.5,"df":5.0}"#), "{text}");
        assert_eq!(serde_json::from_str::<DuetNoise>(&text).unwrap(), noise);
        assert_eq!(noise.fault(), None);
    }

    #[test]
    fn figures_that_cannot_be_are_named() {
        let fault = |spreads: &[(&str, Spread)]| duet(true, spreads).fault().unwrap();
        assert_eq!(fault(&[("/a", replicated(-1.0, 5.0))]), "the spread of p50 of '/a' is no spread");
        assert_eq!(fault(&[("/a", replicated(1.0, 0.0))]), "the spread of p50 of '/a' is no spread");
        assert_eq!(fault(&[("/a", pair(f64::NAN, 1.0))]), "the spread of p50 of '/a' is no spread");
        assert_eq!(fault(&[("/a", pair(1.0, 1.0)), ("/a", pair(1.0, 1.0))]), "p50 of '/a' is there twice");
    }
}
