//! The runner: faster or slower than the last one, with weather from second to second and moments in which it stands still.

use rand::{Rng, RngExt as _};
use rand_distr::{Distribution as _, Exp, StandardNormal, StudentT};

/// Standard deviation of the weather, in logarithms.
const WEATHER_SD: f64 = 0.05;
/// How much of a second's weather is that of the second before.
const WEATHER_MEMORY: f64 = 0.8;
/// Mean seconds between two stalls, and the mean length of one.
const STALL_EVERY: f64 = 20.0;
const STALL_LENGTH: f64 = 0.15;
/// Share of the slow runners where there are two kinds, and by how much they are slower.
const SLOW_SHARE: f64 = 0.3;
const SLOW_BY: f64 = 0.12;
/// Degrees of freedom of heavy-tailed runners.
const HEAVY_DF: f64 = 3.0;

/// How runners differ, by the standard deviation of the logarithm of their speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Runners {
    /// By a normal distribution.
    Normal(f64),
    /// By Student's t with three degrees of freedom, scaled to that standard deviation.
    HeavyTailed(f64),
    /// Three of ten are 12 % slower beside that.
    Bimodal(f64),
}

impl Runners {
    /// A runner: by how much it is slower, in logarithms.
    fn sample(self, random: &mut impl Rng) -> f64 {
        let normal: f64 = StandardNormal.sample(random);
        match self {
            Self::Normal(sd) => sd * normal,
            Self::HeavyTailed(sd) => {
                let t = StudentT::new(HEAVY_DF).expect("degrees of freedom above 0").sample(random);
                sd * t / (HEAVY_DF / (HEAVY_DF - 2.0)).sqrt()
            }
            Self::Bimodal(sd) => sd * normal + if random.random_bool(SLOW_SHARE) { SLOW_BY.ln_1p() } else { 0.0 },
        }
    }
}

/// One run on one runner.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    /// By how much it is slower in each second.
    slower: Vec<f64>,
    /// Stalls: from, to.
    stalls: Vec<(f64, f64)>,
}

impl Machine {
    pub(super) fn of(random: &mut impl Rng, runners: Runners, seconds: f64) -> Self {
        let runner = runners.sample(random);
        let mut weather: f64 = StandardNormal.sample(random);
        let slower = (0..seconds.ceil() as usize + 1).map(|_| {
            let fresh: f64 = StandardNormal.sample(random);
            weather = WEATHER_MEMORY * weather + (1.0 - WEATHER_MEMORY * WEATHER_MEMORY).sqrt() * fresh;
            (runner + WEATHER_SD * weather).exp()
        });
        let slower = slower.collect();
        Self { slower, stalls: pauses(random, STALL_EVERY, STALL_LENGTH, seconds) }
    }

    /// By how much everything takes longer at that second.
    pub(super) fn slower(&self, at: f64) -> f64 {
        self.slower[(at as usize).min(self.slower.len() - 1)]
    }

    pub(super) fn stalls(&self) -> &[(f64, f64)] {
        &self.stalls
    }
}

/// Moments in which something stands still, in order and apart: from, to.
pub(super) fn pauses(random: &mut impl Rng, every: f64, length: f64, seconds: f64) -> Vec<(f64, f64)> {
    let (gap, length) = (Exp::new(1.0 / every), Exp::new(1.0 / length));
    let (gap, length) = (gap.expect("a mean above 0"), length.expect("a mean above 0"));
    let (mut pauses, mut at) = (Vec::new(), 0.0);
    loop {
        let from: f64 = at + gap.sample(random);
        if from >= seconds {
            return pauses;
        }
        at = from + length.sample(random);
        pauses.push((from, at));
    }
}
