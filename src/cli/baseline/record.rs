//! `loadgate baseline record`: makes runs of the present version and stores them.

use std::path::Path;

use super::super::{
    Failure,
    config_args::ConfigArgs,
    recording::{self, Talk},
    replicates::{self, Made, Next, Session},
    retakes,
    shelf::reason,
    signals,
    start_args::StartArgs,
    terminal,
};
use super::promote;
use crate::{
    baseline::{Shelf, warmup_hint},
    engine::Stop,
    exit::Exit,
    plan::{Replication, Resolved},
    policy::{BASELINES_MAX, Mode},
    record::Ended,
    report,
    verdict::{Reference, ThresholdOutcome, Verdict, VerdictKind, decide},
};

/// Most runs of one command: more than a comparison uses would only cost time.
const RUNS_MAX: i64 = BASELINES_MAX as i64;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Runs to make, each with fresh processes where the configuration says how
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=RUNS_MAX))]
    runs: u16,
    /// Command that starts the service (target.start); it listens on $PORT
    #[arg(long, value_name = "COMMAND")]
    start_candidate: Option<String>,
    /// Also store runs without a warm-up stage
    #[arg(long)]
    no_warmup: bool,
    #[command(flatten)]
    talk: Talk,
}

impl Args {
    /// What is to be run: one version, each time the whole plan.
    fn resolve(&self, config: &ConfigArgs) -> Result<Resolved, Failure> {
        let mut resolved = config.resolve_with(&StartArgs::of_candidate(self.start_candidate.clone()))?;
        resolved.plan = resolved.plan.aimed_at(resolved.plan.target().clone(), None);
        resolved.policy.regression.compare = Mode::Baseline;
        // The longest run, and each of these is one by itself: that was looked at when the stages were read.
        resolved.safety.max_duration = None;
        resolved.replication =
            Replication { count: usize::from(self.runs), splits: false, early_stop: false, extension: 0, reruns: 0 };
        if !self.no_warmup && resolved.plan.stages.first().is_some_and(|stage| stage.measured) {
            let failure = Failure::usage("the first stage is measured: baselines are runs of a service that is warm");
            let hint = warmup_hint(&recording::blank(&resolved));
            return Err(failure.hint(format!("{hint}, or record with --no-warmup")));
        }
        Ok(resolved)
    }
}

/// Stores each run as soon as it is made: what comes later does not lose what was there.
pub(super) fn run(shelf: &Shelf, config: &ConfigArgs, args: &Args) -> Result<Exit, Failure> {
    let resolved = args.resolve(config)?;
    let folder = &resolved.report.dir;
    report::prepare(folder)?;
    // Damaged files are found before any load is sent.
    shelf.open()?.matching(&recording::blank(&resolved), BASELINES_MAX, None)?;
    promote::warn_of_shortness(resolved.measured_blocks(), resolved.policy.regression.block);
    let stop = Stop::default();
    signals::watch(&stop).map_err(Failure::invalid)?;
    if args.runs > 1 && !can_restart(&resolved) {
        terminal::err(
            "note: all runs are of one process, as nothing says how to start it anew (target.start, hooks.restart): how much two \
             processes differ stays unknown",
        );
    }
    let (replication, talk) = (resolved.replication, args.talk);
    let retakes = Some(retakes::usual(replication.count));
    let session = Session { resolved: &resolved, replication, talk, stop: &stop, report: folder, retakes };
    let mut stored = 0;
    // Shown is each run that is not played again; the last one is new.
    let made = replicates::play(&session, replicates::alone, |made| {
        stored += made.last().map_or(Ok(0), |made| keep(shelf, made, &resolved).map(|()| 1))?;
        Ok(Next::More)
    })?;
    match made.last().map(|made| &made.candidate) {
        Some(record) if record.ended != Ended::Complete => Err(Failure::cut_short(record, &format!("stored before: {stored}"))),
        _ => Ok(Exit::Ok),
    }
}

fn can_restart(resolved: &Resolved) -> bool {
    resolved.hooks.restart.is_some() || resolved.plan.target().start.is_some()
}

fn keep(shelf: &Shelf, made: &Made, resolved: &Resolved) -> Result<(), Failure> {
    let record = &made.candidate;
    check(&decide(std::slice::from_ref(record), Reference::NoBaseline, &resolved.policy))?;
    promote::warn_of_failures(record);
    let why = reason("Baseline of", Some(record));
    let path = shelf.change(&why, |store| store.promote(record).map(|path| shelf.name(store, &path)))?;
    terminal::out(&Path::display(&path).to_string());
    Ok(())
}

/// A run that is no measurement, or breaks its promises, is nothing to compare with.
fn check(verdict: &Verdict) -> Result<(), Failure> {
    let broken = verdict.thresholds.iter().find(|threshold| threshold.outcome == ThresholdOutcome::Fail);
    let reason = match broken {
        _ if verdict.kind == VerdictKind::Invalid => &verdict.headline,
        Some(threshold) => &threshold.reason,
        None => return Ok(()),
    };
    let failure = Failure::invalid(format!("the run is not stored: {reason}"));
    Err(failure.hint("runs stored before it stay; mend what is wrong and record the others"))
}
