//! The ratchet: whether a branch crept away from the best level it ever held for a while, by steps that were each too small to see.
//!
//! The newest runs, the candidate among them, are held against each stretch of earlier runs: few runs, so that a steep creep is seen
//! soon, and many, so that a slow one is seen where runs differ much. The noise of a run is taken from the
//! differences of neighbours (J. von Neumann, "Distribution of the ratio of the mean square successive difference to the variance",
//! Annals of Mathematical Statistics 12, 1941), which a creep hardly changes; a prior keeps a lucky quiet month from making it
//! too small. It is asked again with each run, so a question gets a year's share of the chance of a false alarm. p99 is left to the
//! eye: it differs most from run to run, and what creeps in it without the p95 is rare.

use jiff::Timestamp;

use super::{Metric, Run, Series, noise::successive, series};
use crate::{
    record::{EndpointPoint, RunPoint},
    stats::student_t,
};

/// How many runs are looked at together.
#[derive(Clone, Copy, Debug)]
struct Scale {
    /// Runs that make a level sustained: one or two good runs may be luck.
    sustained: usize,
    /// Newest runs whose mean is the level of today.
    today: usize,
}

/// The shortest first: what it finds is nearest to the commit.
const SCALES: [Scale; 3] =
    [Scale { sustained: 5, today: 3 }, Scale { sustained: 10, today: 6 }, Scale { sustained: 20, today: 12 }];
/// Fewest runs that can be asked: a sustained level and today's, with nothing in common.
pub const RUNS_MIN: usize = SCALES[0].sustained + SCALES[0].today;
/// Chance of a false alarm in a year of daily runs, over all series together.
const ALPHA_OF_YEAR: f64 = 0.01;
const QUESTIONS_OF_YEAR: f64 = 365.0;
/// What is expected of the noise between runs before any is known, and what that expectation counts.
const PRIOR_SD: f64 = 0.03;
const PRIOR_DF: f64 = 4.0;

/// Where and how far a branch crept.
#[derive(Clone, Debug, PartialEq)]
pub struct Crept {
    /// Endpoint, or `*`.
    pub endpoint: String,
    /// The figure.
    pub metric: Metric,
    /// Level of the best stretch in microseconds, and when it was: its first and last run.
    pub best_us: f64,
    /// See [`Self::best_us`].
    pub best: (Timestamp, Timestamp),
    /// Commit of its last run.
    pub best_commit: Option<String>,
    /// Level of today in microseconds.
    pub today_us: f64,
    /// Corrected for all stretches, all scales, all series and a year of questions.
    pub p_value: f64,
}

impl Crept {
    /// Relative change since the best level.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.today_us / self.best_us - 1.0
    }
}

/// The figures that crept above `ratchet` times their best sustained level within the newest `window` runs. All runs of the
/// candidate count as the newest one. `earlier` is oldest first.
#[must_use]
pub fn crept(earlier: &[RunPoint], candidate: &[RunPoint], window: usize, ratchet: f64) -> Vec<Crept> {
    let Some(candidate) = together(candidate) else { return Vec::new() };
    let points = earlier.iter().skip((earlier.len() + 1).saturating_sub(window)).chain([&candidate]);
    let runs: Vec<Run> =
        points.map(|point| Run { entry: String::new(), point: point.clone(), fate: "active", pinned: None }).collect();
    let is_asked = |series: &Series| series.metric != Metric::P99 && series.us.last().is_some_and(Option::is_some);
    let all: Vec<Series> = series::of(&runs).into_iter().filter(is_asked).collect();
    let alpha = ALPHA_OF_YEAR / QUESTIONS_OF_YEAR / (all.len().max(1) * SCALES.len()) as f64;
    all.iter()
        .filter_map(|series| {
            let known: Vec<(usize, f64)> =
                series.us.iter().enumerate().filter_map(|(run, us)| Some((run, us.as_ref()?.ln()))).collect();
            let values: Vec<f64> = known.iter().map(|(_, ln)| *ln).collect();
            SCALES.into_iter().find_map(|scale| {
                let Rise { begin, best, today, p_value } = rise(&values, scale)?;
                (today - best >= ratchet.ln() && p_value <= alpha).then(|| {
                    let [first, last] = [known[begin].0, known[begin + scale.sustained - 1].0].map(|run| &runs[run].point);
                    Crept {
                        endpoint: series.endpoint.clone(),
                        metric: series.metric,
                        best_us: best.exp(),
                        best: (first.started_at, last.started_at),
                        best_commit: last.commit.clone(),
                        today_us: today.exp(),
                        p_value: (p_value / alpha * ALPHA_OF_YEAR).min(1.0),
                    }
                })
            })
        })
        .collect()
}

/// The first of the runs whose level was accepted last; the first of all where none was. They are oldest first.
#[must_use]
pub fn level_began(runs: &[RunPoint]) -> usize {
    let at = |run: &RunPoint| run.accepted.as_ref().map(|accepted| accepted.at);
    let Some(newest) = runs.iter().rposition(|run| run.accepted.is_some()) else { return 0 };
    runs[..newest].iter().rposition(|run| at(run) != at(&runs[newest])).map_or(0, |before| before + 1)
}

/// Several runs of one version as one: the mean of their logarithms.
fn together(runs: &[RunPoint]) -> Option<RunPoint> {
    let mut one = runs.first()?.clone();
    if runs.len() > 1 {
        for endpoint in &mut one.endpoints {
            let of_all = |figure: fn(&EndpointPoint) -> Option<u64>| {
                let own = runs.iter().map(|run| figure(run.endpoints.iter().find(|own| own.name == endpoint.name)?));
                let logarithms: Option<Vec<f64>> = own.map(|us| us.map(|us| (us as f64).ln())).collect();
                logarithms.map(|logarithms| mean(&logarithms).exp().round() as u64)
            };
            let figures = [of_all(|own| own.p50_us), of_all(|own| own.p95_us), of_all(|own| own.p99_us)];
            [endpoint.p50_us, endpoint.p95_us, endpoint.p99_us] = figures;
        }
    }
    Some(one)
}

/// The best stretch of a series against its end.
struct Rise {
    begin: usize,
    best: f64,
    today: f64,
    /// One-sided, corrected for all stretches.
    p_value: f64,
}

fn rise(values: &[f64], scale: Scale) -> Option<Rise> {
    let before = values.len().checked_sub(scale.today).filter(|before| *before >= scale.sustained)?;
    let today = mean(&values[before..]);
    let stretches = values[..before].windows(scale.sustained).map(mean);
    let (begin, best) = stretches.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (variance, known_df) = successive(&differences)?;
    let df = PRIOR_DF + known_df;
    let noise = (PRIOR_DF * PRIOR_SD.powi(2) + known_df * variance) / df;
    let t = (today - best) / (noise * (1.0 / scale.today as f64 + 1.0 / scale.sustained as f64)).sqrt();
    let looked_at = (before + 1 - scale.sustained) as f64;
    Some(Rise { begin, best, today, p_value: student_t::sf(t, df) * looked_at })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
    use rand_distr::{Distribution as _, Normal, StudentT};

    use super::*;
    use crate::history::tests::run;

    /// With 60 it makes the table of docs/history.md.
    const YEARS: u64 = 10;
    const WINDOW: usize = 60;
    const RATCHET: f64 = 1.1;
    const ENDPOINTS: [(&str, f64); 5] = [("/a", 2e3), ("/b", 5e3), ("/c", 9e3), ("/d", 2e4), ("/e", 1e5)];

    /// How runs differ by themselves.
    #[derive(Clone, Copy, Debug)]
    enum Weather {
        Normal(f64),
        HeavyTailed(f64),
        /// Some runners are slower by 12 %.
        TwoKinds(f64),
    }

    impl Weather {
        fn draw(self, rng: &mut StdRng) -> f64 {
            match self {
                Self::Normal(sd) => Normal::new(0.0, sd).unwrap().sample(rng),
                Self::HeavyTailed(sd) => StudentT::new(3.0).unwrap().sample(rng) * sd / 3.0_f64.sqrt(),
                Self::TwoKinds(sd) => Normal::new(0.0, sd).unwrap().sample(rng) + if rng.random_bool(0.3) { 0.12 } else { 0.0 },
            }
        }
    }

    /// A run of a day whose service as a whole is slower by `slower`: the runner shifts all endpoints, and each a little more.
    fn point(day: usize, slower: f64, weather: Weather, rng: &mut StdRng) -> RunPoint {
        let runner = weather.draw(rng);
        let own = Normal::new(0.0, 0.01).unwrap();
        let endpoints: Vec<(&str, f64)> =
            ENDPOINTS.iter().map(|(name, us)| (*name, us * (runner + slower + own.sample(rng)).exp())).collect();
        run(day, &endpoints).point
    }

    /// Days on which a year without a change would have been failed.
    fn false_alarms(weather: Weather, seed: u64) -> usize {
        let mut rng = StdRng::seed_from_u64(seed);
        let year: Vec<RunPoint> = (0..365).map(|day| point(day, 0.0, weather, &mut rng)).collect();
        (1..365_usize)
            .filter(|day| !crept(&year[day.saturating_sub(WINDOW)..*day], &year[*day..=*day], WINDOW, RATCHET).is_empty())
            .count()
    }

    /// The step, of those of +2 % each with `runs` runs on each, at which a creep is failed.
    fn found_at(runs: usize, weather: Weather, seed: u64) -> Option<usize> {
        let mut rng = StdRng::seed_from_u64(seed);
        let level = |day: usize| 1.02_f64.ln() * (day / runs).saturating_sub(1) as f64;
        let days: Vec<RunPoint> = (0..11 * runs).map(|day| point(day, level(day), weather, &mut rng)).collect();
        (1..days.len())
            .find(|day| !crept(&days[..*day], &days[*day..=*day], WINDOW, RATCHET).is_empty())
            .map(|day| (day / runs).saturating_sub(1))
    }

    /// Years in a hundred with a false alarm, and creeps of ten steps of +2 % in a hundred that are found.
    fn table(years: u64) -> String {
        let weathers = [
            Weather::Normal(0.01),
            Weather::Normal(0.03),
            Weather::Normal(0.08),
            Weather::HeavyTailed(0.03),
            Weather::TwoKinds(0.03),
        ];
        weathers.iter().fold(String::new(), |text, weather| {
            let alarms = (0..years).filter(|year| false_alarms(*weather, 100 + year) > 0).count();
            let found: Vec<usize> = (0..years).filter_map(|case| found_at(5, *weather, 900 + case)).collect();
            let mean = found.iter().sum::<usize>() as f64 / found.len().max(1) as f64;
            text + &format!("{weather:?}: alarms {alarms}/{years}, found {}/{years}, at step {mean:.1}\n", found.len())
        })
    }

    #[test]
    fn a_year_without_a_change_is_left_alone_and_ten_steps_of_two_percent_are_not() {
        let text = table(YEARS);
        println!("{text}");
        for line in text.lines() {
            assert!(line.contains(&format!("alarms 0/{YEARS}")), "{text}");
        }
        for calm in ["Normal(0.01)", "Normal(0.03)"] {
            assert!(text.contains(&format!("{calm}: alarms 0/{YEARS}, found {YEARS}/{YEARS}")), "{text}");
        }
    }

    #[test]
    fn a_step_within_the_ratchet_and_few_runs_are_left_alone() {
        let mut rng = StdRng::seed_from_u64(1);
        let calm = Weather::Normal(0.001);
        let days: Vec<RunPoint> = (0..40).map(|day| point(day, if day < 20 { 0.0 } else { 0.08 }, calm, &mut rng)).collect();
        assert_eq!(crept(&days[..39], &days[39..], WINDOW, RATCHET), []);
        let few: Vec<RunPoint> = (0..7).map(|day| point(day, day as f64, calm, &mut rng)).collect();
        assert_eq!(crept(&few[..6], &few[6..], WINDOW, RATCHET), []);
    }

    #[test]
    fn where_runs_differ_much_a_level_that_lasts_is_seen_by_more_of_them() {
        let found = |seed: u64| {
            let mut rng = StdRng::seed_from_u64(seed);
            let level = |day: usize| if day < 24 { 0.0 } else { 0.25 };
            let days: Vec<RunPoint> = (0..44).map(|day| point(day, level(day), Weather::Normal(0.08), &mut rng)).collect();
            !crept(&days[..43], &days[43..], WINDOW, RATCHET).is_empty()
        };
        let found = (0..10).filter(|seed| found(*seed)).count();
        assert!(found >= 9, "{found} of 10: runs whose level was taken from 3 and 5 of them would hide it");
    }

    #[test]
    fn the_best_stretch_is_named() {
        let mut rng = StdRng::seed_from_u64(1);
        let level = |day: usize| match day {
            0..10 => 0.05,
            10..15 => 0.0,
            _ => 0.02 + 0.01 * (day - 15) as f64,
        };
        let days: Vec<RunPoint> = (0..30).map(|day| point(day, level(day), Weather::Normal(0.005), &mut rng)).collect();
        let found = crept(&days[..29], &days[29..], WINDOW, RATCHET);
        let whole = found.iter().find(|crept| crept.endpoint == "*").unwrap();
        assert!((0.1..0.2).contains(&whole.change()) && whole.p_value < 0.01, "{whole:?}");
        assert_eq!(whole.best_commit.as_deref(), Some("c0000014"));
    }
}
