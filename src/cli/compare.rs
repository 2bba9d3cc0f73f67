//! `loadgate compare`: judges saved records.

use std::path::{Path, PathBuf};

use super::{Failure, config_args::ConfigArgs, sources, terminal};
use crate::{
    compare,
    exit::Exit,
    policy::{BASELINES_MAX, Policy},
    record::{RunRecord, file},
    report::{self, VerdictFile, View},
    verdict::{self, Reference},
};

#[derive(Debug, clap::Args)]
#[command(mut_arg("config", |arg| arg.help("Configuration whose rules apply; without it, the default rules").hide_default_value(true)))]
pub(super) struct Args {
    #[command(flatten)]
    config: Option<ConfigArgs>,
    /// Baseline records: files, or folders of *.json.gz
    #[arg(long, required = true, num_args = 1.., value_name = "RECORD")]
    baseline: Vec<PathBuf>,
    /// Candidate records: files, or folders of *.json.gz
    #[arg(long, required = true, num_args = 1.., value_name = "RECORD")]
    candidate: Vec<PathBuf>,
    /// How the records belong together
    #[arg(long, value_enum, default_value_t = Mode::Baseline)]
    mode: Mode,
    /// Also write the verdict as JSON, like the verdict.json of a gate
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
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
    let resolved = args.config.as_ref().map(ConfigArgs::resolve).transpose()?;
    let candidate = read_all(&args.candidate)?;
    let baseline = read_all(&args.baseline)?;
    same_suite(&candidate, &baseline)?;
    sources::check(&baseline, &candidate)?;
    if let Some(caution) = sources::caution(&baseline, &candidate) {
        terminal::err(&format!("warning: {caution}"));
    }
    if let (Some(config), Some(resolved), Some(run)) = (&args.config, &resolved, candidate.first()) {
        warn_of_other_suite(&config.config, &resolved.plan.suite, &run.suite);
    }
    let policy = resolved.map_or_else(Policy::default, |resolved| resolved.policy);
    let (reference, baseline) = hold_against(baseline, &candidate, &policy)?;
    let verdict = verdict::decide(&candidate, reference, &policy);
    let view = View::new(&verdict, &candidate, &baseline);
    terminal::out(&report::console(&view));
    if let Some(path) = &args.json {
        write_json(&view.file, path)?;
    }
    Ok(verdict.exit)
}

/// Compares with those baselines that were made under the same conditions, and returns these; the others are named on stderr.
fn hold_against(
    baseline: Vec<RunRecord>,
    candidate: &[RunRecord],
    policy: &Policy,
) -> Result<(Reference, Vec<RunRecord>), Failure> {
    let [first, others @ ..] = candidate else { return Err(Failure::usage("there is no candidate record")) };
    let fingerprint = first.fingerprint();
    if let Some(other) = others.iter().find(|run| run.fingerprint().id != fingerprint.id) {
        let differences = fingerprint.differences(&other.fingerprint()).join("; ");
        return Err(Failure::usage(format!("the candidate records were made under different conditions: {differences}"))
            .hint("judge them one by one"));
    }
    let (mut matching, foreign): (Vec<RunRecord>, Vec<RunRecord>) =
        baseline.into_iter().partition(|run| run.fingerprint().id == fingerprint.id);
    let mut differences: Vec<String> = foreign.iter().flat_map(|run| fingerprint.differences(&run.fingerprint())).collect();
    differences.sort();
    differences.dedup();
    if matching.is_empty() {
        return Ok((Reference::Mismatch(differences), Vec::new()));
    }
    if !foreign.is_empty() {
        let count = foreign.len();
        terminal::err(&format!(
            "warning: {count} baseline records were made under other conditions and are left out: {}",
            differences.join("; ")
        ));
    }
    keep_newest(&mut matching);
    let comparison = compare::compare(&matching, candidate, &policy.regression);
    Ok((Reference::Compared(Box::new(comparison)), matching))
}

/// Leaves as many baselines as a gate would compare with.
fn keep_newest(baseline: &mut Vec<RunRecord>) {
    let older = baseline.len().saturating_sub(BASELINES_MAX);
    if older > 0 {
        baseline.sort_by_key(|run| std::cmp::Reverse(run.started_at));
        baseline.truncate(BASELINES_MAX);
        let them = if older == 1 { "1 older one is".to_owned() } else { format!("{older} older ones are") };
        terminal::err(&format!("note: the newest {BASELINES_MAX} baseline records are compared with, {them} left out"));
    }
}

fn write_json(verdict: &VerdictFile, path: &Path) -> Result<(), Failure> {
    let cannot = |reason: String| {
        Failure::usage(format!("{}: the verdict can't be written: {reason}", path.display()))
            .hint("choose a file with --json FILE")
    };
    let text = serde_json::to_string_pretty(verdict).map_err(|error| cannot(error.to_string()))?;
    std::fs::write(path, text + "\n").map_err(|error| cannot(error.to_string()))
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

/// A suite is named after its folder where the configuration gives no name, so another name may be no mistake.
fn warn_of_other_suite(config: &Path, configured: &str, recorded: &str) {
    if configured != recorded {
        let config = config.display();
        terminal::err(&format!("warning: {config}: the configuration of suite '{configured}', the records are of '{recorded}'"));
    }
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
