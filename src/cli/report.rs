//! `loadgate report`: render the reports again from saved records.

use std::path::PathBuf;

use super::{Failure, terminal};
use crate::{
    exit::Exit,
    plan::ReportFormat,
    record,
    report::{self, Format},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for the reports
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Records: record.json.gz
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    report::prepare(&args.out).map_err(Failure::usage)?;
    let runs = args.records.iter().map(|path| record::file::read(path)).collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    let view = report::View::of_runs(&runs);
    let all = ReportFormat::ALL.map(|(_, format)| format);
    for path in report::write(&view, &formats(&all), &args.out).map_err(Failure::invalid)? {
        terminal::out(&path.display().to_string());
    }
    Ok(Exit::Ok)
}

/// The formats a configuration names, as the report knows them.
pub(super) fn formats(named: &[ReportFormat]) -> Vec<Format> {
    let format = |named: &ReportFormat| match named {
        ReportFormat::Json => Format::Json,
        ReportFormat::Html => Format::Html,
        ReportFormat::Md => Format::Markdown,
        ReportFormat::Junit => Format::Junit,
        ReportFormat::Csv => Format::Csv,
    };
    named.iter().map(format).collect()
}
