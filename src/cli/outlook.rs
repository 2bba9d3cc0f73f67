//! What a gate of a plan can be expected to see, before it is played: the size of the plan, and the forecast as a table.

use std::time::Duration;

use super::{Failure, ab, recording};
use crate::{
    baseline::{Found, Store},
    compare::{ComparedMetric, Expected, SERVICE, Size, compare, forecast},
    plan::{Endpoint, Plan, Replicate, Resolved, Stage, Step},
    policy::{BASELINES_MAX, Mode},
    record::{LearnedNoise, RunRecord},
    units,
};

/// Baseline runs that are thought of where none is stored yet.
const BASELINES: usize = 10;

/// What a gate can be expected to see.
pub(super) struct Outlook {
    pub(super) size: Size,
    pub(super) expected: Vec<Expected>,
    /// Where that is known from, in a sentence.
    pub(super) source: String,
}

impl Outlook {
    /// The outlook of a plan, with what is stored of earlier runs like it; `None` where nothing is known beforehand of how many
    /// requests there will be.
    ///
    /// # Errors
    /// Something that is stored is damaged.
    pub(super) fn of(resolved: &Resolved) -> Result<Option<Self>, Failure> {
        let store = Store::at(&resolved.baseline.dir);
        let rules = &resolved.policy.regression;
        if rules.compare == Mode::Ab {
            let first = ab::first_record(resolved, resolved.replication);
            let learned = store.learned(&first.suite, &first.fingerprint().id)?;
            return Ok(Self::side_by_side(resolved, &learned));
        }
        let blank = recording::blank(resolved);
        let stored = match store.matching(&blank, BASELINES_MAX)? {
            Found::Runs(stored) => stored.into_iter().map(|stored| stored.record).collect(),
            Found::None | Found::Mismatch(_) => Vec::new(),
        };
        Ok(Self::against_stored(resolved, &stored))
    }

    /// The outlook of an A/B run.
    pub(super) fn side_by_side(resolved: &Resolved, learned: &LearnedNoise) -> Option<Self> {
        let runs = resolved.replication.count;
        let size = size(resolved, runs)?;
        let expected = forecast(&size, &resolved.policy.regression, learned);
        let (known, one, several) = match runs {
            1 => (learned.pairs(), "pair of one version", "pairs of one version"),
            _ => (learned.duets(), "comparison", "comparisons"),
        };
        let source = match known {
            0 => "assumed, as no comparison like this one is stored: two processes of one build differ by 2%, logarithms of latencies \
                  spread by 0.5; `loadgate calibrate` measures it"
                .to_owned(),
            1 => format!("from what 1 earlier {one} taught of noise"),
            known => format!("from what {known} earlier {several} taught of noise"),
        };
        Some(Self { size, expected, source })
    }

    /// The outlook of a run that is compared with stored ones: where there are enough of them, they show it themselves.
    fn against_stored(resolved: &Resolved, stored: &[RunRecord]) -> Option<Self> {
        let rules = &resolved.policy.regression;
        let runs = if stored.is_empty() { BASELINES } else { stored.len() };
        let size = size(resolved, runs)?;
        let mut expected = forecast(&size, rules, &LearnedNoise::default());
        let Some(newest) = stored.first().filter(|_| stored.len() > 1) else {
            let have = if stored.is_empty() {
                format!("no baseline like this one is stored yet; with {BASELINES} of them")
            } else {
                "with 1 baseline run".to_owned()
            };
            return Some(Self { size, expected, source: format!("{have}, and runs that differ by 5%, which is assumed") });
        };
        let seen = compare(stored, std::slice::from_ref(newest), rules);
        for row in &mut expected {
            let same = |seen: &&crate::compare::Row| {
                seen.endpoint == row.endpoint && seen.metric == ComparedMetric::Latency(row.quantile)
            };
            if let Some(seen) = seen.rows.iter().find(same).filter(|_| row.mde.is_some()) {
                (row.mde, row.is_learned) = (seen.mde, true);
            }
        }
        Some(Self { size, expected, source: format!("from {} stored runs", stored.len()) })
    }

    /// A line for each endpoint: the smallest change that each metric will see.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let of_one = self.expected.chunk_by(|a, b| a.endpoint == b.endpoint);
        let line = |rows: &[Expected]| vec![name(&rows[0].endpoint), rows.iter().map(cell).collect::<Vec<_>>().join(", ")];
        of_one.map(line).collect()
    }
}

/// An endpoint's name for people.
pub(super) fn name(endpoint: &str) -> String {
    if endpoint == SERVICE { "service as a whole".to_owned() } else { endpoint.to_owned() }
}

fn cell(row: &Expected) -> String {
    match row.mde {
        None => format!("{} no test", row.quantile),
        Some(mde) => format!("{} +{}{}", row.quantile, units::percent(mde), if row.is_learned { "" } else { " (assumed)" }),
    }
}

/// How large the experiment is; `None` where users, or those who send messages, decide how many requests there are.
fn size(resolved: &Resolved, runs: usize) -> Option<Size> {
    let first = Replicate::new(1, resolved.replication.count);
    let part = resolved.plan.part(resolved.replication, first);
    let measured = || part.stages.iter().filter(|stage| stage.measured);
    if measured().any(|stage| stage.load.peak_users() > 0) || part.peak_sockets() > 0 {
        return None;
    }
    let seconds = |measured: bool| -> f64 {
        part.stages.iter().filter(|stage| stage.measured == measured).map(|stage| stage.duration.as_secs_f64()).sum()
    };
    Some(Size {
        mode: resolved.policy.regression.compare,
        runs,
        blocks: measured().map(|stage| blocks(stage, resolved.policy.regression.block)).sum(),
        warmup_s: seconds(false),
        measured_s: seconds(true),
        endpoints: endpoints(&part),
    })
}

fn blocks(stage: &Stage, block: Duration) -> usize {
    usize::try_from(stage.duration.as_micros() / block.as_micros().max(1)).unwrap_or(usize::MAX).max(1)
}

/// The measured endpoints with the requests of one version in the measured time of a plan.
fn endpoints(plan: &Plan) -> Vec<(String, f64)> {
    let arrivals: u64 = plan.stages.iter().filter(|stage| stage.measured).map(Stage::arrivals).sum();
    let measured = plan.workload.endpoints.iter().enumerate().filter(|(id, _)| plan.workload.is_measured(*id));
    let of = |(id, endpoint): (usize, &Endpoint)| {
        (endpoint.name.clone(), arrivals as f64 * per_arrival(plan, id) / plan.sides().len() as f64)
    };
    measured.map(of).collect()
}

/// Measured requests of an endpoint in each arrival, on the average.
pub(super) fn per_arrival(plan: &Plan, endpoint: usize) -> f64 {
    let scenarios = &plan.workload.scenarios;
    let total: u64 = scenarios.iter().map(|scenario| u64::from(scenario.weight)).sum();
    let of = |scenario: &crate::plan::Scenario| {
        let steps = scenario.steps.iter().filter_map(Step::request).filter(|step| step.endpoint == endpoint && step.measured);
        steps.count() as f64 * f64::from(scenario.weight) / total.max(1) as f64
    };
    scenarios.iter().map(of).sum()
}
