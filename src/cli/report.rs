//! `loadgate report`: render reports again from saved records.

use std::path::PathBuf;

use super::{
    Failure,
    records::{read_sides, same_conditions},
    terminal,
};
use crate::{
    exit::Exit,
    plan::ReportFormat,
    record::RunRecord,
    report::{self, Format, ReportError, RunView},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Records, or folders of them: runs of one version, or of two that were played beside one another
    #[arg(value_name = "RECORD", required = true)]
    records: Vec<PathBuf>,
    /// Folder the reports are written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Formats to write, separated by commas [default: all]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = named)]
    format: Vec<Format>,
    /// Print summary.json instead of the table
    #[arg(long)]
    json: bool,
}

/// The format of that name, as users write it.
pub(super) fn named(name: &str) -> Result<Format, String> {
    let names = || Format::ALL.map(|(name, _)| name).join(", ");
    Format::ALL
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, format)| *format)
        .ok_or_else(|| format!("formats are {}", names()))
}

/// The formats of a configuration as those of the reports.
impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Json => Self::Json,
            ReportFormat::Html => Self::Html,
            ReportFormat::Md => Self::Md,
            ReportFormat::Junit => Self::Junit,
            ReportFormat::Csv => Self::Csv,
            ReportFormat::Gitlab => Self::Gitlab,
            ReportFormat::Openmetrics => Self::Openmetrics,
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let hint = error.hint();
        Self::usage(error).hint(hint)
    }
}

/// The formats a configuration asks for, and JSON always: `baseline promote` asks the verdict before it stores a run.
pub(super) fn formats(wanted: &[ReportFormat]) -> Vec<Format> {
    let mut formats: Vec<Format> = wanted.iter().copied().map(Format::from).collect();
    if !formats.contains(&Format::Json) {
        formats.push(Format::Json);
    }
    formats
}

/// Those that were asked for, or all of them.
pub(super) fn or_all(wanted: &[Format]) -> Vec<Format> {
    if wanted.is_empty() { Format::ALL.map(|(_, format)| format).to_vec() } else { wanted.to_vec() }
}

/// Says what was written.
pub(super) fn told(written: &[PathBuf]) {
    for path in written {
        terminal::err(&format!("wrote {}", path.display()));
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let (candidate, baseline) = read(&args.records)?;
    report::prepare(&args.out)?;
    let view = RunView::against(&candidate, &baseline).beside(&baseline);
    let written = report::write_run(&view, &or_all(&args.format), &args.out)?;
    terminal::out(&if args.json { report::summary_json(&view) } else { report::console_run(&view) });
    told(&written);
    Ok(Exit::Ok)
}

/// Reads the records, the baseline's apart; they must be runs of one plan, else their sum would be of nothing.
fn read(paths: &[PathBuf]) -> Result<(Vec<RunRecord>, Vec<RunRecord>), Failure> {
    let (candidate, baseline) = read_sides(paths).map_err(|failure| {
        if failure.hint.is_some() {
            failure
        } else {
            failure.hint("give record.json.gz files that `loadgate run` or `loadgate gate` wrote")
        }
    })?;
    let suites: Vec<&str> = candidate.iter().chain(&baseline).map(|record| record.suite.as_str()).collect();
    if let Some(other) = suites.iter().find(|suite| **suite != suites[0]) {
        let message = format!("a record is of the suite '{other}', the first is of '{}'", suites[0]);
        return Err(Failure::usage(message).hint("report each suite by itself, into a folder of its own"));
    }
    same_conditions(
        candidate.iter().chain(&baseline),
        "the records",
        "report those that are alike by themselves, into a folder of their own",
    )?;
    Ok((candidate, baseline))
}
