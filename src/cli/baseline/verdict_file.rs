//! What `verdict.json` says of a run that is to be promoted.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{cli::Failure, record::RunRecord};

const SCHEMA: &str = "loadgate/verdict/v1";

/// The parts of `verdict.json` that a promotion rests on.
#[derive(Debug, Deserialize)]
struct VerdictFile {
    schema: String,
    verdict: String,
    suite: String,
    #[serde(default)]
    candidate: Candidate,
}

#[derive(Debug, Default, Deserialize)]
struct Candidate {
    #[serde(default)]
    commit: Option<String>,
}

/// Where the verdict of a record is written: beside it, or above the `records` folder of an A/B run.
pub(super) fn beside(record: &Path) -> Option<PathBuf> {
    let folder = record.parent()?;
    let above = if folder.ends_with("records") { folder.parent() } else { None };
    [Some(folder), above].into_iter().flatten().map(|folder| folder.join("verdict.json")).find(|path| path.is_file())
}

/// Refuses a run that its verdict does not call good, and a verdict of another run.
pub(super) fn check(path: &Path, record: &RunRecord) -> Result<(), Failure> {
    let refuse = |reason: String, hint: &str| Err(Failure::usage(format!("{}: {reason}", path.display())).hint(hint));
    let text = std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let file: VerdictFile = match serde_json::from_str(&text) {
        Ok(file) => file,
        Err(error) => return refuse(format!("not a verdict: {error}"), "give the verdict.json of this run with --verdict"),
    };
    if file.schema != SCHEMA {
        return refuse(format!("a {} file, not {SCHEMA}", file.schema), "give the verdict.json of this run with --verdict");
    }
    if file.suite != record.suite {
        let reason = format!("the verdict of suite '{}', the run is of '{}'", file.suite, record.suite);
        return refuse(reason, "give the verdict.json of this run with --verdict");
    }
    if let (Some(judged), Some(measured)) = (&file.candidate.commit, &record.provenance.commit)
        && judged != measured
    {
        let reason = format!("the verdict of commit {judged}, the run measured {measured}");
        return refuse(reason, "give the verdict.json of this run with --verdict");
    }
    match file.verdict.as_str() {
        "pass" | "warn" | "inconclusive" => Ok(()),
        bad @ ("fail" | "invalid" | "interrupted") => {
            refuse(format!("not promoted: the verdict of the run is {bad}"), "promote a run that passed")
        }
        other => refuse(format!("unknown verdict '{other}'"), "it was written by a newer loadgate; promote with that one"),
    }
}
