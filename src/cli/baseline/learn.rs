//! `loadgate baseline learn`.

use std::{path::PathBuf, time::Duration};

use super::super::{
    Failure,
    records::{Side, read_all, same_conditions, same_suite},
    shelf::reason,
    sources::lone_pairs,
    terminal,
};
use crate::{
    baseline::Shelf,
    compare::{Comparison, Look, check_pairs, compare_ab},
    exit::Exit,
    policy::Regression,
    record::{DuetNoise, Ended, LearnedNoise, RunRecord},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Baseline records of the comparison: files, or the folder that holds them
    #[arg(long, required = true, num_args = 1.., value_name = "RECORD")]
    baseline: Vec<PathBuf>,
    /// Candidate records in the same order, or their folder
    #[arg(long, required = true, num_args = 1.., value_name = "RECORD")]
    candidate: Vec<PathBuf>,
    /// Both versions are the same build: without replicates, only this can teach anything
    #[arg(long)]
    same_version: bool,
}

pub(super) fn run(shelf: &Shelf, args: &Args, rules: Option<&Regression>) -> Result<Exit, Failure> {
    let baseline = read_all(&args.baseline, Side::Baseline)?;
    let candidate = read_all(&args.candidate, Side::Candidate)?;
    same_suite(&candidate, &baseline)?;
    check_pairs(baseline.len(), candidate.len()).map_err(|error| Failure::usage(error).hint(error.hint()))?;
    let all = || candidate.iter().chain(&baseline);
    same_conditions(all(), "the records", "only runs made side by side, of one plan, make pairs")?;
    if all().any(|run| run.ended != Ended::Complete) {
        return Err(Failure::usage("nothing is learned from runs that were cut short").hint("give runs played to their end"));
    }
    if let Some(caution) = lone_pairs(&candidate) {
        return Err(Failure::usage(caution).hint(
            "learn from the replicates of one run: say how both versions are started (target.start) or restarted (hooks.restart)",
        ));
    }
    let (lesson, why) = (lesson(&baseline, &candidate, rules, args.same_version)?, reason("Noise of", candidate.first()));
    let path = shelf.change(&why, |store| store.teach(&lesson).map(|path| shelf.name(store, &path)))?;
    terminal::out(&path.display().to_string());
    Ok(Exit::Ok)
}

/// The comparison that teaches: of all that was played, and by itself, so that nothing is learned twice.
pub(in crate::cli) fn compared(baseline: &[RunRecord], candidate: &[RunRecord], rules: &Regression) -> Comparison {
    compare_ab(baseline, candidate, rules, &LearnedNoise::default(), Look::only(candidate.len(), rules.alpha))
}

fn lesson(
    baseline: &[RunRecord],
    candidate: &[RunRecord],
    rules: Option<&Regression>,
    same_version: bool,
) -> Result<DuetNoise, Failure> {
    let recorded = candidate.first().map(|run| Duration::from_micros(run.plan.block_us)).filter(|block| !block.is_zero());
    let default = Regression::default();
    let by_default = Regression { block: recorded.unwrap_or(default.block), ..default };
    let rules = rules.unwrap_or(&by_default);
    let comparison = compared(baseline, candidate, rules);
    DuetNoise::of(baseline, candidate, &comparison.spreads, same_version).ok_or_else(|| {
        if comparison.spreads.is_empty() {
            let why = comparison.notes.first().map_or("no metric could be measured in every run", String::as_str);
            Failure::usage(format!("there is nothing to learn from: {why}"))
        } else {
            Failure::usage("nothing is learned from one pair of different versions: their difference is no noise")
                .hint("give replicates, or --same-version for two processes of one build")
        }
    })
}
