//! The simulated service: what is called how often, what it takes, and what a true change does to it.

use rand::{Rng, RngExt as _};
use rand_distr::{Distribution, Exp1};

/// An endpoint of the service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint {
    pub name: &'static str,
    /// Share of the requests.
    pub share: f64,
    /// Median latency of the lognormal family, in microseconds.
    pub median_us: f64,
    /// Standard deviation of its logarithm.
    pub spread: f64,
    /// Mean time a worker is busy with a request in the queueing family, in microseconds.
    pub work_us: f64,
}

/// All endpoints.
pub(super) const ENDPOINTS: [Endpoint; 5] = [
    Endpoint { name: "/health", share: 0.40, median_us: 8_000.0, spread: 0.25, work_us: 2_000.0 },
    Endpoint { name: "/items", share: 0.25, median_us: 12_500.0, spread: 0.35, work_us: 4_000.0 },
    Endpoint { name: "/search", share: 0.20, median_us: 25_000.0, spread: 0.45, work_us: 8_000.0 },
    Endpoint { name: "/checkout", share: 0.10, median_us: 60_000.0, spread: 0.40, work_us: 16_000.0 },
    Endpoint { name: "/report", share: 0.05, median_us: 150_000.0, spread: 0.50, work_us: 40_000.0 },
];
/// The endpoint that a change of one endpoint changes.
pub(super) const CHANGED: usize = 1;
/// The endpoint whose processes differ most, where they do.
pub(super) const NOISY: usize = 2;

/// How latencies come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Each request by itself: a lognormal body and a Pareto tail; evenly spaced arrivals.
    Lognormal,
    /// A pool of workers with a queue before them, cache misses and pauses of the garbage collector; Poisson arrivals.
    Queue,
}

/// What the candidate does differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// Nothing: A/A.
    None,
    /// One endpoint takes longer by this share.
    One(f64),
    /// All do.
    Whole(f64),
}

impl Change {
    /// By how much an endpoint takes longer.
    pub(super) fn factor(self, endpoint: usize) -> f64 {
        match self {
            Self::One(share) if endpoint == CHANGED => 1.0 + share,
            Self::Whole(share) => 1.0 + share,
            Self::One(_) | Self::None => 1.0,
        }
    }

    /// Where a rule has to find it.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::One(_) => ENDPOINTS[CHANGED].name,
            Self::Whole(_) | Self::None => loadgate::compare::SERVICE,
        }
    }
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// Seconds since the beginning.
    pub at: f64,
    /// Index of the endpoint.
    pub endpoint: usize,
}

/// All requests of a run, each for one of `versions` by the toss of a coin.
pub(super) fn arrivals(random: &mut impl Rng, family: Family, rate: f64, seconds: f64, versions: usize) -> Vec<Vec<Arrival>> {
    let mut arrivals = vec![Vec::with_capacity((rate * seconds) as usize / versions + 1); versions];
    let mut at = 0.0;
    loop {
        at += match family {
            Family::Lognormal => 1.0,
            Family::Queue => Distribution::<f64>::sample(&Exp1, random),
        } / rate;
        if at >= seconds {
            return arrivals;
        }
        let version = if versions > 1 { random.random_range(0..versions) } else { 0 };
        arrivals[version].push(Arrival { at, endpoint: endpoint(random.random()) });
    }
}

/// The endpoint at that place of the distribution.
fn endpoint(mut place: f64) -> usize {
    ENDPOINTS
        .iter()
        .position(|endpoint| {
            place -= endpoint.share;
            place < 0.0
        })
        .unwrap_or(ENDPOINTS.len() - 1)
}
