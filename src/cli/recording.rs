//! From a resolved configuration to a run record: what `run`, `gate` and `demo` share.

use std::{fs, io, path::Path};

use super::{
    Failure, clues,
    progress::{Display, LogFormat},
    provenance, terminal,
};
use crate::{
    clock,
    config::Secrets,
    engine::{self, Ending, NotReady, Observed, Progress, Stop},
    exit::Exit,
    measure,
    plan::{Plan, Replicate, Resolved},
    protocol::{Origins, http::HttpDriver},
    record::{self, Ended, FailureSample, PlanFacts, RunRecord, Side, Window, WindowPlace, file::SCHEMA},
    report::{self, ReportError},
    units::Micros,
    verdict::AbortWatch,
};

/// How talkative a run is.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Talk {
    /// No progress display
    #[arg(short, long)]
    pub quiet: bool,
    /// How progress is told
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Which part of a run with several is told of.
    #[arg(skip)]
    pub replicate: Option<Replicate>,
}

/// The record of a run that is still to be made: all that is known before, nothing measured. Baselines are looked up with it,
/// so that a damaged one is found before any load is sent.
pub(super) fn blank(resolved: &Resolved) -> RunRecord {
    let plan = &resolved.plan;
    RunRecord {
        schema: SCHEMA.to_owned(),
        suite: plan.suite.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: clock::wall(),
        ended: Ended::Aborted,
        ended_because: None,
        last_words: Vec::new(),
        provenance: provenance::detect(resolved.config_sha256.clone()),
        environment: measure::environment(provenance::runner_class()),
        plan: PlanFacts {
            scenario_hash: plan.workload.hash.clone(),
            seed: plan.seed,
            threads: 0,
            window_us: Micros::from_duration(plan.window).0,
            block_us: Micros::from_duration(resolved.policy.regression.block).0,
            target: plan.target().authority(),
            stages: plan.stage_facts(),
            steps: clues::steps(resolved),
        },
        ab: None,
        generator: record::Generator::default(),
        breaker: Vec::new(),
        endpoints: Vec::new(),
        failures: Vec::new(),
        slowest: Vec::new(),
        unmeasured_failures: Vec::new(),
        notes: Vec::new(),
        newer: serde_json::Map::new(),
    }
}

/// Makes the load and fills the record. A target that never gets ready makes an aborted record that says so.
///
/// # Errors
/// The system refuses what the engine needs.
pub(super) fn make(resolved: &Resolved, blank: RunRecord, talk: Talk, stop: &Stop) -> Result<RunRecord, Failure> {
    Ok(match play(resolved, &resolved.plan, talk, stop, |_, _, _| None)? {
        Played::Load(observed) => filled(blank, *observed, resolved),
        Played::Nothing(nothing) => nothing.record(blank),
    })
}

/// What came of a plan.
pub(super) enum Played {
    /// Load was made.
    Load(Box<Observed>),
    /// No load was made.
    Nothing(Nothing),
}

/// Why no load was made.
pub(super) struct Nothing {
    ended: Ended,
    because: String,
    /// The version that was not ready.
    pub(super) unready: Option<Side>,
}

impl Nothing {
    /// The record that says so.
    pub(super) fn record(&self, blank: RunRecord) -> RunRecord {
        RunRecord { ended: self.ended, ended_because: Some(self.because.clone()), ..blank }
    }
}

/// Waits for all services and makes the load of a plan, which may be aimed at other services than the resolved one. Complete windows are
/// shown to `watch`, which may end the run.
///
/// # Errors
/// The system refuses what the engine needs.
pub(super) fn play(
    resolved: &Resolved,
    plan: &Plan,
    talk: Talk,
    stop: &Stop,
    mut watch: impl FnMut(Side, WindowPlace, &[Window]) -> Option<Ending>,
) -> Result<Played, Failure> {
    // The address and the path that is probed may hold secrets.
    let nothing =
        |ended, reason: String, unready| Ok(Played::Nothing(Nothing { ended, because: resolved.secrets.mask(&reason), unready }));
    for caution in plan.targets.iter().filter_map(crate::plan::Target::caution) {
        terminal::err(&format!("note: {caution}"));
    }
    let origins = match Origins::of(plan) {
        Ok(origins) => origins,
        Err(error) => return nothing(Ended::Aborted, error.to_string(), None),
    };
    match engine::wait_until_ready(plan, HttpDriver::for_probes(plan, &origins), stop) {
        Ok(()) => {}
        Err(NotReady::System(error)) => return Err(Failure::invalid(error)),
        Err(NotReady::Stopped) => return nothing(Ended::Interrupted, NotReady::Stopped.to_string(), None),
        Err(error) => {
            return nothing(Ended::Aborted, error.to_string(), error.target().and_then(|target| plan.side_of_target(target)));
        }
    }
    let mut display = Display::new(plan, talk);
    let driver = |share| HttpDriver::new(plan, &origins, share);
    let endpoints: Vec<_> = plan.workload.endpoints.iter().map(|point| (point.name.as_str(), point.scenario.as_str())).collect();
    let mut promises = AbortWatch::new(&resolved.policy.thresholds, plan.window, &endpoints);
    let tell = |progress: Progress<'_>| display.tell(&progress);
    // Promises are the candidate's.
    let watch = |side: Side, place: WindowPlace, windows: &[Window]| {
        let broken = if side == Side::Candidate { promises.look(place, windows) } else { None };
        broken.map(Ending::GivenUp).or_else(|| watch(side, place, windows))
    };
    let observed = engine::run_watched(plan, driver, stop, tell, watch).map_err(Failure::invalid)?;
    origins.troubles().iter().for_each(|trouble| terminal::err(&format!("note: {trouble}")));
    Ok(Played::Load(Box::new(observed)))
}

/// Writes the record. Files of an earlier report go first, so that nobody reads two runs as one: a verdict beside a record it
/// does not judge would make a baseline of it.
///
/// # Errors
/// The folder can't be written any more; the record is written where that is still possible.
pub(super) fn save(record: &RunRecord, folder: &Path) -> Result<(), Failure> {
    let cleared = clear(folder);
    record::file::write(record, &folder.join(report::RECORD_FILE)).map_err(Failure::invalid)?;
    cleared
}

/// Removes the files of an earlier report.
///
/// # Errors
/// The folder can't be written any more.
pub(super) fn clear(folder: &Path) -> Result<(), Failure> {
    let reports = report::FORMATS.iter().map(|file| folder.join(file.name));
    reports.chain([folder.join(report::RECORD_FILE)]).try_for_each(|file| remove(&file))?;
    [report::RECORDS_FOLDER, report::SET_ASIDE_FOLDER].iter().try_for_each(|name| {
        let records = fs::read_dir(folder.join(name)).into_iter().flatten().flatten();
        let ours = |file: &fs::DirEntry| file.file_name().to_string_lossy().ends_with(".json.gz");
        records.filter(ours).try_for_each(|file| remove(&file.path()))?;
        // It stays where something of the user's is in it.
        let _ = fs::remove_dir(folder.join(name));
        Ok(())
    })
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::invalid(format!("{}: a file of an earlier report can't be removed: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// A report that can't be written after the load: the user's mistake or not, something was sent.
pub(super) fn not_reported(error: ReportError) -> Failure {
    Failure { exit: Exit::Invalid, ..Failure::from(error) }
}

/// The record of one version, filled with what was observed of it.
pub(super) fn filled(blank: RunRecord, observed: Observed, resolved: &Resolved) -> RunRecord {
    let secrets = &resolved.secrets;
    let interrupted = (observed.ended == Ended::Interrupted).then(|| "it was interrupted by a signal".to_owned());
    let record = RunRecord {
        started_at: observed.started_at,
        ended: observed.ended,
        ended_because: observed.ended_because.or(interrupted),
        plan: PlanFacts { threads: u32::try_from(observed.threads).unwrap_or(u32::MAX), stages: observed.stages, ..blank.plan },
        generator: observed.generator,
        breaker: observed.breaker,
        endpoints: observed.measured.endpoints,
        failures: observed.measured.failures.into_iter().map(|failure| masked(failure, secrets)).collect(),
        slowest: observed.measured.slowest,
        unmeasured_failures: observed.measured.unmeasured,
        ..blank
    };
    RunRecord { notes: clues::notes(&record, resolved), ..record }
}

/// Targets like to repeat what they were sent.
fn masked(failure: FailureSample, secrets: &Secrets) -> FailureSample {
    let exchange = failure.exchange.map(|exchange| Box::new(exchange.map(|text| secrets.mask(text))));
    FailureSample { message: secrets.mask(&failure.message), exchange, ..failure }
}
