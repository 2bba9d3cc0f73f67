//! `loadgate compare A B C ...`: one table of several sides, each held against the first.

use std::path::{Path, PathBuf};

use super::{Failure, hold_against, terminal};
use crate::{
    cli::{
        records::{EXTENSION, Side, read_all, same_suite},
        sources,
    },
    exit::Exit,
    policy::Policy,
    record::RunRecord,
    report::{self, Several, SeveralSide},
    verdict::{self, Reference, Verdict},
};

/// A side and its runs.
struct Group {
    name: String,
    runs: Vec<RunRecord>,
}

/// Prints the table and each verdict; the worst one makes the exit code.
pub(super) fn run(paths: &[PathBuf], policy: &Policy) -> Result<Exit, Failure> {
    let [first, others @ ..] = paths else { return Err(too_few()) };
    if others.is_empty() {
        return Err(too_few());
    }
    let reference = group(first)?;
    let others = others.iter().map(|path| group(path)).collect::<Result<Vec<_>, _>>()?;
    let policy = shared(policy, others.len());
    let mut judged: Vec<(Group, Verdict)> = Vec::with_capacity(others.len());
    for group in others {
        same_suite(&group.runs, &reference.runs)?;
        sources::check(&reference.runs, &group.runs)?;
        let (found, _) = hold_against(reference.runs.clone(), &group.runs, &policy)?;
        let found = match found {
            Reference::Mismatch(differences) => return Err(other_conditions(&group.name, &reference.name, &differences)),
            found => found,
        };
        let verdict = verdict::decide(&group.runs, found, &policy);
        judged.push((group, verdict));
    }
    let sides: Vec<SeveralSide<'_>> =
        judged.iter().map(|(group, verdict)| SeveralSide { name: &group.name, runs: &group.runs, verdict }).collect();
    terminal::out(&report::console_several(&Several::new(&reference.name, &reference.runs, &sides)));
    Ok(verdict::worst(judged.iter().map(|(_, verdict)| verdict)).map_or(Exit::Ok, |verdict| verdict.exit))
}

/// The chance of a false alarm is for the whole table.
fn shared(policy: &Policy, comparisons: usize) -> Policy {
    let mut policy = policy.clone();
    policy.regression.alpha /= comparisons as f64;
    policy
}

fn group(path: &Path) -> Result<Group, Failure> {
    let runs = read_all(&[path.to_owned()], Side::Candidate)?;
    if runs.is_empty() {
        return Err(
            Failure::usage(format!("{}: there is no record", path.display())).hint("give a record, or a folder of *.json.gz")
        );
    }
    Ok(Group { name: name(path), runs })
}

/// What the user calls it: the path without what all records end in.
fn name(path: &Path) -> String {
    let text = path.display().to_string();
    let text = text.strip_suffix(EXTENSION).unwrap_or(&text);
    let text = text.strip_suffix("/record").unwrap_or(text).trim_end_matches('/');
    text.strip_prefix("./").unwrap_or(text).to_owned()
}

fn too_few() -> Failure {
    Failure::usage("there is one record, and nothing to compare it with").hint("give two or more, the one to compare with first")
}

fn other_conditions(name: &str, reference: &str, differences: &[String]) -> Failure {
    Failure::usage(format!("{name} and {reference} were made under different conditions: {}", differences.join("; ")))
        .hint("compare runs of one plan, made on one kind of machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_called_what_its_path_says() {
        for (path, expected) in [
            ("runs/tuned.json.gz", "runs/tuned"),
            ("runs/tuned/record.json.gz", "runs/tuned"),
            ("./default/", "default"),
            ("before.json.gz", "before"),
        ] {
            assert_eq!(name(Path::new(path)), expected);
        }
    }
}
