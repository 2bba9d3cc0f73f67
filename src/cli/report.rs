//! `loadgate report`: render reports again from saved records.

use std::path::PathBuf;

use super::{
    Failure,
    records::{Side, read_all},
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
    /// Records of one version, or folders of them: the runs of a candidate, or of a baseline
    #[arg(value_name = "RECORD", required = true)]
    records: Vec<PathBuf>,
    /// Folder the reports are written to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Formats to write, separated by commas [default: all]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = format)]
    format: Vec<Format>,
    /// Print summary.json instead of the table
    #[arg(long)]
    json: bool,
}

fn format(name: &str) -> Result<Format, String> {
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

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let records = read(&args.records)?;
    let formats = if args.format.is_empty() { Format::ALL.map(|(_, format)| format).to_vec() } else { args.format.clone() };
    report::prepare(&args.out)?;
    let view = RunView::new(&records);
    let written = report::write_run(&view, &formats, &args.out)?;
    let [first, ..] = records.as_slice() else { return Err(Failure::usage("no record was given")) };
    terminal::out(&if args.json {
        report::summary_json(&RunView::new(std::slice::from_ref(first)))
    } else {
        report::console_run(&view)
    });
    for path in written {
        terminal::err(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Ok)
}

/// Reads the records; they must be runs of one suite, else their sum would be of nothing.
fn read(paths: &[PathBuf]) -> Result<Vec<RunRecord>, Failure> {
    let records = read_all(paths, Side::Candidate).map_err(|failure| {
        if failure.hint.is_some() {
            failure
        } else {
            failure.hint("give record.json.gz files that `loadgate run` or `loadgate gate` wrote")
        }
    })?;
    let suites: Vec<&str> = records.iter().map(|record| record.suite.as_str()).collect();
    if let Some(other) = suites.iter().find(|suite| **suite != suites[0]) {
        let message = format!("a record is of the suite '{other}', the first is of '{}'", suites[0]);
        return Err(Failure::usage(message).hint("report each suite by itself, into a folder of its own"));
    }
    Ok(records)
}
