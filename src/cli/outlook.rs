//! What a gate of a plan can be expected to see, before it is played: the size of the plan, and the forecast as a table.

use std::time::Duration;

use super::{Failure, ab, recording, shelf};
use crate::{
    baseline::{Found, StoreError},
    compare::{Expected, Planned, SERVICE, Size, fits_blocks, forecast, forecast_stored},
    plan::{Arrivals, Endpoint, Plan, Replicate, Resolved, Stage, Step},
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
    /// Stored runs that a gate will not compare with, in a sentence.
    pub(super) unusable: Option<String>,
}

/// The stored runs that a gate compares with.
fn usable(found: &Found, resolved: &Resolved) -> Vec<RunRecord> {
    let Found::Runs(stored) = found else { return Vec::new() };
    let fits = |run: &&RunRecord| fits_blocks(run, &resolved.policy.regression).is_ok();
    stored.iter().map(|stored| &stored.record).filter(fits).cloned().collect()
}

/// The others, and why a gate leaves them out.
fn unusable(found: &Found, resolved: &Resolved) -> Option<String> {
    match found {
        Found::None => None,
        Found::Mismatch(differences) => {
            Some(format!("baselines that are stored were made under other conditions: {}", differences.join("; ")))
        }
        Found::Runs(stored) => {
            let rules = &resolved.policy.regression;
            let reasons: Vec<String> = stored.iter().filter_map(|stored| fits_blocks(&stored.record, rules).err()).collect();
            let one = if reasons.len() == 1 { "1 stored run is" } else { &format!("{} stored runs are", reasons.len()) };
            Some(format!("{one} left out: {}", reasons.first()?))
        }
    }
}

impl Outlook {
    /// The outlook of a plan, with what is stored of earlier runs like it; `None` where nothing is known beforehand of how many
    /// requests there will be.
    ///
    /// # Errors
    /// Something that is stored is damaged.
    pub(super) fn of(resolved: &Resolved) -> Result<Option<Self>, Failure> {
        let rules = &resolved.policy.regression;
        let store = match shelf::of(&resolved.baseline).open() {
            // A plan can be looked at where nothing can be fetched.
            Err(error @ StoreError::Git { .. }) => return Ok(Self::without_stored(resolved, &error)),
            opened => opened?,
        };
        if rules.compare == Mode::Ab {
            let first = ab::first_record(resolved, resolved.replication);
            let learned = store.learned(&first.suite, &first.fingerprint().id)?;
            return Ok(Self::side_by_side(resolved, &learned));
        }
        let blank = recording::blank(resolved);
        let found = store.matching(&blank, BASELINES_MAX, shelf::lineage(resolved).as_ref())?;
        let Some(mut outlook) = Self::against_stored(resolved, &usable(&found, resolved)) else { return Ok(None) };
        outlook.unusable = unusable(&found, resolved);
        Ok(Some(outlook))
    }

    /// The outlook where nobody can tell what is stored.
    fn without_stored(resolved: &Resolved, error: &StoreError) -> Option<Self> {
        let outlook = match resolved.policy.regression.compare {
            Mode::Ab => Self::side_by_side(resolved, &LearnedNoise::default()),
            _ => Self::against_stored(resolved, &[]),
        };
        outlook.map(|outlook| Self { unusable: Some(format!("what is stored can't be looked at: {error}")), ..outlook })
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
        Some(Self { size, expected, source, unusable: None })
    }

    /// The outlook of a run that is compared with stored ones: where there are enough of them, they show it themselves.
    fn against_stored(resolved: &Resolved, stored: &[RunRecord]) -> Option<Self> {
        let rules = &resolved.policy.regression;
        let runs = if stored.is_empty() { BASELINES } else { stored.len() };
        let size = size(resolved, runs)?;
        let expected = forecast_stored(stored, &size, rules);
        let source = match stored.len() {
            0 => format!(
                "no baseline that a gate can compare with is stored yet; with {BASELINES} of them, and runs that differ by 5%, \
                 which is assumed"
            ),
            1 => "with 1 baseline run, and runs that differ by 5%, which is assumed".to_owned(),
            stored => format!("from {stored} stored runs"),
        };
        Some(Self { size, expected, source, unusable: None })
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
fn endpoints(plan: &Plan) -> Vec<Planned> {
    let measured = plan.workload.endpoints.iter().enumerate().filter(|(id, _)| plan.workload.is_measured(*id));
    let of = |(id, endpoint): (usize, &Endpoint)| {
        let (mean, square) = per_arrival(plan, id);
        let (requests, variance) = plan.stages.iter().filter(|stage| stage.measured).fold((0.0, 0.0), |sum, stage| {
            let arrivals = stage.arrivals() as f64 / plan.sides().len() as f64;
            // Their number is left to chance as well, unless they are counted.
            let is_counted = plan.control.arrivals == Arrivals::Uniform || stage.iterations.is_some();
            let variance = if is_counted { square - mean * mean } else { square };
            (sum.0 + arrivals * mean, sum.1 + arrivals * variance)
        });
        Planned { name: endpoint.name.clone(), requests, variance: variance.max(0.0) }
    };
    measured.map(of).collect()
}

/// Measured requests of an endpoint in each arrival, which plays one scenario or another: mean, and mean of the squares.
fn per_arrival(plan: &Plan, endpoint: usize) -> (f64, f64) {
    let scenarios = &plan.workload.scenarios;
    let total: u64 = scenarios.iter().map(|scenario| u64::from(scenario.weight)).sum();
    let of = |scenario: &crate::plan::Scenario| {
        let steps = scenario.steps.iter().filter_map(Step::request).filter(|step| step.endpoint == endpoint && step.measured);
        (steps.count() as f64, f64::from(scenario.weight) / total.max(1) as f64)
    };
    scenarios.iter().map(of).fold((0.0, 0.0), |sum, (steps, share)| (sum.0 + steps * share, sum.1 + steps * steps * share))
}

/// Measured requests of an endpoint of one version in the whole of a plan.
pub(super) fn requests(plan: &Plan, endpoint: usize) -> f64 {
    let arrivals: u64 = plan.stages.iter().filter(|stage| stage.measured).map(Stage::arrivals).sum();
    arrivals as f64 * per_arrival(plan, endpoint).0 / plan.sides().len() as f64
}
