//! Saved records as commands take them: files, or folders of them.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::record::{self, RunRecord, file};

pub(super) const EXTENSION: &str = ".json.gz";

/// Which version records are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Baseline,
    Candidate,
}

impl Side {
    /// What the files of a comparison side by side begin with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Baseline => "baseline-",
            Self::Candidate => "candidate-",
        }
    }
}

/// Reads files, and the records of folders in the order of their names. Of a folder that holds both sides of a comparison,
/// those of `side`.
pub(super) fn read_all(paths: &[PathBuf], side: Side) -> Result<Vec<RunRecord>, Failure> {
    let mut records = Vec::new();
    for path in paths {
        let files = if path.is_dir() { of_folder(path, side)? } else { vec![path.clone()] };
        for path in files {
            records.push(file::read(&path).map_err(Failure::usage)?);
        }
    }
    Ok(records)
}

/// Reads files and folders: the runs of the candidate, and those of the baseline that were made beside them; of a folder that holds both
/// sides of a comparison, each its own. Runs of a baseline alone are what is asked for.
pub(super) fn read_sides(paths: &[PathBuf]) -> Result<(Vec<RunRecord>, Vec<RunRecord>), Failure> {
    let is_of_candidate = |run: &RunRecord| run.ab.is_none_or(|part| part.side == record::Side::Candidate);
    let (candidate, mut baseline): (Vec<RunRecord>, Vec<RunRecord>) =
        read_all(paths, Side::Candidate)?.into_iter().partition(is_of_candidate);
    for folder in paths.iter().filter(|path| path.is_dir()) {
        let files = of_folder(folder, Side::Baseline)?;
        if files != of_folder(folder, Side::Candidate)? {
            for path in files {
                baseline.push(file::read(&path).map_err(Failure::usage)?);
            }
        }
    }
    Ok(if candidate.is_empty() { (baseline, candidate) } else { (candidate, baseline) })
}

/// Refuses records of several suites.
pub(super) fn same_suite(candidate: &[RunRecord], baseline: &[RunRecord]) -> Result<(), Failure> {
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

/// Refuses records that were made under different conditions.
pub(super) fn same_conditions<'a>(
    records: impl IntoIterator<Item = &'a RunRecord>,
    which: &str,
    hint: &str,
) -> Result<(), Failure> {
    let mut records = records.into_iter();
    let Some(first) = records.next().map(RunRecord::fingerprint) else { return Ok(()) };
    match records.map(RunRecord::fingerprint).find(|other| other.id != first.id) {
        None => Ok(()),
        Some(other) => {
            let differences = first.differences(&other).join("; ");
            Err(Failure::usage(format!("{which} were made under different conditions: {differences}")).hint(hint))
        }
    }
}

fn of_folder(folder: &Path, side: Side) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if name.to_string_lossy().ends_with(EXTENSION) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    let any = |side: Side| names.iter().any(|name| name.starts_with(side.prefix()));
    if any(Side::Baseline) && any(Side::Candidate) {
        names.retain(|name| name.starts_with(side.prefix()));
    }
    names.sort_by_key(|name| numbered(name));
    if names.is_empty() {
        return Err(Failure::usage(format!("{}: no records in this folder", folder.display()))
            .hint(format!("records are files that end in {EXTENSION}")));
    }
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

/// A name as people order it: `run-10` after `run-9`.
fn numbered(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, number) = rest.split_at(digits);
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        // A number that is too large is a long row of digits and no number.
        parts.push((text.to_owned(), number[..end].parse().unwrap_or(u64::MAX)));
        rest = &number[end..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_do() {
        let mut names = ["c-10.json.gz", "c-9.json.gz", "b-11.json.gz", "c-9-2.json.gz", "c.json.gz"];
        names.sort_by_key(|name| numbered(name));
        assert_eq!(names, ["b-11.json.gz", "c-9-2.json.gz", "c-9.json.gz", "c-10.json.gz", "c.json.gz"]);
    }

    #[test]
    fn a_folder_of_both_sides_gives_each_its_own() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["baseline-1", "baseline-10", "baseline-2", "candidate-1", "candidate-2"] {
            std::fs::write(folder.path().join(format!("{name}.json.gz")), "").unwrap();
        }
        let names = |side| {
            let files = of_folder(folder.path(), side).unwrap();
            files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(Side::Baseline), ["baseline-1.json.gz", "baseline-2.json.gz", "baseline-10.json.gz"]);
        assert_eq!(names(Side::Candidate), ["candidate-1.json.gz", "candidate-2.json.gz"]);
    }
}
