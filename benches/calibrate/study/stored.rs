//! The experiment in which a candidate is held against stored runs, each on a runner of its own.

use std::ops::Range;

use loadgate::{
    compare::compare,
    policy::{Policy, Regression},
    record::RunRecord,
    verdict::{Reference, decide},
};

use super::{
    gate::Judged,
    machine::{Machine, Runners},
    plan::Results,
    process::{self, ProcessNoise},
    rivals::{Digest, Rival},
    run::{self, Load},
    service::{self, Change, Family},
    streams::{Stream, stream},
};

/// A design of that experiment.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub family: Family,
    /// Requests a second.
    pub rate: f64,
    pub seconds: u64,
    pub runners: Runners,
    pub processes: ProcessNoise,
    /// Numbers of stored runs, design by design.
    pub baselines: &'static [usize],
}

impl Stored {
    /// Judges a case for each seed, under each change.
    pub(super) fn run(&self, seeds: Range<u64>, changes: &[Change]) -> Results {
        let mut results = Results::new(self.baselines.len(), changes.len());
        for seed in seeds {
            self.case(seed, changes, &mut results);
        }
        results
    }

    fn case(&self, seed: u64, changes: &[Change], results: &mut Results) {
        let (rules, most) = (Regression::default(), self.baselines.iter().copied().max().unwrap_or(0));
        let baseline: Vec<RunRecord> = (1..=most).map(|run| self.play(seed, run, Stream::Baseline, Change::None)).collect();
        let earlier: Vec<Digest> = baseline.iter().map(|run| Digest::of(std::slice::from_ref(run))).collect();
        for (number, &change) in changes.iter().enumerate() {
            let candidate = [self.play(seed, 0, Stream::Candidate, change)];
            let digest = Digest::of(&candidate);
            for (design, &count) in self.baselines.iter().enumerate() {
                let comparison = compare(&baseline[..count], &candidate, &rules);
                let verdict = decide(&candidate, Reference::Compared(Box::new(comparison)), &Policy::default());
                let tally = results.of(design, number);
                tally.count(Judged::of(&verdict, 1.0, change));
                tally.count_rivals(&Rival::ALL.map(|rival| rival.judge(&earlier[..count], &digest, change)));
            }
        }
    }

    /// A run on a runner and by a process of its own.
    fn play(&self, seed: u64, run: usize, what: Stream, change: Change) -> RunRecord {
        let seconds = self.seconds as f64;
        let load = Load { family: self.family, rate: self.rate, seconds: self.seconds, window_us: run::BLOCK_US };
        let machine = Machine::of(&mut stream(seed, run, Stream::Machine), self.runners, seconds);
        let arrivals = service::arrivals(&mut stream(seed, run, Stream::Arrivals), self.family, self.rate, seconds, 1);
        let mut random = stream(seed, run, what);
        let slower = process::start(&mut random, self.processes, change);
        run::play(&mut random, load, &machine, &slower, &arrivals[0], None)
    }
}
