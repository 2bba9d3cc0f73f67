//! `loadgate run`: load only; writes a record and what can be said of it alone.

use std::path::PathBuf;

use super::{
    Failure,
    config_args::ConfigArgs,
    pair::{self, Pair, Replicate, make_pair},
    recording::{self, Talk},
    report::formats,
    signals, terminal,
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
    talk: Talk,
    /// Folder for the record and its summary [default: report.dir of the configuration]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print summary.json instead of the table
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let resolved = args.config.resolve()?;
    let folder = args.out.clone().unwrap_or(resolved.report.dir.clone());
    report::prepare(&folder)?;
    let stop = Stop::default();
    signals::watch(&stop).map_err(Failure::invalid)?;
    let blank = recording::blank(&resolved);
    let (record, baseline) = if resolved.plan.baseline.is_some() {
        let made = [make_pair(&resolved, &blank, Replicate::ONLY, args.talk, &stop)?];
        pair::save(&made, &folder)?;
        let [Pair { candidate, baseline }] = made;
        (candidate, Some(baseline))
    } else {
        let record = recording::make(&resolved, blank, args.talk, &stop)?;
        recording::save(&record, &folder)?;
        (record, None)
    };
    let view = report::RunView::new(std::slice::from_ref(&record)).beside(baseline.as_slice());
    report::write_run(&view, &formats(&resolved.report.formats), &folder).map_err(recording::not_reported)?;
    warn(&record);
    terminal::out(&if args.json { report::summary_json(&view) } else { report::console_run(&view) });
    ended(&record)
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
