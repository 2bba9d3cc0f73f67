//! What `verdict.json` says of a run that is to be promoted.

use std::path::{Path, PathBuf};

use crate::{
    cli::Failure,
    record::RunRecord,
    report::{VERDICT_FILE, VerdictFile},
};

/// Where the verdict of a record is written: beside it, or above the `records` folder of an A/B run.
pub(super) fn beside(record: &Path) -> Option<PathBuf> {
    let folder = record.parent()?;
    let above = if folder.ends_with("records") { folder.parent() } else { None };
    [Some(folder), above].into_iter().flatten().map(|folder| folder.join(VERDICT_FILE)).find(|path| path.is_file())
}

const OF_THIS_RUN: &str = "give the verdict.json of this run with --verdict";

/// Refuses a run that its verdict does not call good, and a verdict of another run.
pub(super) fn check(path: &Path, record: &RunRecord) -> Result<(), Failure> {
    match of(path, record)?.verdict.as_str() {
        "pass" | "warn" | "inconclusive" => Ok(()),
        bad @ ("fail" | "invalid") => Err(refused(path, &format!("not promoted: the verdict of the run is {bad}"), PROMOTED)),
        other => Err(unknown(path, other)),
    }
}

const PROMOTED: &str = "promote a run that passed; a regression that is meant to be is stored by `loadgate baseline accept`";

/// Refuses a run that did not fail, or not because of a regression alone: a broken threshold would break with every later run too.
pub(super) fn check_regressed(path: &Path, record: &RunRecord) -> Result<(), Failure> {
    let file = of(path, record)?;
    let broken = file.thresholds.iter().find(|threshold| threshold.outcome == "fail");
    match (file.verdict.as_str(), broken) {
        ("fail", Some(threshold)) => {
            let reason = format!("not accepted: the threshold '{}' is broken", threshold.expr);
            Err(refused(
                path,
                &reason,
                "a threshold is a promise of its own: change it in the configuration, if that is what is meant",
            ))
        }
        ("fail", None) => Ok(()),
        (good @ ("pass" | "warn" | "inconclusive"), _) => {
            let reason = format!("not accepted: the verdict of the run is {good}, there is nothing to accept");
            Err(refused(path, &reason, "store it with `loadgate baseline promote`"))
        }
        ("invalid", _) => Err(refused(path, "not accepted: the run is no measurement", "make the run again")),
        (other, _) => Err(unknown(path, other)),
    }
}

fn unknown(path: &Path, verdict: &str) -> Failure {
    refused(path, &format!("unknown verdict '{verdict}'"), "it was written by a newer loadgate; promote with that one")
}

fn refused(path: &Path, reason: &str, hint: &str) -> Failure {
    Failure::usage(format!("{}: {reason}", path.display())).hint(hint)
}

/// The verdict, if it is one of that run.
fn of(path: &Path, record: &RunRecord) -> Result<VerdictFile, Failure> {
    let refuse = |reason: String, hint: &str| Err(refused(path, &reason, hint));
    let file = VerdictFile::read(path).map_err(|error| Failure::usage(error).hint(OF_THIS_RUN))?;
    if file.suite != record.suite {
        let reason = format!("the verdict of suite '{}', the run is of '{}'", file.suite, record.suite);
        return refuse(reason, OF_THIS_RUN);
    }
    if let (Some(judged), Some(measured)) = (&file.candidate.commit, &record.provenance.commit)
        && judged != measured
    {
        let reason = format!("the verdict of commit {judged}, the run measured {measured}");
        return refuse(reason, OF_THIS_RUN);
    }
    // Replicates of one verdict begin at different times; the file names the first.
    if let (1, Some(judged)) = (file.replicates, file.candidate.started_at)
        && judged != record.started_at
    {
        let reason = format!("the verdict of a run that began at {judged}, this run began at {}", record.started_at);
        return refuse(reason, OF_THIS_RUN);
    }
    Ok(file)
}
