//! The experiment in which both versions are live at the same time.

use std::{collections::VecDeque, ops::Range};

use loadgate::{
    compare::{Comparison, Look, compare_ab},
    policy::Regression,
    record::{AbPart, DuetNoise, LearnedNoise, RunRecord, Side},
};

use super::{
    gate,
    machine::{Machine, Runners},
    plan::Results,
    process::{self, ProcessNoise},
    rivals::{Digest, Rival},
    run::{self, Load},
    service::{self, Arrival, Change, Family},
    streams::{Stream, stream},
};

/// Seeds of earlier comparisons that only teach are apart from those of cases.
const LESSON_SEEDS: u64 = 1 << 32;

/// A design of that experiment.
#[derive(Clone, Debug)]
pub(crate) struct SideBySide {
    pub family: Family,
    /// Requests a second, both versions together.
    pub rate: f64,
    pub replicates: usize,
    pub seconds: u64,
    pub processes: ProcessNoise,
    /// From how many earlier comparisons noise is learned, design by design.
    pub learned: &'static [usize],
}

/// One replicate before anything is played: the machine, and the requests to each version.
struct Replicate {
    number: usize,
    machine: Machine,
    arrivals: Vec<Vec<Arrival>>,
}

/// The seed so many before another one, of a case or of a comparison that only teaches.
fn before(seed: u64, back: u64) -> u64 {
    seed.checked_sub(back).unwrap_or(LESSON_SEEDS + back - seed)
}

impl SideBySide {
    /// Judges a case for each seed, under each change (the first of them none).
    pub(super) fn run(&self, seeds: Range<u64>, changes: &[Change]) -> Results {
        let mut results = Results::new(self.learned.len(), changes.len());
        let remembered = self.learned.iter().copied().max().unwrap_or(0);
        let mut lessons: VecDeque<DuetNoise> = VecDeque::new();
        for back in (1..=remembered as u64).rev() {
            let seed = before(seeds.start, back);
            let (replicates, rules) = (self.replicates(seed), Regression::default());
            let baseline = self.play(seed, &replicates, Side::Baseline, Change::None);
            let candidate = self.play(seed, &replicates, Side::Candidate, Change::None);
            let comparison = self.compare(&baseline, &candidate, &rules, &LearnedNoise::default());
            lessons.extend(DuetNoise::of(&baseline, &candidate, &comparison.spreads, true));
        }
        for seed in seeds {
            let lesson = self.case(seed, changes, &lessons, &mut results);
            lessons.extend(lesson);
            while lessons.len() > remembered {
                lessons.pop_front();
            }
        }
        results
    }

    /// Judges one case under each change; returns what it teaches.
    fn case(&self, seed: u64, changes: &[Change], lessons: &VecDeque<DuetNoise>, results: &mut Results) -> Option<DuetNoise> {
        let (replicates, rules) = (self.replicates(seed), Regression::default());
        let baseline = self.play(seed, &replicates, Side::Baseline, Change::None);
        let earlier = [Digest::of(&baseline)];
        let mut lesson = None;
        for (number, &change) in changes.iter().enumerate() {
            let candidate = self.play(seed, &replicates, Side::Candidate, change);
            let digest = Digest::of(&candidate);
            let alarms = Rival::ALL.map(|rival| rival.judge(&earlier, &digest, change));
            for (design, &count) in self.learned.iter().enumerate() {
                let learned = LearnedNoise::of(lessons.iter().rev().take(count));
                let comparison = self.compare(&baseline, &candidate, &rules, &learned);
                if change == Change::None {
                    lesson = lesson.or_else(|| DuetNoise::of(&baseline, &candidate, &comparison.spreads, true));
                }
                let tally = results.of(design, number);
                tally.count_seen(gate::smallest_seen(&comparison));
                tally.count(gate::judge(comparison, &candidate, Some(&baseline), change));
                tally.count_rivals(&alarms);
            }
        }
        lesson
    }

    fn compare(&self, baseline: &[RunRecord], candidate: &[RunRecord], rules: &Regression, learned: &LearnedNoise) -> Comparison {
        compare_ab(baseline, candidate, rules, learned, Look::only(self.replicates, rules.alpha))
    }

    fn replicates(&self, seed: u64) -> Vec<Replicate> {
        let seconds = self.seconds as f64;
        let replicate = |number| Replicate {
            number,
            machine: Machine::of(&mut stream(seed, number, Stream::Machine), Runners::Normal(0.03), seconds),
            arrivals: service::arrivals(&mut stream(seed, number, Stream::Arrivals), self.family, self.rate, seconds, 2),
        };
        (0..self.replicates).map(replicate).collect()
    }

    /// A version in all replicates, by a fresh process in each.
    fn play(&self, seed: u64, replicates: &[Replicate], side: Side, change: Change) -> Vec<RunRecord> {
        let load = Load { family: self.family, rate: self.rate / 2.0, seconds: self.seconds };
        let what = if side == Side::Baseline { Stream::Baseline } else { Stream::Candidate };
        let of = self.replicates as u32;
        let play = |replicate: &Replicate| {
            let mut random = stream(seed, replicate.number, what);
            let slower = process::start(&mut random, self.processes, change);
            let part = AbPart { side, replicate: replicate.number as u32 + 1, replicates: of, look: None };
            run::play(&mut random, load, &replicate.machine, &slower, &replicate.arrivals[side.number()], Some(part))
        };
        replicates.iter().map(play).collect()
    }
}
