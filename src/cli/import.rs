//! `loadgate import`: results of another load tool -> a record.

use std::{path::PathBuf, time::Duration};

use clap::builder::PossibleValuesParser;

use super::{Failure, provenance, terminal};
use crate::{
    clock,
    exit::Exit,
    import::{self, FORMATS, Format, ImportError, Labels, Rules},
    record::{RunRecord, file, name},
    report::RECORD_FILE,
    units,
};

/// The suite of results that are given no name: the same for all, so that they can be compared.
const SUITE: &str = "imported";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What the files are
    #[arg(long, value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    format: String,
    /// Files of results, also packed with gzip; several are one run
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Record to write (NAME.json.gz), or a folder for a record.json.gz
    #[arg(long, value_name = "RECORD")]
    out: PathBuf,
    /// Suite the record belongs to
    #[arg(long, value_name = "SUITE", default_value = SUITE, value_parser = suite)]
    name: String,
    /// Leave out the beginning of the run, as the target warms up; by default everything counts
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    warmup: Option<Duration>,
    /// Lowest HTTP status that counts as a failed request [default: what the tool called failed; 500 for csv, which does not say]
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(100..=999))]
    errors_from: Option<u16>,
}

fn suite(text: &str) -> Result<String, String> {
    if name::is_suite(text) {
        return Ok(text.to_owned());
    }
    let better = Some(name::suite_like(text)).filter(|name| name::is_suite(name)).unwrap_or_else(|| SUITE.to_owned());
    Err(format!("baselines live in a folder of this name; use letters, digits, '-', '_' and '.', such as '{better}'"))
}

fn duration(text: &str) -> Result<Duration, String> {
    units::parse_duration(text).map_err(|error| format!("{error}; {}", error.hint))
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let hint = error.hint.clone();
        Self::usage(error).hint(hint)
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let path = if args.out.is_dir() { args.out.join(RECORD_FILE) } else { args.out.clone() };
    keep_input(args, &path)?;
    let format = format(&args.format)?;
    let results = import::read(&args.files, format, &Rules { errors_from: args.errors_from }, args.warmup.unwrap_or_default())?;
    for caution in results.cautions() {
        terminal::err(&format!("warning: {caution}"));
    }
    let labels = Labels {
        suite: args.name.clone(),
        provenance: provenance::of_ci(),
        runner_class: provenance::named_runner_class().unwrap_or_default(),
        started_at: clock::wall(),
    };
    let record = results.into_record(labels);
    file::write(&record, &path).map_err(|error| Failure::usage(error).hint("choose a file with --out RECORD"))?;
    terminal::err(&in_short(&record));
    terminal::out(&path.display().to_string());
    Ok(Exit::Ok)
}

fn format(name: &str) -> Result<&'static Format, Failure> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| Failure::usage(format!("unknown format '{name}'")))
}

/// A record written over the results it is made from would be all that is left of them.
fn keep_input(args: &Args, out: &PathBuf) -> Result<(), Failure> {
    let real = |path: &PathBuf| path.canonicalize().ok();
    match real(out).filter(|out| args.files.iter().any(|file| real(file).as_ref() == Some(out))) {
        None => Ok(()),
        Some(_) => {
            Err(Failure::usage(format!("{}: --out would overwrite the results", out.display())).hint("choose another file"))
        }
    }
}

/// What there is in the record now, for somebody who wants to see whether all was read.
fn in_short(record: &RunRecord) -> String {
    let windows = || record.endpoints.iter().flat_map(|series| series.windows());
    format!(
        "{} of {} requests are counted, {} of them failed: {} endpoints over {}, in windows of {}",
        windows().map(|window| window.requests).sum::<u64>(),
        record.provenance.imported.as_ref().map_or(0, |imported| imported.rows),
        windows().map(|window| window.error_count()).sum::<u64>(),
        record.endpoints.len(),
        units::duration(Duration::from_secs_f64(record.measured_seconds())),
        units::duration(Duration::from_micros(record.plan.window_us)),
    )
}
