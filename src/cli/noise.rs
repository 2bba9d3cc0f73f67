//! `loadgate history --noise`: what is known of a suite's noise, and how small a change is seen for that.

use super::{Failure, anchor, columns};
use crate::{
    baseline::{Kept, Store, StoredLesson},
    compare::{ComparedMetric, Comparison, Expected, Planned, Size, compare, forecast},
    history::{Between, History, NoiseRow, NoiseTable, REPLICATES, Reach, STORED},
    policy::{BASELINES_MAX, Mode, Regression},
    record::{EndpointSpread, Learned, LearnedNoise, RunPoint, RunRecord, Spread},
};

/// Shortest replicate that is thought of where none was played yet.
const REPLICATE_S_MIN: f64 = 10.0;

/// Suites that compare two versions only: no run of them is stored, and still their noise was learned.
pub(super) fn without_runs(store: &Store, suite: Option<&str>, kept: &[Kept]) -> Result<Vec<Kept>, Failure> {
    let mut found: Vec<Kept> = Vec::new();
    for lessons in store.lessons(suite)? {
        let Some(lesson) = lessons.first() else { continue };
        let (suite, fingerprint) = (lesson.noise.suite.clone(), lesson.noise.fingerprint.clone());
        let is_it = |kept: &Kept| kept.suite == suite || kept.runs.iter().any(|run| run.point.suite == suite);
        if !kept.iter().chain(&found).any(is_it) {
            found.push(Kept { suite, fingerprint, ..Kept::default() });
        }
    }
    Ok(found)
}

/// What is known of the noise of a history, whose runs lie in that suite's folder.
pub(super) fn table(store: &Store, folder: &str, history: &History, rules: Option<&Regression>) -> Result<NoiseTable, Failure> {
    let stored = store.newest(folder, &history.fingerprint, BASELINES_MAX)?;
    let stored: Vec<RunRecord> = stored.into_iter().map(|stored| stored.record).collect();
    let lessons = lessons(store, &history.suite)?;
    let learned = LearnedNoise::of(lessons.iter().map(|lesson| &lesson.noise));
    let rules = anchor::rules_of(rules, &stored);
    let newest = history.runs.iter().rev().find(|run| run.counts() && run.point.seconds > 0.0).map(|run| &run.point);
    let played_s = lessons.first().map(|lesson| lesson.noise.seconds_per_replicate);
    // A run is split into replicates; more of them take more time.
    let split_s = newest.map(|point| (point.seconds / REPLICATES[0] as f64).max(REPLICATE_S_MIN));
    let replicate_s = played_s.or(split_s);
    let rows = match (newest, replicate_s) {
        (Some(point), Some(seconds)) => {
            let runs = between(history);
            Prospects { point, rules: &rules, runs: &runs, processes: &learned, replicate_s: seconds }.rows(&stored)
        }
        _ => learned.all().into_iter().map(of_processes).collect(),
    };
    Ok(NoiseTable {
        stored_runs: stored.len(),
        run_s: newest.map(|point| point.seconds),
        comparisons: learned.duets(),
        pairs: learned.pairs(),
        replicate_s,
        rows,
    })
}

/// The newest lessons of a suite, which are all of one fingerprint: two versions at a time are another one than that of its runs.
fn lessons(store: &Store, suite: &str) -> Result<Vec<StoredLesson>, Failure> {
    let newest = |lessons: &Vec<StoredLesson>| lessons.first().map(|lesson| lesson.noise.started_at);
    Ok(store.lessons(Some(suite))?.into_iter().max_by_key(newest).unwrap_or_default())
}

/// What runs differ by, as a forecast takes it.
fn between(history: &History) -> LearnedNoise {
    let spread = |Between { endpoint, metric, variance, df }: Between| {
        let spread = Spread::Replicated { sum_of_squares: variance * df, df };
        EndpointSpread { endpoint, metric: metric.to_owned(), spread }
    };
    LearnedNoise::of_spreads(&history.between_runs().into_iter().map(spread).collect::<Vec<_>>())
}

/// Standard deviation of what was learned.
fn deviation(learned: Learned) -> Option<f64> {
    match (learned.df > 0.0, learned.pairs > 0) {
        (true, _) => Some((learned.sum_of_squares / learned.df).sqrt()),
        (false, true) => Some(learned.excess.max(0.0).sqrt()),
        (false, false) => None,
    }
}

fn of_processes((endpoint, metric, learned): (&str, &str, Learned)) -> NoiseRow {
    NoiseRow {
        endpoint: endpoint.to_owned(),
        metric: metric.to_owned(),
        process_sd: deviation(learned),
        run_sd: None,
        mde_today: None,
        mde_stored: Vec::new(),
        mde_replicates: Vec::new(),
    }
}

/// What experiments of other sizes can be expected to see.
struct Prospects<'a> {
    /// The newest run: endpoints and their traffic.
    point: &'a RunPoint,
    rules: &'a Regression,
    /// What runs differ by.
    runs: &'a LearnedNoise,
    /// What processes differ by.
    processes: &'a LearnedNoise,
    replicate_s: f64,
}

impl Prospects<'_> {
    fn rows(&self, stored: &[RunRecord]) -> Vec<NoiseRow> {
        let whole = self.point.seconds;
        let against_stored = STORED.map(|runs| (runs, forecast(&self.size(Mode::Baseline, runs, whole), self.rules, self.runs)));
        let beside =
            REPLICATES.map(|runs| (runs, forecast(&self.size(Mode::Ab, runs, self.replicate_s), self.rules, self.processes)));
        // As a gate would see it whose run is like the newest one.
        let today = stored.first().filter(|_| stored.len() > 1);
        let today = today.map(|newest| compare(stored, std::slice::from_ref(newest), self.rules));
        let row = |row: &Expected| {
            let metric = row.quantile.to_string();
            let known = |noise: &LearnedNoise| noise.get(&row.endpoint, &metric).and_then(deviation);
            NoiseRow {
                process_sd: known(self.processes),
                run_sd: known(self.runs),
                mde_today: today.as_ref().and_then(|today| seen(today, row)),
                mde_stored: reach(&against_stored, row),
                mde_replicates: reach(&beside, row),
                endpoint: row.endpoint.clone(),
                metric,
            }
        };
        against_stored[0].1.iter().map(row).collect()
    }

    /// An experiment with the traffic of the newest run. Two versions share it.
    fn size(&self, mode: Mode, runs: usize, seconds: f64) -> Size {
        let share = if mode == Mode::Ab { 0.5 } else { 1.0 };
        let times = share * seconds / self.point.seconds;
        let planned = self.point.endpoints.iter().map(|endpoint| Planned {
            name: endpoint.name.clone(),
            requests: endpoint.requests as f64 * times,
            variance: 0.0,
        });
        let blocks = ((seconds / self.rules.block.as_secs_f64()) as usize).max(1);
        Size { mode, runs, blocks, warmup_s: 0.0, measured_s: seconds, endpoints: planned.collect() }
    }
}

fn reach(prospects: &[(usize, Vec<Expected>)], of: &Expected) -> Vec<Reach> {
    let same = |row: &&Expected| row.endpoint == of.endpoint && row.quantile == of.quantile;
    prospects.iter().map(|(runs, rows)| Reach { runs: *runs, mde: rows.iter().find(same).and_then(|row| row.mde) }).collect()
}

fn seen(today: &Comparison, of: &Expected) -> Option<f64> {
    let metric = ComparedMetric::Latency(of.quantile);
    today.rows.iter().find(|row| row.endpoint == of.endpoint && row.metric == metric)?.mde
}

/// The noise of a history for a terminal.
pub(super) fn text(history: &History, endpoint: Option<&str>) -> String {
    let Some(noise) = &history.noise else { return String::new() };
    let mut lines = vec![format!("noise of {}, fingerprint {}", history.suite, history.fingerprint)];
    lines.extend(noise.facts());
    lines.push(String::new());
    let shown = noise.rows.iter().filter(|row| endpoint.is_none_or(|endpoint| row.endpoint == endpoint));
    let rows: Vec<Vec<String>> = std::iter::once(NoiseTable::head()).chain(shown.map(NoiseRow::cells)).collect();
    lines.extend(columns::lines(&rows, &[2, 3, 4, 5, 6, 7, 8, 9, 10]));
    // Names come from files: what would move the cursor is left out.
    let lines = lines.iter().map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}
