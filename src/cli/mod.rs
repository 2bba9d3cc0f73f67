//! The command line: clap structs here, one file per command beside it.

mod baseline;
mod check;
mod compare;
mod comparison_table;
mod config_args;
mod failure;
mod mock_target;
mod report;
mod terminal;

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
    /// Judge saved records: candidate against baseline
    Compare(compare::Args),
    /// Render the reports again from saved records
    Report(report::Args),
    /// Look after stored baselines
    Baseline(baseline::Args),
    /// Validate the configuration and print the plan; sends nothing
    Check(check::Args),
    /// The scriptable test server
    MockTarget(mock_target::Args),
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
    let done = match cli.command {
        Command::Compare(args) => compare::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Baseline(args) => baseline::run(&args),
        Command::Check(args) => check::run(&args),
        Command::MockTarget(args) => mock_target::run(&args),
    };
    done.unwrap_or_else(|failure| {
        terminal::err(&failure.to_string());
        failure.exit
    })
}
