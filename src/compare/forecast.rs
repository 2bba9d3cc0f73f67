//! What an experiment that is still to be made can be expected to see: the formulas of the designs, with the noise that was learned
//! or, where none was, that is assumed.

mod from_stored;

pub use from_stored::forecast_stored;

use super::{
    ComparedMetric, SERVICE,
    design::{self, Foreseen},
    family::Levels,
    noise::{Means, Noise},
    shortage::{Extent, Planned, Shortage},
};
use crate::{
    policy::{LatencyRule, Mode, Quantile, Regression},
    record::LearnedNoise,
    stats::normal,
};

/// How latencies are assumed to spread before any were seen: the standard deviation of their logarithms.
const LATENCY_SIGMA: f64 = 0.5;

/// How large an experiment is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Size {
    /// Side by side, or against stored runs.
    pub mode: Mode,
    /// Replicates, or stored baseline runs.
    pub runs: usize,
    /// Blocks of each.
    pub blocks: usize,
    /// Seconds of each that are not measured.
    pub warmup_s: f64,
    /// Measured seconds of each.
    pub measured_s: f64,
    /// Endpoints, with the measured requests of one version in each of the runs.
    pub endpoints: Vec<Planned>,
}

/// What a test can be expected to see.
#[derive(Debug)]
pub struct Expected {
    /// Endpoint, or [`SERVICE`].
    pub endpoint: String,
    /// What is tested.
    pub quantile: Quantile,
    /// By which rule.
    pub rule: LatencyRule,
    /// Smallest change that will be seen with 80 % chance, as a fraction; `None` where the experiment is too small for a test.
    pub mde: Option<f64>,
    /// What it is too small by.
    pub shortage: Option<Shortage>,
    /// Whether the noise of earlier comparisons or of stored runs tells so, or it is assumed.
    pub is_learned: bool,
    /// Of the endpoint by itself and, where that is tested too, against its siblings: the better test counts.
    noises: Vec<Box<dyn Noise>>,
    level: f64,
    /// Requests of one version in each run; of the service as a whole those of all endpoints.
    planned: Planned,
}

/// A size that would do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// Replicates, or stored baseline runs.
    pub runs: usize,
    /// How many times as long each must be measured.
    pub longer: f64,
}

/// What each test of an experiment can be expected to see, the service as a whole first. `learned` is what earlier comparisons taught of
/// processes or, where runs are held against stored ones, what is known of how much those differ.
#[must_use]
pub fn forecast(size: &Size, rules: &Regression, learned: &LearnedNoise) -> Vec<Expected> {
    let Some(extent) = size.extent() else { return Vec::new() };
    let (all, design) = (total(&size.endpoints), extent.design);
    let mut parts: Vec<(Vec<Part>, Planned, Quantile)> = Vec::new();
    let quantiles = || rules.latency.keys().copied();
    for quantile in quantiles().filter(|quantile| *quantile < Quantile::P99) {
        let is_part = |of: &&Planned| extent.has_beyond(of, quantile) && !rules.ignores(&of.name);
        let chosen: Vec<&Planned> = size.endpoints.iter().filter(is_part).collect();
        // As when it is compared: what takes no part has no share of the traffic either.
        let traffic: f64 = chosen.iter().map(|of| of.requests).sum();
        let whole: Vec<Part> = chosen.iter().map(|of| Part { weight: of.requests / traffic, requests: of.requests }).collect();
        if whole.len() > 1 {
            parts.push((whole, all.clone(), quantile));
        }
    }
    for planned in size.endpoints.iter().filter(|planned| !rules.ignores(&planned.name)) {
        let own = |quantile| (vec![Part { weight: 1.0, requests: planned.requests }], planned.clone(), quantile);
        parts.extend(quantiles().map(own));
    }
    let shortages: Vec<Option<Shortage>> =
        parts.iter().map(|(_, planned, quantile)| shortage(planned, *quantile, extent)).collect();
    let is_counted = |planned: &Planned, service: bool| (planned.name == SERVICE) == service;
    let count = |service: bool| {
        parts.iter().zip(&shortages).filter(|(part, lack)| lack.is_none() && is_counted(&part.1, service)).count()
    };
    let (service, own) = (count(true), count(false));
    let levels = Levels::split(rules.alpha, service > 0);
    let expected = |((parts, planned, quantile), shortage): ((Vec<Part>, Planned, Quantile), Option<Shortage>)| {
        let endpoint = planned.name.clone();
        let level =
            if endpoint == SERVICE { levels.service / service.max(1) as f64 } else { levels.endpoints / own.max(1) as f64 };
        let known = learned.get(&endpoint, &quantile.to_string());
        let noise = (design.expected)(&Foreseen {
            scale: design::scale(ComparedMetric::Latency(quantile)),
            learned: known,
            within: parts.iter().map(|part| part.variance(quantile)).sum(),
            within_df: size.blocks.saturating_sub(1).max(1) as f64,
            baseline: extent.runs,
        });
        let rule = rules.latency_rule(&endpoint, quantile, size.mode)?;
        let mde = shortage.is_none().then(|| noise.mde(level));
        let is_learned = known.is_some_and(|known| (design.is_learned)(&known));
        Some(Expected { endpoint, quantile, rule, mde, shortage, is_learned, noises: vec![noise], level, planned })
    };
    parts.into_iter().zip(shortages).filter_map(expected).collect()
}

/// One endpoint of what is tested, and its share of it.
struct Part {
    weight: f64,
    requests: f64,
}

impl Part {
    /// Its part of the variance of the difference of two logarithms within a run.
    ///
    /// Source: the asymptotic variance of a sample quantile, q (1 - q) / (n f²), for a lognormal distribution.
    fn variance(&self, quantile: Quantile) -> f64 {
        let q = quantile.fraction();
        let z = normal::upper_quantile(1.0 - q);
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        2.0 * q * (1.0 - q) / self.requests.max(1.0) * (self.weight * LATENCY_SIGMA / density).powi(2)
    }
}

impl Size {
    /// `None` where so many runs make no comparison.
    fn extent(&self) -> Option<Extent> {
        let runs = self.runs.max(1);
        Some(Extent { design: design::planned(self.mode, runs)?, runs, blocks: self.blocks })
    }
}

/// What something lacks for a test. The service as a whole needs only its parts.
fn shortage(planned: &Planned, quantile: Quantile, extent: Extent) -> Option<Shortage> {
    if planned.name == SERVICE { extent.lacks_blocks() } else { extent.lacks(planned, quantile) }
}

/// All endpoints together.
fn total(endpoints: &[Planned]) -> Planned {
    let sum = |of: fn(&Planned) -> f64| endpoints.iter().map(of).sum();
    Planned { name: SERVICE.to_owned(), requests: sum(|planned| planned.requests), variance: sum(|planned| planned.variance) }
}

impl Expected {
    /// The size that takes the least time to see a change of `wanted`; `None` where none that is thought of would.
    #[must_use]
    pub fn needs(&self, wanted: f64, size: &Size) -> Option<Needs> {
        let extent = size.extent()?;
        let (design, least) = (extent.design, extent.runs);
        let means = design.means_of_plan;
        let most = means.most().map_or(least, |most| most.max(least));
        let mut found: Option<(f64, Needs)> = None;
        for longer in std::iter::once(1.0).chain(Means::Longer.amounts()) {
            let (blocks, planned) = ((size.blocks as f64 * longer) as usize, self.planned.times(longer));
            for runs in least..=most {
                let fits = shortage(&planned, self.quantile, Extent { design, runs, blocks }).is_none();
                if !fits || self.mde_with(means, runs, longer).is_none_or(|mde| mde > wanted) {
                    continue;
                }
                let cost = (design.cost)(runs) * (size.warmup_s + longer * size.measured_s);
                if found.is_none_or(|(least, _)| cost < least) {
                    found = Some((cost, Needs { runs, longer }));
                }
                break;
            }
        }
        found.map(|(_, needs)| needs)
    }

    fn mde_with(&self, means: Means, runs: usize, longer: f64) -> Option<f64> {
        let mdes = self.noises.iter().filter_map(|noise| {
            let longer = noise.with(Means::Longer, longer)?;
            let larger = if means == Means::Longer { longer } else { longer.with(means, runs as f64)? };
            Some(larger.mde(self.level))
        });
        mdes.min_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::Override,
        record::{DuetNoise, EndpointSpread, NOISE_SCHEMA, Spread},
    };

    fn size(mode: Mode, runs: usize, requests: f64) -> Size {
        let endpoints = ["/a", "/b"].map(|name| Planned { name: name.to_owned(), requests, variance: 0.0 }).to_vec();
        Size { mode, runs, blocks: 8, warmup_s: 8.0, measured_s: 40.0, endpoints }
    }

    fn learned(sd: f64, df: f64) -> LearnedNoise {
        let spread = Spread::Replicated { sum_of_squares: sd * sd * df, df };
        LearnedNoise::of(&[DuetNoise {
            schema: NOISE_SCHEMA.to_owned(),
            suite: "shop".to_owned(),
            fingerprint: "0123456789ab".to_owned(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            commit: None,
            same_version: true,
            replicates: 6,
            seconds_per_replicate: 40.0,
            spreads: vec![EndpointSpread { endpoint: "/a".to_owned(), metric: "p50".to_owned(), spread }],
        }])
    }

    fn mde(size: &Size, learned: &LearnedNoise, endpoint: &str, quantile: Quantile) -> Option<f64> {
        let expected = forecast(size, &Regression::default(), learned);
        expected.into_iter().find(|row| (row.endpoint.as_str(), row.quantile) == (endpoint, quantile)).unwrap().mde
    }

    #[test]
    fn a_larger_experiment_sees_more_and_a_small_one_is_no_test() {
        let none = LearnedNoise::default();
        let p50 = |mode, runs, requests| mde(&size(mode, runs, requests), &none, "/a", Quantile::P50).unwrap();
        assert!(p50(Mode::Ab, 12, 2_000.0) < p50(Mode::Ab, 6, 2_000.0));
        assert!(p50(Mode::Ab, 6, 20_000.0) < p50(Mode::Ab, 6, 500.0));
        assert!(p50(Mode::Ab, 6, 2_000.0) < p50(Mode::Ab, 1, 12_000.0));
        assert!(p50(Mode::Baseline, 10, 2_000.0) < p50(Mode::Baseline, 1, 2_000.0));
        assert!((0.5..0.9).contains(&p50(Mode::Baseline, 1, 1e6)), "what a single baseline is known to see: 67 %");
        assert_eq!(mde(&size(Mode::Ab, 6, 500.0), &none, "/a", Quantile::P99), None);
        assert_eq!(mde(&Size { blocks: 1, ..size(Mode::Ab, 6, 5_000.0) }, &none, "/a", Quantile::P50), None);
    }

    #[test]
    fn endpoints_that_take_no_part_have_no_share_of_the_service_as_a_whole() {
        let ignore = Override { ignore: true, ..Override::default() };
        let rules = Regression { overrides: [("/busy".to_owned(), ignore)].into(), ..Regression::default() };
        let whole = |size: &Size| {
            let rows = forecast(size, &rules, &LearnedNoise::default());
            rows.into_iter().find(|row| (row.endpoint.as_str(), row.quantile) == (SERVICE, Quantile::P50)).unwrap().mde.unwrap()
        };
        let two = size(Mode::Ab, 6, 2_000.0);
        let more = |name: &str, requests: f64| {
            let mut three = two.clone();
            three.endpoints.push(Planned { name: name.to_owned(), requests, variance: 0.0 });
            three
        };
        let expected = whole(&two);
        // One is ignored, and the other has fewer requests than any test needs.
        for three in [more("/busy", 20_000.0), more("/rare", 5.0)] {
            assert!((whole(&three) - expected).abs() < 1e-12, "{} is not {expected}", whole(&three));
        }
    }

    #[test]
    fn what_was_learned_takes_the_place_of_what_is_assumed() {
        let (none, size) = (LearnedNoise::default(), size(Mode::Ab, 6, 2_000.0));
        let expected = |learned: &LearnedNoise, endpoint| mde(&size, learned, endpoint, Quantile::P50).unwrap();
        let (assumed, quiet, loud) =
            (expected(&none, "/a"), expected(&learned(0.005, 25.0), "/a"), expected(&learned(0.1, 25.0), "/a"));
        assert!(quiet < assumed && assumed < loud, "{quiet} {assumed} {loud}");
        assert!((expected(&learned(0.1, 25.0), "/b") - assumed).abs() < 1e-12, "nothing was learned of /b");
        let rows = forecast(&size, &Regression::default(), &learned(0.1, 25.0));
        let of = |row: &Expected| (row.endpoint.clone(), row.quantile);
        let known: Vec<_> = rows.iter().filter(|row| row.is_learned).map(of).collect();
        assert_eq!(known, [("/a".to_owned(), Quantile::P50)]);
    }

    #[test]
    fn what_is_known_of_stored_runs_takes_the_place_of_what_is_assumed_the_more_the_more_there_are() {
        let expected =
            |runs, learned: &LearnedNoise| mde(&size(Mode::Baseline, runs, 20_000.0), learned, "/a", Quantile::P50).unwrap();
        let (quiet, loud) = (learned(0.005, 12.0), learned(0.15, 12.0));
        for runs in [5, 10, 20] {
            let assumed = expected(runs, &LearnedNoise::default());
            assert!(expected(runs, &quiet) < assumed && assumed < expected(runs, &loud), "{runs}");
        }
        assert!(expected(20, &quiet) < expected(10, &quiet) && expected(10, &quiet) < expected(5, &quiet));
    }

    #[test]
    fn the_size_that_is_said_to_do_does() {
        let rules = Regression::default();
        for (mode, runs) in [(Mode::Ab, 6), (Mode::Ab, 1), (Mode::Baseline, 5)] {
            let size = size(mode, runs, 400.0);
            for row in forecast(&size, &rules, &LearnedNoise::default()) {
                let Some(needs) = row.needs(0.3, &size) else { continue };
                let grown = |planned: &Planned| planned.times(needs.longer);
                let blocks = (size.blocks as f64 * needs.longer) as usize;
                let large =
                    Size { runs: needs.runs, blocks, endpoints: size.endpoints.iter().map(grown).collect(), ..size.clone() };
                let seen = mde(&large, &LearnedNoise::default(), &row.endpoint, row.quantile).unwrap();
                // More becomes testable in a larger experiment, and shares the chance of a false alarm.
                assert!(seen < 0.36, "{mode:?} {} {} {needs:?}: {seen}", row.endpoint, row.quantile);
            }
        }
        let size = size(Mode::Ab, 6, 2_000.0);
        let row = |wanted| forecast(&size, &rules, &LearnedNoise::default())[0].needs(wanted, &size);
        assert_eq!(row(0.5), Some(Needs { runs: 6, longer: 1.0 }));
        assert_eq!(row(0.001), None, "no number of replicates is that sure");
    }

    #[test]
    fn runs_are_thought_of_as_long_as_the_advice_after_a_run_thinks_of_them() {
        let size = size(Mode::Ab, 1, 400.0);
        let rows = forecast(&size, &Regression::default(), &LearnedNoise::default());
        let p99 = rows.iter().find(|row| (row.endpoint.as_str(), row.quantile) == ("/a", Quantile::P99)).unwrap();
        // It takes 5,000 requests: 12.5 times as many.
        assert_eq!(p99.needs(0.3, &size), Some(Needs { runs: 1, longer: 15.0 }));
    }
}
