//! Which designs are tried out under which changes, and the playing of them.

use std::{ops::Range, thread};

use super::{Change, Family, ProcessNoise, Runners, SideBySide, Stored, run, tally::Tally};

/// What a service without any trouble has: half a percent between two processes of one build.
const QUIET: ProcessNoise = ProcessNoise { all: 0.005, one: 0.0 };

/// Windows that are fine enough for the rule that looks for a warm-up; those of the product's default.
const SECOND_US: u64 = 1_000_000;

/// One experiment: designs on the same simulated runs, under the same changes.
#[derive(Clone, Debug)]
pub(crate) struct Study {
    /// For tables.
    pub name: String,
    pub experiment: Experiment,
    /// The first of them none.
    pub changes: Vec<Change>,
}

/// How both versions are played.
#[derive(Clone, Debug)]
pub(crate) enum Experiment {
    SideBySide(SideBySide),
    Stored(Stored),
}

/// Counts by design and change.
#[derive(Clone, Debug)]
pub(crate) struct Results {
    tallies: Vec<Vec<Tally>>,
}

impl Results {
    pub(crate) fn new(designs: usize, changes: usize) -> Self {
        Self { tallies: vec![vec![Tally::default(); changes]; designs] }
    }

    pub(crate) fn of(&mut self, design: usize, change: usize) -> &mut Tally {
        &mut self.tallies[design][change]
    }

    /// Of a design, a tally for each change.
    pub(crate) fn designs(&self) -> &[Vec<Tally>] {
        &self.tallies
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.tallies.iter_mut().flatten().zip(other.tallies.iter().flatten()).for_each(|(sum, more)| sum.add(more));
    }

    /// Adds cases that were played under some of the changes only, these by their numbers.
    pub(super) fn add_some(&mut self, changes: &[usize], other: &Self) {
        for (tallies, more) in self.tallies.iter_mut().zip(&other.tallies) {
            changes.iter().zip(more).for_each(|(&change, more)| tallies[change].add(more));
        }
    }
}

impl Study {
    /// Plays a case for each seed on all processors; what comes out does not depend on how many there are.
    pub(crate) fn play(&self, seeds: Range<u64>) -> Results {
        let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
        let share = (seeds.end - seeds.start).div_ceil(threads);
        let first = |thread: u64| (seeds.start + thread * share).min(seeds.end);
        thread::scope(|scope| {
            let begin = |thread: u64| scope.spawn(move || self.run(first(thread)..first(thread + 1)));
            let threads: Vec<_> = (0..threads).map(begin).collect();
            let results = threads.into_iter().map(|thread| thread.join().expect("a simulation does not panic"));
            results.reduce(|mut sum, part| {
                sum.add(&part);
                sum
            })
        })
        .expect("there is at least one thread")
    }

    /// The same under some of the changes only, these by their numbers.
    pub(super) fn under(&self, changes: &[usize]) -> Self {
        Self { changes: changes.iter().map(|&number| self.changes[number]).collect(), ..self.clone() }
    }

    pub(crate) fn run(&self, seeds: Range<u64>) -> Results {
        match &self.experiment {
            Experiment::SideBySide(design) => design.run(seeds, &self.changes),
            Experiment::Stored(design) => design.run(seeds, &self.changes),
        }
    }

    /// Whether one process of each version is all that is seen, and processes differ by more than is assumed.
    pub(crate) fn one_odd_process(&self) -> bool {
        matches!(&self.experiment, Experiment::SideBySide(design) if design.replicates == 1 && design.processes.one > 0.02)
    }

    /// Whether both versions are played at the same time, replicate by replicate.
    pub(crate) fn has_replicates(&self) -> bool {
        matches!(&self.experiment, Experiment::SideBySide(_))
    }

    /// Whether runs are recorded finely enough for the rule that looks for a warm-up.
    pub(crate) fn seeks_warm_up(&self) -> bool {
        matches!(&self.experiment, Experiment::SideBySide(design) if design.window_us == SECOND_US)
    }

    /// What distinguishes its designs, for tables.
    pub(crate) fn designs(&self) -> Vec<String> {
        match &self.experiment {
            Experiment::SideBySide(design) => design.learned.iter().map(|count| format!("learned from {count}")).collect(),
            Experiment::Stored(design) => design.baselines.iter().map(|count| format!("k = {count}")).collect(),
        }
    }
}

/// Side by side: all designs.
pub(crate) fn side_by_side() -> Vec<Study> {
    use Change::{None, One, Whole};
    let base = SideBySide {
        family: Family::Lognormal,
        rate: 1_000.0,
        replicates: 6,
        early_stop: false,
        extension: 0,
        seconds: 20,
        window_us: run::BLOCK_US,
        processes: QUIET,
        learned: &[0, 5],
    };
    let noisy = |one| SideBySide { processes: ProcessNoise { one, ..QUIET }, ..base.clone() };
    let pair = SideBySide { replicates: 1, seconds: 120, learned: &[0, 10], ..base.clone() };
    let early_pair = SideBySide { early_stop: true, ..pair };
    let pair_of_noisy = SideBySide { processes: ProcessNoise { one: 0.10, ..QUIET }, ..pair };
    let queue = SideBySide { family: Family::Queue, rate: 600.0, ..base.clone() };
    let early = SideBySide { early_stop: true, ..base };
    let extended = SideBySide { extension: 3, ..early };
    let changes = [None, One(0.05), One(0.10), Whole(0.05)];
    let study = |name: &str, design: &SideBySide, changes: &[Change]| Study {
        name: name.to_owned(),
        experiment: Experiment::SideBySide(design.clone()),
        changes: changes.to_vec(),
    };
    vec![
        study("6 x 20 s, 1000/s", &SideBySide { learned: &[0, 2, 5], ..base.clone() }, &changes),
        study("6 x 20 s, 1000/s, looked at early", &early, &changes),
        study(
            "6 x 20 s, 1000/s, looked at early, windows of 1 s",
            &SideBySide { window_us: SECOND_US, learned: &[0], ..early },
            &[None, One(0.10)],
        ),
        study("6 x 10 s, 1000/s", &SideBySide { seconds: 10, ..base.clone() }, &changes),
        study("6 x 20 s, 240/s", &SideBySide { rate: 240.0, ..base.clone() }, &[None, One(0.10), Whole(0.05)]),
        study(
            "6 x 20 s, 240/s, looked at early, extended by 3",
            &SideBySide { rate: 240.0, ..extended },
            &[None, One(0.10), Whole(0.05)],
        ),
        study("6 x 20 s, 1000/s, processes of /search differ by 6 %", &noisy(0.06), &[None, One(0.10)]),
        study("6 x 20 s, 1000/s, processes of /search differ by 10 %", &noisy(0.10), &[None, One(0.10)]),
        study("one pair of 120 s, 1000/s", &pair, &changes),
        study("one pair of 120 s, 1000/s, looked at early", &early_pair, &[None, One(0.10)]),
        study("one pair of 120 s, 1000/s, processes of /search differ by 10 %", &pair_of_noisy, &[None]),
        study("queue: 6 x 20 s, 600/s", &queue, &[None, One(0.10), Whole(0.05)]),
        study(
            "queue: 6 x 20 s, 600/s, looked at early, extended by 3",
            &SideBySide { family: Family::Queue, rate: 600.0, ..extended },
            &[None, One(0.10)],
        ),
        study(
            "queue: 6 x 20 s, 600/s, processes of /search differ by 10 %",
            &SideBySide { processes: ProcessNoise { one: 0.10, ..QUIET }, ..queue.clone() },
            &[None],
        ),
    ]
}

/// Against stored runs: all designs.
pub(crate) fn stored() -> Vec<Study> {
    use Change::{None, One, Whole};
    let base = Stored {
        family: Family::Lognormal,
        rate: 200.0,
        seconds: 60,
        runners: Runners::Normal(0.03),
        processes: QUIET,
        baselines: &[10],
    };
    let on = |runners| Stored { runners, ..base.clone() };
    let noisy = |one| Stored { processes: ProcessNoise { one, ..QUIET }, ..base.clone() };
    let study = |name: &str, design: Stored, changes: &[Change]| Study {
        name: name.to_owned(),
        experiment: Experiment::Stored(design),
        changes: changes.to_vec(),
    };
    let changes = [None, One(0.10), One(0.20), Whole(0.10), Whole(0.20)];
    vec![
        study("runners differ by 3 %", Stored { baselines: &[1, 3, 5, 10, 20], ..base.clone() }, &changes),
        study("runners differ by 1 %", on(Runners::Normal(0.01)), &[None, One(0.20), Whole(0.20)]),
        study("runners differ by 8 %", on(Runners::Normal(0.08)), &[None, One(0.20), Whole(0.20)]),
        study("runners differ by 3 %, heavy-tailed", on(Runners::HeavyTailed(0.03)), &[None, One(0.20), Whole(0.20)]),
        study("runners differ by 3 %, three of ten are 12 % slower", on(Runners::Bimodal(0.03)), &[None, One(0.20), Whole(0.20)]),
        study("runners differ by 3 %, processes of /search by 6 %", noisy(0.06), &[None, One(0.20)]),
        study("runners differ by 3 %, processes of /search by 10 %", noisy(0.10), &[None, One(0.20)]),
        study(
            "queue, runners differ by 3 %",
            Stored { family: Family::Queue, baselines: &[5, 10, 20], ..base.clone() },
            &[None, One(0.20), Whole(0.20)],
        ),
    ]
}
