//! `loadgate baseline accept`: a regression that is meant to be.

use std::path::PathBuf;

use super::{
    super::{Failure, shelf::reason as reason_of, terminal},
    promote, verdict_file,
};
use crate::{
    baseline::{Shelf, Store, StoreError, has_warmup, warmup_hint},
    clock, env,
    exit::Exit,
    record::{self, Acceptance, RunRecord},
};

/// Longest reason that is kept, in characters: it stands in tables.
const REASON_MAX: usize = 300;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Records of runs of the version that is meant to be slower; several are one level together
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// Why it is meant to be
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    /// Who says so [default: GITHUB_ACTOR, else USER]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Verdict of the runs; without it, verdict.json beside each record
    #[arg(long, value_name = "FILE")]
    verdict: Option<PathBuf>,
    /// Also store runs without a warm-up stage
    #[arg(long)]
    no_warmup: bool,
}

fn reason(text: &str) -> Result<String, String> {
    let reason: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_MAX).collect();
    if reason.is_empty() { Err("say why it is meant to be: it is all that later readers have".to_owned()) } else { Ok(reason) }
}

/// Checks every run before it stores the first.
pub(super) fn run(shelf: &Shelf, args: &Args) -> Result<Exit, Failure> {
    let store = &*shelf.open()?;
    let by = args.by.clone().or_else(|| env::lookup(env::GITHUB_ACTOR)).or_else(|| env::lookup(env::USER));
    let accepted = Acceptance { reason: args.reason.clone(), by, at: clock::wall() };
    let mut runs: Vec<RunRecord> = Vec::new();
    for path in &args.records {
        let mut record = record::file::read(path).map_err(promote::unreadable)?;
        check(store, args, path, &record)
            .map_err(|failure| Failure { message: format!("{}: {}", path.display(), failure.message), ..failure })?;
        record.provenance.accepted = Some(accepted.clone());
        runs.push(record);
    }
    let conditions = runs.first().map(RunRecord::fingerprint);
    if runs.iter().any(|run| Some(run.fingerprint()) != conditions) {
        return Err(Failure::usage("the records were made under different conditions")
            .hint("accept those of each fingerprint by themselves"));
    }
    runs.iter().for_each(promote::warn_of_failures);
    let stored: Vec<PathBuf> = shelf.change(&reason_of("Accept", runs.first()), |store| {
        runs.iter().map(|run| store.promote(run).map(|path| shelf.name(store, &path))).collect::<Result<_, StoreError>>()
    })?;
    stored.iter().for_each(|path| terminal::out(&path.display().to_string()));
    terminal::err(&format!("{}; runs made before are not compared with any more", accepted.in_words()));
    Ok(Exit::Ok)
}

fn check(store: &Store, args: &Args, path: &std::path::Path, record: &RunRecord) -> Result<(), Failure> {
    store.check(record)?;
    let verdict = args.verdict.clone().or_else(|| verdict_file::beside(path)).ok_or_else(|| {
        Failure::usage("not accepted: there is no verdict.json beside it")
            .hint("only what a gate called a regression can be accepted; give --verdict FILE")
    })?;
    verdict_file::check_regressed(&verdict, record)?;
    if !args.no_warmup && !has_warmup(record) {
        return Err(Failure::usage("not accepted: the run has no warm-up stage before its first measured one")
            .hint(format!("{}, or accept with --no-warmup", warmup_hint(record))));
    }
    Ok(())
}
