//! The experiment in which both versions are live at the same time.

use std::{collections::VecDeque, ops::Range};

use loadgate::{
    compare::{Look, compare_ab, looks_with_extension},
    policy::{Policy, Regression},
    record::{AbPart, DuetNoise, LearnedNoise, RunRecord, Side},
    verdict::{Reference, Verdict, VerdictKind, decide_ab, sure},
};

use super::{
    gate::Judged,
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
    /// Whether they are looked at before their end, as the gate does by default.
    pub early_stop: bool,
    /// Replicates that are added where these are inconclusive.
    pub extension: usize,
    pub seconds: u64,
    /// How finely runs are recorded.
    pub window_us: u64,
    pub processes: ProcessNoise,
    /// From how many earlier comparisons noise is learned, design by design; the first one from none.
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

/// What a finished comparison of one version with itself teaches.
fn lesson(baseline: &[RunRecord], candidate: &[RunRecord], verdict: &Verdict) -> Option<DuetNoise> {
    DuetNoise::of(baseline, candidate, &verdict.comparison()?.spreads, true)
}

impl SideBySide {
    /// Judges a case for each seed, under each change (the first of them none).
    pub(super) fn run(&self, seeds: Range<u64>, changes: &[Change]) -> Results {
        let mut results = Results::new(self.learned.len(), changes.len());
        let remembered = self.learned.iter().copied().max().unwrap_or(0);
        let mut lessons: VecDeque<DuetNoise> = VecDeque::new();
        for back in (1..=remembered as u64).rev() {
            let seed = before(seeds.start, back);
            let replicates = self.replicates(seed);
            let baseline = self.play(seed, &replicates, Side::Baseline, Change::None);
            let candidate = self.play(seed, &replicates, Side::Candidate, Change::None);
            let (verdict, used) = self.gate(&baseline, &candidate, &LearnedNoise::default());
            lessons.extend(lesson(&baseline[..used], &candidate[..used], &verdict));
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

    /// Judges one case under each change; returns what it teaches where nothing changed and nothing was learned before.
    fn case(&self, seed: u64, changes: &[Change], lessons: &VecDeque<DuetNoise>, results: &mut Results) -> Option<DuetNoise> {
        let replicates = self.replicates(seed);
        let baseline = self.play(seed, &replicates, Side::Baseline, Change::None);
        let earlier = self.has_rivals().then(|| [Digest::of(&baseline)]);
        let mut taught = None;
        for (number, &change) in changes.iter().enumerate() {
            let candidate = self.play(seed, &replicates, Side::Candidate, change);
            let alarms = earlier.as_ref().map(|earlier| {
                let digest = Digest::of(&candidate);
                Rival::ALL.map(|rival| rival.judge(earlier, &digest, change))
            });
            for (design, &count) in self.learned.iter().enumerate() {
                let learned = LearnedNoise::of(lessons.iter().rev().take(count));
                let (verdict, used) = self.gate(&baseline, &candidate, &learned);
                if change == Change::None && taught.is_none() {
                    taught = lesson(&baseline[..used], &candidate[..used], &verdict);
                }
                let tally = results.of(design, number);
                tally.count(Judged::of(&verdict, used, change));
                if let Some(alarms) = &alarms {
                    tally.count_rivals(alarms);
                }
            }
        }
        taught
    }

    /// Other rules look once, at the end: beside looks before it they would only say again what they say elsewhere.
    fn has_rivals(&self) -> bool {
        !self.early_stop
    }

    /// Looks as the gate does until the verdict needs no more replicates; returns it and how many it took.
    fn gate(&self, baseline: &[RunRecord], candidate: &[RunRecord], learned: &LearnedNoise) -> (Verdict, usize) {
        let (rules, policy) = (Regression::default(), Policy::default());
        let looks = looks_with_extension(self.replicates, self.extension, self.early_stop, rules.alpha);
        let at = |look: &Look| {
            let (baseline, candidate) = (&baseline[..look.used], &candidate[..look.used]);
            let comparison = compare_ab(baseline, candidate, &rules, learned, *look);
            (decide_ab(candidate, baseline, Reference::Compared(Box::new(comparison)), &policy), look.used)
        };
        let (end, earlier) = looks.split_last().expect("there is a look at the end");
        earlier.iter().map(at).find(|(verdict, used)| self.is_enough(verdict, *used)).unwrap_or_else(|| at(end))
    }

    /// Whether a verdict after so many replicates needs no others: before the end of those that were planned it must be sure, at
    /// their end any will do but an inconclusive one.
    fn is_enough(&self, verdict: &Verdict, used: usize) -> bool {
        if used < self.replicates { sure(verdict).is_some() } else { verdict.kind != VerdictKind::Inconclusive }
    }

    fn replicates(&self, seed: u64) -> Vec<Replicate> {
        let seconds = self.seconds as f64;
        let replicate = |number| Replicate {
            number,
            machine: Machine::of(&mut stream(seed, number, Stream::Machine), Runners::Normal(0.03), seconds),
            arrivals: service::arrivals(&mut stream(seed, number, Stream::Arrivals), self.family, self.rate, seconds, 2),
        };
        (0..self.replicates + self.extension).map(replicate).collect()
    }

    /// A version in all replicates, by a fresh process in each.
    fn play(&self, seed: u64, replicates: &[Replicate], side: Side, change: Change) -> Vec<RunRecord> {
        let load = Load { family: self.family, rate: self.rate / 2.0, seconds: self.seconds, window_us: self.window_us };
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
