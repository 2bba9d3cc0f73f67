//! Taking runs out of the store: old ones for good, wrong ones to the side.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{
    error::StoreError,
    name::RunName,
    points,
    scan::{self, RunFile, WITHDRAWN},
    store::Store,
};
use crate::record;

/// A run is never pruned before it is this old, whatever the number: somebody may still want to roll back to it.
const KEPT_FOR_S: i64 = 7 * 86_400;

/// Whether files are touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruning {
    /// They are removed.
    Remove,
    /// It is only said which would be.
    DryRun,
}

impl Store {
    /// Removes all but the `keep` newest runs of each fingerprint, none younger than seven days, and none that is pinned. Their
    /// figures stay for the history. Returns the files.
    ///
    /// Files that are not named as stored runs are, and withdrawn runs, are left alone.
    ///
    /// # Errors
    /// A folder that can't be read, a damaged pin, a file that can't be read or removed.
    pub fn prune(&self, suite: Option<&str>, keep: usize, now: Timestamp, pruning: Pruning) -> Result<Vec<PathBuf>, StoreError> {
        let mut removed = Vec::new();
        for folder in self.fingerprint_folders(suite)? {
            let runs = scan::runs(&folder)?;
            let pins = self.pins_in(&folder)?;
            let named = runs.into_iter().filter_map(|file| file.name.map(|name| (file.path, name)));
            for (path, name) in named.filter(|(_, name)| !pins.contains_key(name)).skip(keep) {
                if now.as_second() - name.began.as_second() < KEPT_FOR_S {
                    continue;
                }
                if pruning == Pruning::DryRun || remove(&folder, &path, &name)? {
                    removed.push(path);
                }
            }
        }
        Ok(removed)
    }

    /// Moves the newest run aside, so that comparisons no longer use it. Returns where it is now.
    ///
    /// # Errors
    /// Nothing is stored; a file can't be moved.
    pub fn withdraw_newest(&self, suite: Option<&str>) -> Result<Vec<PathBuf>, StoreError> {
        let newest = self.active(suite)?.into_iter().filter(|file| file.name.is_some()).max_by(|a, b| a.name.cmp(&b.name));
        Ok(vec![withdraw(&newest.ok_or_else(|| self.absent("latest"))?)?])
    }

    /// Moves all runs aside that have the fingerprint of the run in `file` and are newer; where a commit or a label of several runs is
    /// given, newer than the newest of these. Returns where they are now.
    ///
    /// # Errors
    /// No such run in the store, runs of several suites or fingerprints; a file can't be moved.
    pub fn withdraw_after(&self, file: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let files = self.find_all(file)?;
        let last_good = files.first().ok_or_else(|| self.absent(&file.display().to_string()))?;
        last_good.name()?;
        if last_good.is_withdrawn() {
            let reason = "the run is withdrawn itself; move it back into the folder above first".to_owned();
            return Err(StoreError::Misplaced { path: last_good.path.clone(), reason });
        }
        let folder = last_good.path.parent().unwrap_or(Path::new("."));
        scan::runs(folder)?.iter().filter(|file| file.name > last_good.name).map(withdraw).collect()
    }
}

/// Removes a run whose figures stay. Returns whether it was still there: another job may prune at the same time.
fn remove(folder: &Path, path: &Path, name: &RunName) -> Result<bool, StoreError> {
    let removed = kept(folder, path, name)
        .and_then(|()| fs::remove_file(path).map_err(|source| StoreError::Io { path: path.to_owned(), source }));
    match removed {
        Err(error) if error.is_gone() => Ok(false),
        removed => removed.map(|()| true),
    }
}

/// Makes sure that the figures of a run are there without it.
fn kept(folder: &Path, path: &Path, name: &RunName) -> Result<(), StoreError> {
    if points::is_kept(folder, name) {
        return Ok(());
    }
    points::keep(folder, name, &record::file::read(path)?)
}

fn withdraw(file: &RunFile) -> Result<PathBuf, StoreError> {
    let io = |source| StoreError::Io { path: file.path.clone(), source };
    let mut name = file.name()?.clone();
    let folder = file.path.parent().unwrap_or(Path::new(".")).join(WITHDRAWN);
    fs::create_dir_all(&folder).map_err(io)?;
    while folder.join(name.to_string()).exists() {
        name = name.next();
    }
    let aside = folder.join(name.to_string());
    fs::rename(&file.path, &aside).map_err(io)?;
    Ok(aside)
}
