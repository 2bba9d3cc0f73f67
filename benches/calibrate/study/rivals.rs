//! Rules people use instead, judged on the same simulated runs.

use loadgate::{
    record::{EndpointSeries, Latencies, RunRecord, Totals},
    stats::{normal, student_t},
};

use super::service::Change;

/// Chance of a false alarm that the tests among them are made at.
const ALPHA: f64 = 0.01;
/// Growth of p95 that the rule of thumb calls a regression.
const GROWTH: f64 = 1.1;
/// Fewest runs that make a history.
const HISTORY_MIN: usize = 3;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rival {
    /// p95 of an endpoint is 10 % above the last run.
    TenPercent,
    /// Mann-Whitney on all single requests against the last run, corrected for the number of endpoints.
    MannWhitney,
    /// p50 or p95 of an endpoint is above the 99 % prediction bound (Student's t) of the earlier runs.
    History,
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// Of any endpoint.
    pub any: bool,
    /// Where the change is; where everything changed, anywhere.
    pub found: bool,
}

/// A run, endpoint by endpoint.
#[derive(Clone, Debug)]
pub(super) struct Digest(Vec<Endpoint>);

#[derive(Clone, Debug)]
struct Endpoint {
    name: String,
    latencies: Latencies,
}

impl Digest {
    /// All records as one run.
    pub(super) fn of(records: &[RunRecord]) -> Self {
        let series = |number: usize| records.iter().flat_map(move |record| record.endpoints.get(number));
        let names = records.first().map_or(&[][..], |record| &record.endpoints).iter().enumerate();
        let endpoint = |(number, first): (usize, &EndpointSeries)| Endpoint {
            name: first.name.clone(),
            latencies: Totals::of(series(number).flat_map(EndpointSeries::windows)).response,
        };
        Self(names.map(endpoint).collect())
    }
}

impl Rival {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::TenPercent, Self::MannWhitney, Self::History];

    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TenPercent => "p95 +10 % over one run",
            Self::MannWhitney => "Mann-Whitney, requests",
            Self::History => "t-bound over history",
        }
    }

    /// What it says of a candidate after those runs, the last one last; `None` where they are too few for it.
    pub(super) fn judge(self, earlier: &[Digest], candidate: &Digest, change: Change) -> Option<Alarm> {
        if self == Self::History && earlier.len() < HISTORY_MIN {
            return None;
        }
        let last = earlier.last()?;
        let mut alarms = candidate.0.iter().enumerate().filter(|(number, endpoint)| match self {
            Self::TenPercent => quantile(endpoint, 0.95) > GROWTH * quantile(&last.0[*number], 0.95),
            Self::MannWhitney => {
                let level = ALPHA / candidate.0.len() as f64;
                mann_whitney(&last.0[*number].latencies, &endpoint.latencies) < level
            }
            Self::History => [0.50, 0.95].iter().any(|q| {
                let values: Vec<f64> = earlier.iter().map(|run| quantile(&run.0[*number], *q).ln()).collect();
                quantile(endpoint, *q).ln() > prediction_bound(&values)
            }),
        });
        let names: Vec<&str> = alarms.by_ref().map(|(_, endpoint)| endpoint.name.as_str()).collect();
        let everywhere = matches!(change, Change::Whole(_));
        Some(Alarm { any: !names.is_empty(), found: names.iter().any(|name| everywhere || *name == change.place()) })
    }
}

fn quantile(endpoint: &Endpoint, q: f64) -> f64 {
    endpoint.latencies.quantile(q).unwrap_or(1) as f64
}

/// Chance of ranks at least this high of the candidate, if both were alike: normal approximation with ties.
///
/// Source: Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other", Annals
/// of Mathematical Statistics 18 (1947).
pub(crate) fn mann_whitney(baseline: &Latencies, candidate: &Latencies) -> f64 {
    let mut values: Vec<(u64, f64, f64)> = baseline.buckets().map(|(us, count)| (us, count as f64, 0.0)).collect();
    values.extend(candidate.buckets().map(|(us, count)| (us, 0.0, count as f64)));
    values.sort_unstable_by_key(|(us, ..)| *us);
    let (mut before, mut ranks, mut ties) = (0.0, 0.0, 0.0);
    for same in values.chunk_by(|a, b| a.0 == b.0) {
        let (of_baseline, of_candidate) = same.iter().fold((0.0, 0.0), |(a, b), (_, x, y)| (a + x, b + y));
        let count = of_baseline + of_candidate;
        ranks += of_candidate * (before + (count + 1.0) / 2.0);
        ties += count * (count * count - 1.0);
        before += count;
    }
    let (n, m) = (baseline.count() as f64, candidate.count() as f64);
    let variance = n * m / 12.0 * (before + 1.0 - ties / (before * (before - 1.0)));
    normal::sf((ranks - m * (m + 1.0) / 2.0 - n * m / 2.0) / variance.sqrt())
}

/// What a further value is above with a chance of [`ALPHA`].
pub(crate) fn prediction_bound(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    mean + student_t::upper_quantile(ALPHA, count - 1.0) * (variance * (1.0 + 1.0 / count)).sqrt()
}
