//! `loadgate compare`: judges saved records.

mod several;

use std::path::{Path, PathBuf};

use super::{
    Failure, as_gate,
    config_args::ConfigArgs,
    places, ratchet,
    records::{Side, read_all, same_conditions, same_suite},
    report::{named, or_all, told},
    shelf, sources, terminal,
};
use crate::{
    baseline::Shelf,
    compare::{self, compare_ab},
    exit::Exit,
    policy::{BASELINES_MAX, Policy},
    record::{LearnedNoise, RunRecord},
    report::{self, Format, VerdictFile, View},
    verdict::{self, Reference},
};

#[derive(Debug, clap::Args)]
#[command(mut_arg("config", |arg| arg.help("Configuration whose rules apply; without it, the default rules").hide_default_value(true)))]
pub(super) struct Args {
    #[command(flatten)]
    config: Option<ConfigArgs>,
    /// Two sides or more, each a record or a folder of them: all in one table, held against the first
    #[arg(value_name = "RECORD", conflicts_with_all = ["baseline", "candidate", "mode", "noise", "json", "out"])]
    records: Vec<PathBuf>,
    /// Baseline records: files, or folders of *.json.gz
    #[arg(long, required_unless_present = "records", num_args = 1.., value_name = "RECORD")]
    baseline: Vec<PathBuf>,
    /// Candidate records: files, or folders of *.json.gz
    #[arg(long, required_unless_present = "records", num_args = 1.., value_name = "RECORD")]
    candidate: Vec<PathBuf>,
    /// How the records belong together
    #[arg(long, value_enum, default_value_t = Mode::Baseline)]
    mode: Mode,
    /// Folder of baselines whose learned noise counts too, with --mode ab [default: that of --config]
    #[arg(long, value_name = "DIR")]
    noise: Option<PathBuf>,
    /// Also write the verdict as JSON, like the verdict.json of a gate
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Folder the reports of the verdict are written to
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Formats to write there, separated by commas [default: all]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = named, requires = "out")]
    format: Vec<Format>,
}

/// How the records belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// Stored runs, made at another time
    Baseline,
    /// Pairs of runs made side by side, in the order given: one, or one for each of at least 3 replicates
    Ab,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    if args.noise.is_some() && args.mode == Mode::Baseline {
        return Err(Failure::usage("--noise counts with --mode ab only").hint("add --mode ab, or leave it out"));
    }
    let resolved = args.config.as_ref().map(ConfigArgs::resolve).transpose()?;
    if !args.records.is_empty() {
        return several::run(&args.records, &resolved.map_or_else(Policy::default, |resolved| resolved.policy));
    }
    if let Some(folder) = &args.out {
        report::prepare(folder)?;
    }
    let mut candidate = read_all(&args.candidate, Side::Candidate)?;
    let mut baseline = read_all(&args.baseline, Side::Baseline)?;
    same_suite(&candidate, &baseline)?;
    sources::check(&baseline, &candidate)?;
    if let Some(caution) = sources::caution(&baseline, &candidate) {
        terminal::err(&format!("warning: {caution}"));
    }
    if let (Some(config), Some(resolved), Some(run)) = (&args.config, &resolved, candidate.first()) {
        warn_of_other_suite(&config.config, &resolved.plan.suite, &run.suite);
    }
    let lines = resolved.as_ref().map(places::of);
    let configured = || resolved.as_ref().map(|resolved| shelf::of(&resolved.baseline));
    let learned_in = args.noise.clone().map(Shelf::Folder).or_else(configured);
    let policy = resolved.as_ref().map_or_else(Policy::default, |resolved| resolved.policy.clone());
    let (reference, baseline) = match args.mode {
        Mode::Baseline => hold_against(baseline, &candidate, &policy)?,
        Mode::Ab => (side_by_side(&mut baseline, &mut candidate, &policy, learned_in)?, baseline),
    };
    let mut verdict = match args.mode {
        Mode::Baseline => verdict::decide(&candidate, reference, &policy),
        // As in a gate: the baseline that was played beside the candidate must be a measurement, too.
        Mode::Ab => verdict::decide_ab(&candidate, &baseline, reference, &policy),
    };
    if let (Mode::Baseline, Some(resolved)) = (args.mode, &resolved) {
        verdict = ratchet::apply(verdict, &candidate, resolved)?;
    }
    let view = View::new(&verdict, &candidate, &baseline);
    let view = match lines {
        Some(lines) => view.placed(lines),
        None => view,
    };
    terminal::out(&report::console(&view));
    if let Some(path) = &args.json {
        write_json(&view.file, path)?;
    }
    if let Some(folder) = &args.out {
        told(&report::write(&view, &or_all(&args.format), folder)?);
    }
    Ok(verdict.exit)
}

/// Compares pairs in the order given, with the noise that earlier comparisons of the same kind have shown.
fn side_by_side(
    baseline: &mut [RunRecord],
    candidate: &mut [RunRecord],
    policy: &Policy,
    learned_in: Option<Shelf>,
) -> Result<Reference, Failure> {
    compare::check_pairs(baseline.len(), candidate.len()).map_err(|error| Failure::usage(error).hint(error.hint()))?;
    same_conditions(
        candidate.iter().chain(baseline.iter()),
        "the records",
        "only runs made side by side, of one plan, make pairs",
    )?;
    for caution in sources::align(baseline, candidate)? {
        terminal::err(&format!("warning: {caution}"));
    }
    if let Some(caution) = sources::lone_pairs(candidate) {
        terminal::err(&format!("warning: {caution}; where they were not, what two processes differ by looks like a change"));
    }
    let learned = match (learned_in, candidate.first()) {
        (Some(shelf), Some(run)) => shelf.open()?.learned(&run.suite, &run.fingerprint().id)?,
        _ => LearnedNoise::default(),
    };
    let rules = &policy.regression;
    let as_gate = as_gate::of(candidate, &learned, rules);
    let compared = |runs: &[RunRecord]| -> Vec<RunRecord> {
        let cut = |run: &RunRecord| as_gate.windows.as_ref().map_or_else(|| run.clone(), |windows| run.beginning(windows));
        runs.iter().map(cut).collect()
    };
    let mut comparison = compare_ab(&compared(baseline), &compared(candidate), rules, &learned, as_gate.look);
    comparison.notes.extend(as_gate.notes);
    Ok(Reference::Compared(Box::new(comparison)))
}

/// Compares with those baselines that were made under the same conditions, and returns these; the others are named on stderr.
fn hold_against(
    baseline: Vec<RunRecord>,
    candidate: &[RunRecord],
    policy: &Policy,
) -> Result<(Reference, Vec<RunRecord>), Failure> {
    let Some(first) = candidate.first() else { return Err(Failure::usage("there is no candidate record")) };
    same_conditions(candidate, "the candidate records", "judge them one by one")?;
    let fingerprint = first.fingerprint();
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
    keep_level(&mut matching);
    keep_newest(&mut matching);
    let comparison = compare::compare(&matching, candidate, &policy.regression);
    Ok((Reference::Compared(Box::new(comparison)), matching))
}

/// Leaves the runs of the level that was accepted last, as a gate would.
fn keep_level(baseline: &mut Vec<RunRecord>) {
    let at = |run: &RunRecord| run.provenance.accepted.as_ref().map(|accepted| accepted.at);
    let accepted = baseline.iter().filter(|run| at(run).is_some());
    let Some(level) = accepted.max_by_key(|run| run.started_at).and_then(at) else { return };
    let began = baseline.iter().filter(|run| at(run) == Some(level)).map(|run| run.started_at).min();
    let before = baseline.len();
    baseline.retain(|run| Some(run.started_at) >= began);
    if baseline.len() < before {
        let count = before - baseline.len();
        terminal::err(&format!("note: {count} baseline records are of before another level was accepted, and are left out"));
    }
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

/// A suite is named after its folder where the configuration gives no name, so another name may be no mistake.
fn warn_of_other_suite(config: &Path, configured: &str, recorded: &str) {
    if configured != recorded {
        let config = config.display();
        terminal::err(&format!("warning: {config}: the configuration of suite '{configured}', the records are of '{recorded}'"));
    }
}
