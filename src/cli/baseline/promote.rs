//! `loadgate baseline promote`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    super::{Failure, shelf::reason, terminal},
    verdict_file,
};
use crate::{
    baseline::{Shelf, Store, StoreError, has_warmup, warmup_hint},
    exit::Exit,
    policy::BLOCKS_MIN,
    record::{self, RunRecord, file::RecordError},
    units,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Records of runs
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// Verdict of the runs; without it, verdict.json beside each record
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,
    /// Also store runs that have no verdict, such as the first of a suite
    #[arg(long)]
    unjudged: bool,
    /// Also store runs without a warm-up stage
    #[arg(long)]
    no_warmup: bool,
    /// What the state that was measured is called: shown in the history
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
}

/// Checks every run before it stores the first, so that a mistake in one leaves the store as it was.
pub(super) fn run(shelf: &Shelf, args: &Args) -> Result<Exit, Failure> {
    let store = &*shelf.open()?;
    let mut runs = Vec::new();
    for path in &args.records {
        let mut record = record::file::read(path).map_err(unreadable)?;
        if args.label.is_some() {
            record.provenance.label.clone_from(&args.label);
        }
        check(store, args, path, &record)
            .map_err(|failure| Failure { message: format!("{}: {}", path.display(), failure.message), ..failure })?;
        runs.push(record);
    }
    runs.iter().for_each(warn_of_quality);
    let stored: Vec<PathBuf> = shelf.change(&reason("Baseline of", runs.first()), |store| {
        runs.iter().map(|run| store.promote(run).map(|path| shelf.name(store, &path))).collect::<Result<_, StoreError>>()
    })?;
    stored.iter().for_each(|path| terminal::out(&path.display().to_string()));
    Ok(Exit::Ok)
}

fn warn_of_quality(record: &RunRecord) {
    warn_of_failures(record);
    let block_us = record.plan.block_us;
    let blocks = record.plan.measured_stages().map(|stage| stage.blocks(block_us)).sum();
    warn_of_shortness(blocks, Duration::from_micros(block_us));
}

/// Errors can be what a service does; a baseline full of them is more often a mistake.
pub(super) fn warn_of_failures(record: &RunRecord) {
    const SHARE_MAX: f64 = 0.01;
    if let Some(share) = record.total().error_rate().filter(|share| *share > SHARE_MAX) {
        let share = units::percent(share);
        terminal::err(&format!(
            "warning: {share} of the requests of this run failed; later runs may fail as often without being called worse"
        ));
    }
}

/// Runs too short for any latency to be compared are of use for errors alone.
pub(super) fn warn_of_shortness(blocks: usize, block: Duration) {
    let needed = u32::try_from(BLOCKS_MIN).unwrap_or(u32::MAX);
    if blocks < BLOCKS_MIN {
        let (length, block) = (units::duration(block * needed), units::duration(block));
        let measured = if blocks == 1 { format!("1 block of {block} is") } else { format!("{blocks} blocks of {block} are") };
        terminal::err(&format!(
            "warning: too short for latencies to be compared with: {measured} measured, and it takes {needed}; measured stages of \
             {length} are enough, or a shorter regression.block"
        ));
    }
}

pub(super) fn unreadable(error: RecordError) -> Failure {
    let hint = match error {
        RecordError::Io { .. } => "give the path of a record.json.gz that `loadgate run` or `loadgate gate` wrote",
        RecordError::Damaged { .. } => "make the run again",
        RecordError::Foreign { .. } => "give a record.json.gz that this version of loadgate can read",
    };
    Failure::usage(error).hint(hint)
}

fn check(store: &Store, args: &Args, path: &Path, record: &RunRecord) -> Result<(), Failure> {
    store.check(record)?;
    match args.verdict.clone().or_else(|| verdict_file::beside(path)) {
        Some(verdict) => verdict_file::check(&verdict, record)?,
        None if args.unjudged => {}
        None => {
            let failure = Failure::usage("not promoted: there is no verdict.json beside it");
            return Err(failure.hint("give --verdict FILE, or --unjudged for the first runs of a suite"));
        }
    }
    if !args.no_warmup && !has_warmup(record) {
        let failure = Failure::usage("not promoted: the run has no warm-up stage before its first measured one");
        return Err(failure.hint(format!("{}, or promote with --no-warmup", warmup_hint(record))));
    }
    Ok(())
}
