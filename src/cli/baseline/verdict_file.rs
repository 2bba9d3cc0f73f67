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
    let refuse = |reason: String, hint: &str| Err(Failure::usage(format!("{}: {reason}", path.display())).hint(hint));
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
    match file.verdict.as_str() {
        "pass" | "warn" | "inconclusive" => Ok(()),
        bad @ ("fail" | "invalid") => {
            refuse(format!("not promoted: the verdict of the run is {bad}"), "promote a run that passed")
        }
        other => refuse(format!("unknown verdict '{other}'"), "it was written by a newer loadgate; promote with that one"),
    }
}
