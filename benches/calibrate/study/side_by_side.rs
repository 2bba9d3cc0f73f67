//! The experiment in which both versions are live at the same time.

use std::{borrow::Cow, collections::VecDeque, ops::Range};

use loadgate::{
    compare::{Look, Part, compare_ab, looks_of_pair, looks_with_extension},
    policy::{Policy, Regression},
    record::{AbPart, DuetNoise, LearnedNoise, RunRecord, Side},
    verdict::{Reference, Verdict, VerdictKind, decide_ab, is_sure},
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
    /// Whether they, or the only one, are looked at before the end, as the gate does by default.
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

/// What there is at a look: the first replicates, or of a single pair the first blocks.
fn seen<'a>(records: &'a [RunRecord], look: &Look) -> Cow<'a, [RunRecord]> {
    match look.part {
        Part::Replicate => Cow::Borrowed(&records[..look.used]),
        Part::Block => {
            let first = |record: &RunRecord| record.beginning(&record.plan.windows_of_blocks(look.used, run::BLOCK_US));
            records.iter().map(first).collect()
        }
    }
}

/// Whether a verdict at a look needs no more: before the end of what was planned it must be sure, at it any will do but an
/// inconclusive one.
fn is_enough(verdict: &Verdict, look: &Look) -> bool {
    if look.is_last() { verdict.kind != VerdictKind::Inconclusive } else { is_sure(verdict) }
}

/// How many replicates were played until a look.
fn replicates_until(look: &Look) -> f64 {
    match look.part {
        Part::Replicate => look.used as f64,
        Part::Block => look.used as f64 / look.planned as f64,
    }
}

/// What a comparison of one version with itself teaches.
fn lesson(baseline: &[RunRecord], candidate: &[RunRecord], verdict: &Verdict, look: &Look) -> Option<DuetNoise> {
    DuetNoise::of(&seen(baseline, look), &seen(candidate, look), &verdict.comparison()?.spreads, true)
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
            let (verdict, look) = self.gate(&baseline, &candidate, &LearnedNoise::default());
            lessons.extend(lesson(&baseline, &candidate, &verdict, &look));
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
                let (verdict, look) = self.gate(&baseline, &candidate, &learned);
                if change == Change::None && taught.is_none() {
                    taught = lesson(&baseline, &candidate, &verdict, &look);
                }
                let tally = results.of(design, number);
                tally.count(Judged::of(&verdict, replicates_until(&look), change));
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

    /// Looks as the gate does until the verdict needs no more; returns it with the look that it is of.
    fn gate(&self, baseline: &[RunRecord], candidate: &[RunRecord], learned: &LearnedNoise) -> (Verdict, Look) {
        let (rules, policy) = (Regression::default(), Policy::default());
        let looks = self.looks(rules.alpha);
        let at = |look: &Look| {
            let (baseline, candidate) = (seen(baseline, look), seen(candidate, look));
            let comparison = compare_ab(&baseline, &candidate, &rules, learned, *look);
            (decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), &policy), *look)
        };
        let (end, earlier) = looks.split_last().expect("there is a look at the end");
        earlier.iter().map(at).find(|(verdict, look)| is_enough(verdict, look)).unwrap_or_else(|| at(end))
    }

    fn looks(&self, alpha: f64) -> Vec<Look> {
        if self.early_stop && self.replicates == 1 {
            return looks_of_pair((self.seconds * 1_000_000 / run::BLOCK_US) as usize, alpha);
        }
        looks_with_extension(self.replicates, self.extension, self.early_stop, alpha)
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
