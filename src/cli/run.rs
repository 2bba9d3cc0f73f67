//! `loadgate run`: load only; writes a record and what can be said of it alone.

use std::path::PathBuf;

use super::{
    Failure,
    config_args::ConfigArgs,
    only_args::OnlyArgs,
    own_templates,
    recording::{self, Talk},
    replicates::{self, Next, Session},
    report::formats,
    signals,
    start_args::StartArgs,
    terminal, trusted,
};
use crate::{
    engine::Stop,
    exit::Exit,
    record::{Ended, RunRecord},
    report, verdict,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    only: OnlyArgs,
    #[command(flatten)]
    talk: Talk,
    /// Folder for the record and its summary [default: report.dir of the configuration]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print summary.json instead of the table
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    trusted::check(&args.config)?;
    let resolved = args.only.of(args.config.resolve_with(&args.start)?)?;
    let folder = args.out.clone().unwrap_or(resolved.report.dir.clone());
    report::prepare(&folder)?;
    let stop = Stop::default();
    signals::watch(&stop).map_err(Failure::invalid)?;
    let session = Session {
        resolved: &resolved,
        replication: resolved.replication.whole(),
        talk: args.talk,
        stop: &stop,
        report: &folder,
        retakes: None,
    };
    let made = replicates::play(&session, replicates::one(&resolved), |_| Ok(Next::More))?;
    replicates::save(&made, resolved.replication, &folder)?;
    let (candidate, baseline) = replicates::apart(made);
    let view = report::RunView::against(&candidate, &baseline).beside(&baseline);
    report::write_run(&view, &formats(&resolved.report.formats), &folder).map_err(recording::not_reported)?;
    own_templates::write(&resolved, &view, None, &folder)?;
    candidate.iter().for_each(warn);
    let Some(last) = candidate.last() else { return Err(Failure::invalid("nothing was played")) };
    terminal::out(&if args.json { report::summary_json(&view) } else { report::console_run(&view) });
    // Only the last one can have been cut short.
    ended(last)
}

/// Says what a gate would make of how the load was made.
fn warn(record: &RunRecord) {
    if let Some(reason) = &record.generator.saturated {
        terminal::err(&format!("warning: the load generator was the bottleneck: {reason}; a gate would call this run invalid"));
    }
    verdict::remarks(record).iter().for_each(|remark| terminal::err(&format!("warning: {remark}")));
}

fn nothing_measured(record: &RunRecord) -> Failure {
    const SAID: &str = "not one request that is measured came to an outcome";
    match verdict::why_nothing_was_asked(record, None) {
        Some(why) => Failure::invalid(format!("{SAID}: {why}")).hint("see failures.json for what was sent and what came back"),
        None => Failure::invalid(SAID).hint("look at rates and durations: `loadgate check`"),
    }
}

/// How a run that was not judged ends the process: what was not measured is no success.
fn ended(record: &RunRecord) -> Result<Exit, Failure> {
    let because = || record.ended_because.clone().unwrap_or_else(|| "the run was aborted".to_owned());
    match record.ended {
        Ended::Interrupted => {
            terminal::err(&format!("warning: {}; the record holds what was measured until then", because()));
            Ok(Exit::Interrupted)
        }
        Ended::Aborted => Err(Failure::invalid(because())),
        Ended::Complete if record.total().requests == 0 => Err(nothing_measured(record)),
        Ended::Complete => Ok(Exit::Ok),
    }
}
