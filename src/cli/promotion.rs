//! Runs that `gate` stores by itself, so that later ones are compared with them. That it fails is a remark: the exit code is the
//! verdict's.

use super::{provenance, shelf, terminal};
use crate::{
    baseline::{Pruning, Shelf, Store, StoreError, has_warmup, warmup_hint},
    clock,
    exit::Exit,
    plan::{BaselineSettings, Resolved},
    publish::github::{self, Level, Surroundings},
    record::RunRecord,
};

/// The values of `--update-baseline`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "auto" => Ok(true),
        "off" => Ok(false),
        _ => Err("write auto or off".to_owned()),
    }
}

/// Whether runs are stored: in builds of the branch itself, which nobody can start for code that is not in it. A pull request could
/// make itself the measure of its own regressions.
pub(super) fn is_due(resolved: &Resolved) -> bool {
    let BaselineSettings { promote, branch, .. } = &resolved.baseline;
    *promote && provenance::is_of_branch(&provenance::detect(String::new()), branch)
}

/// Stores the runs of a gate, where that is due and nothing speaks against it.
pub(super) fn by_itself(runs: &[RunRecord], exit: Exit, resolved: &Resolved) {
    if !is_due(resolved) {
        return;
    }
    if exit != Exit::Ok {
        return terminal::err(&format!(
            "note: this run is not stored as a baseline: the gate did not pass (exit code {})",
            exit.code()
        ));
    }
    if let Some(run) = runs.iter().find(|run| !has_warmup(run)) {
        return warn(&format!(
            "this run is not stored as a baseline: it has no warm-up stage before its first measured one. To mend it: {}",
            warmup_hint(run)
        ));
    }
    let (shelf, why) = (shelf::of(&resolved.baseline), shelf::reason("Baseline of", runs.first()));
    match shelf.change(&why, |store| store_all(&shelf, store, runs, resolved.baseline.keep)) {
        Ok(Kept { stored, not_pruned }) => {
            terminal::err(&format!("note: stored as a baseline: {}", stored.join(", ")));
            if let Some(error) = not_pruned {
                warn(&format!("runs that are too old are not removed: {}", with_hint(&error)));
            }
        }
        Err(error) => warn(&format!("this run is not stored as a baseline: {}", with_hint(&error))),
    }
}

fn with_hint(error: &StoreError) -> String {
    let hint = error.hint().map(|hint| format!(". To mend it: {hint}")).unwrap_or_default();
    format!("{error}{hint}")
}

/// What became of the runs of a gate.
struct Kept {
    /// Their files.
    stored: Vec<String>,
    /// Why older ones could not be removed: the runs are stored all the same.
    not_pruned: Option<StoreError>,
}

/// Stores runs, and removes what is older than is kept. One that is there already is no trouble: it was pushed, and the answer was lost.
fn store_all(shelf: &Shelf, store: &Store, runs: &[RunRecord], keep: usize) -> Result<Kept, StoreError> {
    let mut stored = Vec::new();
    for run in runs {
        let path = match store.promote(run) {
            Err(StoreError::Duplicate { path }) => path,
            promoted => promoted?,
        };
        stored.push(shelf.name(store, &path).display().to_string());
    }
    let pruned = store.prune(runs.first().map(|run| run.suite.as_str()), keep, clock::wall(), Pruning::Remove);
    Ok(Kept { stored, not_pruned: pruned.err() })
}

fn warn(text: &str) {
    match Surroundings::detect() {
        Some(_) => terminal::err(&github::remark(Level::Warning, text)),
        None => terminal::err(&format!("warning: {text}")),
    }
}
