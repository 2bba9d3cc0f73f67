//! The command line: clap structs here, one file per command beside it.

mod ab;
mod acceptance;
mod anchor;
mod as_gate;
mod baseline;
mod calibrate;
mod check;
mod clues;
mod columns;
mod compare;
mod completions;
mod config_args;
mod confirm;
mod demo;
mod early;
mod failure;
mod gate;
mod history;
mod hooks;
mod import;
mod init;
mod logs;
mod man;
mod mock_target;
mod noise;
mod only_args;
mod outlook;
mod own_templates;
mod pack;
mod pair;
mod places;
mod progress;
mod promotion;
mod provenance;
mod publish;
mod publish_args;
mod publishing;
mod ratchet;
mod recording;
mod records;
mod replicates;
mod report;
mod retakes;
mod run;
mod schema;
mod services;
mod shelf;
mod signals;
mod sources;
mod start_args;
mod terminal;
mod trusted;

use clap::{Parser, Subcommand};

pub use failure::Failure;

use crate::exit::Exit;

/// Performance regression gate for pull requests.
#[derive(Debug, Parser)]
#[command(name = "loadgate", version, about, max_term_width = 110, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The CI step: run, compare with the baseline, report, publish; exit code = verdict
    Gate(gate::Args),
    /// Load only; writes a record
    Run(run::Args),
    /// Judge saved records: candidate against baseline
    Compare(compare::Args),
    /// Render the reports again from saved records
    Report(report::Args),
    /// Post a finished verdict to its pull request; the second half of a fork's
    Publish(publish::Args),
    /// Put record, verdict, reports and configuration into one archive, or see whether one is as it was made
    Pack(pack::Args),
    /// Look after stored baselines
    Baseline(baseline::Args),
    /// Show what was measured over time, and where it changed
    History(history::Args),
    /// Play one version beside itself and learn how much noise there is, so that gates see smaller changes
    Calibrate(calibrate::Args),
    /// Turn another tool's results into a record
    Import(import::Args),
    /// Validate the configuration and print the plan; sends nothing
    Check(check::Args),
    /// The whole story on loopback: baseline, a good change passes, bad ones fail
    Demo(demo::Args),
    /// The scriptable test server
    MockTarget(mock_target::Args),
    /// Wait until loadgate is gone, then end the service with this mark; loadgate starts it itself
    #[cfg(unix)]
    #[command(name = crate::service::guard::GUARD, hide = true)]
    GuardService {
        /// What the processes of the service carry
        mark: String,
    },
    /// Write a first configuration and workflow for the project in this folder
    Init(init::Args),
    /// Print the JSON Schema of the configuration, for editors
    Schema(schema::Args),
    /// Print what a shell needs to complete command lines
    Completions(completions::Args),
    /// Print the manual page, or write those of all commands
    Man(man::Args),
}

/// Parses the command line, runs the command, reports a failure on stderr.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    #[cfg(unix)]
    crate::service::guard::enable();
    // Before anything is started: the services of all replicates are to have the same limit, and the mock target is one of them.
    crate::measure::raise_open_files_limit();
    let done = match cli.command {
        Command::Gate(args) => gate::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Publish(args) => publish::run(&args),
        Command::Pack(args) => pack::run(&args),
        Command::Baseline(args) => baseline::run(&args),
        Command::History(args) => history::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Check(args) => check::run(&args),
        Command::MockTarget(args) => mock_target::run(&args),
        #[cfg(unix)]
        Command::GuardService { mark } => {
            crate::service::guard::stand(&mark);
            Ok(Exit::Ok)
        }
        Command::Init(args) => init::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    done.unwrap_or_else(|failure| {
        terminal::err(&failure.to_string());
        failure.exit
    })
}
