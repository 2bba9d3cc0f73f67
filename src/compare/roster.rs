//! Who takes part: the usable runs, and the endpoints both sides know.

use std::{collections::BTreeSet, time::Duration};

use super::{
    ComparedMetric, WarmUp,
    layout::Layout,
    sample::Sample,
    summary::{Estimate, Summary},
    trial::latencies,
    warm_up,
};
use crate::{
    policy::{Mode, Regression},
    record::{EndpointSeries, RunRecord},
};

/// All that is compared.
#[derive(Debug)]
pub(super) struct Roster {
    /// Endpoints of the candidate that the baseline knows, in the order of the configuration.
    pub endpoints: Vec<Sides>,
    /// Usable baseline runs.
    pub baseline_runs: usize,
    /// Usable candidate runs.
    pub candidate_runs: usize,
    /// Blocks of a candidate run.
    pub blocks: usize,
    /// Blocks of the shortest run of either side.
    pub blocks_per_run: usize,
    /// Blocks of all runs of the side that has fewer.
    pub blocks_per_side: usize,
    /// Length of a block.
    pub block: Duration,
    /// Measured length of a candidate run in seconds.
    pub seconds: f64,
    /// Whether users made the load, or another tool whose load is not known: then requests per second are the target's doing.
    pub target_sets_pace: bool,
    /// Endpoints the baseline has and the candidate lacks.
    pub vanished: Vec<String>,
    /// Endpoints the candidate has and the baseline lacks.
    pub appeared: Vec<String>,
    /// Runs, endpoints and times left out, in words.
    pub left_out: Vec<String>,
    /// How steady the runs were.
    pub warm_up: WarmUp,
}

/// One endpoint on both sides, a summary per run.
#[derive(Debug)]
pub(super) struct Sides {
    pub name: String,
    /// Whether it is judged by itself alone and weighs nothing beside the others.
    pub is_beside: bool,
    /// Whether it has errors, and no latencies.
    pub is_untimed: bool,
    pub baseline: Vec<Summary>,
    pub candidate: Vec<Summary>,
}

struct Run<'a> {
    record: &'a RunRecord,
    layout: Layout,
}

impl Roster {
    pub(super) fn of(baseline: &[RunRecord], candidate: &[RunRecord], mode: Mode, rules: &Regression) -> Self {
        let mut left_out = Vec::new();
        let (baseline, candidate) = match mode {
            Mode::Baseline => {
                (usable("baseline", baseline, rules, &mut left_out), usable("candidate", candidate, rules, &mut left_out))
            }
            Mode::Ab => usable_pairs(baseline, candidate, rules, &mut left_out),
        };
        let (warm_up, blocks_out) = warm_up::of(baseline.iter().chain(&candidate).map(|run| run.record), rules.block);
        left_out.extend(warm_up::in_words(&warm_up));
        let [baseline, candidate] = [baseline, candidate].map(|runs| without(runs, blocks_out));
        let (before, after) = (names(&baseline), names(&candidate));
        let (ignored, judged): (Vec<&str>, Vec<&str>) = after.iter().partition(|name| rules.ignores(name));
        // What need not happen, and did on neither side: there is nothing to say of it.
        let judged: Vec<&str> =
            judged.into_iter().filter(|name| !never_happened(baseline.iter().chain(&candidate), name)).collect();
        left_out.extend(ignored.iter().map(|name| format!("'{name}' is left out, as the configuration says")));
        let known = |name: &&str| before.contains(name);
        let summed = |runs: &[Run<'_>], name: &str| -> Vec<Summary> {
            let one = |run: &Run<'_>| Summary::of(run.record.endpoint(name), &run.layout, &latencies(rules));
            runs.iter().map(one).collect()
        };
        let is_any =
            |name: &str, of: fn(&EndpointSeries) -> bool| candidate.iter().filter_map(|run| run.record.endpoint(name)).any(of);
        let sides = |name: &str| Sides {
            name: name.to_owned(),
            is_beside: is_any(name, |series| series.is_beside),
            is_untimed: is_any(name, |series| series.is_untimed),
            baseline: summed(&baseline, name),
            candidate: summed(&candidate, name),
        };
        let owned = |name: &str| name.to_owned();
        let blocks = |runs: &[Run<'_>]| runs.iter().map(|run| run.layout.blocks()).sum::<usize>();
        Self {
            endpoints: with_weights(judged.iter().copied().filter(known).map(sides).collect()),
            appeared: judged.iter().copied().filter(|name| !known(name)).map(owned).collect(),
            vanished: before.iter().copied().filter(|name| !after.contains(name) && !rules.ignores(name)).map(owned).collect(),
            blocks: candidate.iter().map(|run| run.layout.blocks()).min().unwrap_or(0),
            blocks_per_run: baseline.iter().chain(&candidate).map(|run| run.layout.blocks()).min().unwrap_or(0),
            blocks_per_side: blocks(&baseline).min(blocks(&candidate)),
            block: rules.block,
            seconds: candidate.iter().map(|run| run.record.measured_seconds()).fold(f64::INFINITY, f64::min),
            target_sets_pace: candidate.last().is_some_and(|run| target_sets_pace(run.record)),
            baseline_runs: baseline.len(),
            candidate_runs: candidate.len(),
            left_out,
            warm_up,
        }
    }
}

/// Where there is nothing but what goes beside other work, that is the work.
fn with_weights(mut endpoints: Vec<Sides>) -> Vec<Sides> {
    if endpoints.iter().all(|sides| sides.is_beside) {
        endpoints.iter_mut().for_each(|sides| sides.is_beside = false);
    }
    endpoints
}

/// Whether an endpoint that need not have any request has none in all of these runs.
fn never_happened<'a>(mut runs: impl Iterator<Item = &'a Run<'a>>, name: &str) -> bool {
    runs.all(|run| {
        let series = run.record.endpoint(name);
        series.is_none_or(|series| series.is_occasional && series.windows().all(|window| window.requests == 0))
    })
}

/// The runs without so many blocks at their beginning: of all of them alike, else one would be older than the other.
fn without(runs: Vec<Run<'_>>, blocks: usize) -> Vec<Run<'_>> {
    runs.into_iter().map(|run| Run { layout: run.layout.without(blocks), ..run }).collect()
}

/// Whether a run can be compared in the blocks of these rules.
///
/// # Errors
/// Why it is left out.
pub fn fits_blocks(run: &RunRecord, rules: &Regression) -> Result<(), String> {
    Layout::of(run, rules.block).map(|_| ())
}

/// Runs that can be cut into blocks; the others are named with the reason.
fn usable<'a>(side: &str, runs: &'a [RunRecord], rules: &Regression, left_out: &mut Vec<String>) -> Vec<Run<'a>> {
    let mut usable = Vec::with_capacity(runs.len());
    for record in runs {
        match Layout::of(record, rules.block) {
            Ok(layout) => usable.push(Run { record, layout }),
            Err(reason) => left_out.push(format!("the {side} run of {:.0} is left out: {reason}", record.started_at)),
        }
    }
    usable
}

/// Pairs of runs whose blocks are of the same time; the others are named with the reason.
fn usable_pairs<'a>(
    baseline: &'a [RunRecord],
    candidate: &'a [RunRecord],
    rules: &Regression,
    left_out: &mut Vec<String>,
) -> (Vec<Run<'a>>, Vec<Run<'a>>) {
    let mut usable = (Vec::new(), Vec::new());
    for (index, (baseline, candidate)) in baseline.iter().zip(candidate).enumerate() {
        let reason = match (Layout::of(baseline, rules.block), Layout::of(candidate, rules.block)) {
            (Ok(ours), Ok(theirs)) if ours.strata == theirs.strata => {
                usable.0.push(Run { record: baseline, layout: ours });
                usable.1.push(Run { record: candidate, layout: theirs });
                continue;
            }
            (Ok(ours), Ok(theirs)) => {
                let (ours, theirs) = (ours.blocks(), theirs.blocks());
                format!("its runs were not played alike: {ours} blocks of the baseline, {theirs} of the candidate")
            }
            (Err(reason), _) | (_, Err(reason)) => reason,
        };
        left_out.push(format!("pair {} is left out: {reason}", index + 1));
    }
    usable
}

/// Endpoints that any of the runs knows, in the order of the last run.
fn names<'a>(runs: &[Run<'a>]) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let all = runs.iter().rev().flat_map(|run| &run.record.endpoints);
    all.map(|endpoint| endpoint.name.as_str()).filter(|&name| seen.insert(name)).collect()
}

fn target_sets_pace(run: &RunRecord) -> bool {
    run.plan.measured_stages().any(|stage| stage.closed || stage.offered == 0)
}

impl Sides {
    pub(super) fn all(&self) -> impl Iterator<Item = &Summary> {
        self.baseline.iter().chain(&self.candidate)
    }

    /// Requests of the run that has fewest of them.
    pub(super) fn requests_min(&self) -> u64 {
        self.all().map(|run| run.requests).min().unwrap_or(0)
    }

    /// Successful requests of the run that has fewest of them.
    pub(super) fn succeeded_min(&self) -> u64 {
        self.all().map(|run| run.succeeded).min().unwrap_or(0)
    }

    /// Successful requests of all runs of the side that has fewer of them.
    pub(super) fn succeeded_of_side(&self) -> u64 {
        let of = |runs: &[Summary]| runs.iter().map(|run| run.succeeded).sum::<u64>();
        of(&self.baseline).min(of(&self.candidate))
    }

    /// One metric in all runs; `None` unless every run has it.
    pub(super) fn sample(&self, metric: ComparedMetric) -> Option<Sample<'_>> {
        let baseline: Option<Vec<&Estimate>> = self.baseline.iter().map(|run| run.estimates.get(&metric)).collect();
        let candidate: Option<Vec<&Estimate>> = self.candidate.iter().map(|run| run.estimates.get(&metric)).collect();
        let sample = Sample { baseline: baseline?, candidate: candidate? };
        (!sample.baseline.is_empty() && !sample.candidate.is_empty()).then_some(sample)
    }
}
