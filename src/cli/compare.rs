//! `loadgate compare`: judges saved records.

use std::path::{Path, PathBuf};

use super::{Failure, comparison_table, terminal};
use crate::{
    compare,
    exit::Exit,
    policy::Policy,
    record::{RunRecord, file},
    verdict::{self, Reference},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Baseline records: files, or folders of *.json.gz
    #[arg(long, required = true, num_args = 1.., value_name = "RECORD")]
    baseline: Vec<PathBuf>,
    /// Candidate records: files, or folders of *.json.gz
    #[arg(long, required = true, num_args = 1.., value_name = "RECORD")]
    candidate: Vec<PathBuf>,
    /// How the records belong together
    #[arg(long, value_enum, default_value_t = Mode::Baseline)]
    mode: Mode,
}

/// How the records belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// Stored runs, made at another time
    Baseline,
    /// Pairs of runs, made side by side
    Ab,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.mode == Mode::Ab {
        return Err(Failure::usage("--mode ab is not supported yet").hint("use --mode baseline"));
    }
    let candidate = read_all(&args.candidate)?;
    let baseline = read_all(&args.baseline)?;
    same_suite(&candidate, &baseline)?;
    let policy = Policy::default();
    let reference = reference(&baseline, &candidate, &policy)?;
    let verdict = verdict::decide(&candidate, reference, &policy);
    terminal::out(&comparison_table::render(&verdict));
    Ok(verdict.exit)
}

/// Compares with those baselines that were made under the same conditions; the others are named on stderr.
fn reference(baseline: &[RunRecord], candidate: &[RunRecord], policy: &Policy) -> Result<Reference, Failure> {
    let [first, others @ ..] = candidate else { return Err(Failure::usage("there is no candidate record")) };
    let fingerprint = first.fingerprint();
    if let Some(other) = others.iter().find(|run| run.fingerprint().id != fingerprint.id) {
        let differences = fingerprint.differences(&other.fingerprint()).join("; ");
        return Err(Failure::usage(format!("the candidate records were made under different conditions: {differences}"))
            .hint("judge them one by one"));
    }
    let (matching, foreign): (Vec<RunRecord>, Vec<RunRecord>) =
        baseline.iter().cloned().partition(|run| run.fingerprint().id == fingerprint.id);
    let mut differences: Vec<String> = foreign.iter().flat_map(|run| fingerprint.differences(&run.fingerprint())).collect();
    differences.sort();
    differences.dedup();
    if matching.is_empty() {
        return Ok(Reference::Mismatch(differences));
    }
    if !foreign.is_empty() {
        let count = foreign.len();
        terminal::err(&format!(
            "warning: {count} baseline records were made under other conditions and are left out: {}",
            differences.join("; ")
        ));
    }
    Ok(Reference::Compared(Box::new(compare::compare(&matching, candidate, &policy.regression))))
}

fn same_suite(candidate: &[RunRecord], baseline: &[RunRecord]) -> Result<(), Failure> {
    let mut suites: Vec<&str> = candidate.iter().chain(baseline).map(|run| run.suite.as_str()).collect();
    suites.sort_unstable();
    suites.dedup();
    if suites.len() > 1 {
        let names = suites.iter().map(|suite| format!("'{suite}'")).collect::<Vec<_>>().join(" and ");
        return Err(Failure::usage(format!("the records belong to different suites: {names}"))
            .hint("compare records of the same configuration only"));
    }
    Ok(())
}

/// Reads files, and the records of folders in the order of their names.
fn read_all(paths: &[PathBuf]) -> Result<Vec<RunRecord>, Failure> {
    let mut records = Vec::new();
    for path in paths {
        let files = if path.is_dir() { records_in(path)? } else { vec![path.clone()] };
        for path in files {
            records.push(file::read(&path).map_err(Failure::usage)?);
        }
    }
    Ok(records)
}

fn records_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.to_string_lossy().ends_with(".json.gz") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage(format!("{}: no records in this folder", folder.display()))
            .hint("records are files that end in .json.gz"));
    }
    Ok(files)
}
