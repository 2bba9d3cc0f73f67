//! Putting runs into the store, and finding those a run can be compared with.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    git::Lineage,
    name::{RunName, suite_folder},
    points,
    scan::{self, RunFile},
};
use crate::record::{self, Ended, RunRecord};

/// Runs in files under a folder.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) dir: PathBuf,
}

/// A stored run.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its file.
    pub path: PathBuf,
    /// What was measured, in blocks.
    pub record: RunRecord,
}

/// What a run can be compared with.
#[derive(Clone, Debug)]
pub enum Found {
    /// Runs of the same fingerprint, newest first.
    Runs(Vec<Stored>),
    /// No run of this suite is stored.
    None,
    /// Runs of this suite are stored, but of other fingerprints; what differs from the newest of them, in words.
    Mismatch(Vec<String>),
}

/// Whether a run was warmed up: a stage that is not measured was played before the first that is.
#[must_use]
pub fn has_warmup(record: &RunRecord) -> bool {
    record.plan.stages.first().is_some_and(|stage| !stage.measured && stage.played_us > 0)
}

/// What gives a run like this one a warm-up. Runs of nothing but WebSocket connections have no stages of their own to add one to.
#[must_use]
pub fn warmup_hint(record: &RunRecord) -> &'static str {
    let stages = &record.plan.stages;
    let is_of_connections = !stages.is_empty() && stages.iter().all(|stage| stage.shape.ends_with(" connections"));
    if is_of_connections { "add a warm-up to `connections`, such as warmup: 10s" } else { "add a stage with warmup: true" }
}

impl Store {
    /// The store in a folder, which need not exist yet.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Stores a run, its windows put together to the blocks it is compared in. Never overwrites a stored run.
    ///
    /// # Errors
    /// A run that was cut short or measured nothing, one that is stored already, a folder that can't be written.
    pub fn promote(&self, record: &RunRecord) -> Result<PathBuf, StoreError> {
        self.check(record)?;
        let folder = self.folder_of(record);
        fs::create_dir_all(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
        let unfinished = tempfile::Builder::new().prefix(".promoting-").tempfile_in(&folder);
        let mut unfinished = unfinished.map_err(|source| StoreError::Io { path: folder.clone(), source })?.into_temp_path();
        record::file::write(&record.coarsened(record.plan.block_us), &unfinished)?;
        let mut name = RunName::of(record);
        loop {
            let path = folder.join(name.to_string());
            match unfinished.persist_noclobber(&path) {
                Ok(()) => {
                    points::keep(&folder, &name, record)?;
                    return Ok(path);
                }
                Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => {
                    match record::file::read(&path).map_err(StoreError::from) {
                        // Somebody else may have stored this very run since it was looked for.
                        Ok(there) if is_same_run(&there, record) => return Err(StoreError::Duplicate { path }),
                        Ok(_) => name = name.next(),
                        // Somebody else has removed it since, so that the name is free again.
                        Err(error) if error.is_gone() => {}
                        Err(error) => return Err(error),
                    }
                    unfinished = taken.path;
                }
                Err(failed) => return Err(StoreError::Io { path, source: failed.error }),
            }
        }
    }

    /// Whether a run may be stored, without storing it.
    ///
    /// # Errors
    /// Why it may not.
    pub fn check(&self, record: &RunRecord) -> Result<(), StoreError> {
        let unfit = |reason: &str| Err(StoreError::Unfit { reason: reason.to_owned() });
        match record.ended {
            Ended::Complete => {}
            Ended::Interrupted => return unfit("the run was interrupted"),
            Ended::Aborted => return unfit("the run was aborted"),
        }
        if record.ab.is_some() {
            return unfit("it is one side of an A/B run: what a version does beside another one is no measure of it alone");
        }
        if !record.endpoints.iter().flat_map(|endpoint| endpoint.windows()).any(|window| window.requests > window.error_count()) {
            return unfit("the run has no successful request");
        }
        let name = RunName::of(record);
        let folder = self.folder_of(record);
        for file in scan::runs(&folder)?.iter().filter(|file| file.name.as_ref().is_some_and(|n| n.began == name.began)) {
            if self.present(file)?.is_some_and(|stored| is_same_run(&stored.record, record)) {
                return Err(StoreError::Duplicate { path: file.path.clone() });
            }
        }
        Ok(())
    }

    /// The `newest` runs that `record` can be compared with. The run itself, if it is stored, is not one of them; nor, where `lineage`
    /// says what it descends from, are those of commits that it does not, as long as there are others; nor is anything older than
    /// the runs whose level was accepted last: that level is what counts from then on.
    ///
    /// # Errors
    /// A file that is damaged, foreign, or lies in the wrong folder.
    pub fn matching(&self, record: &RunRecord, newest: usize, lineage: Option<&Lineage>) -> Result<Found, StoreError> {
        let (mut of_lineage, mut others) = (Vec::new(), Vec::new());
        for file in scan::runs(&self.folder_of(record))? {
            file.name()?;
            if of_lineage.len() < newest
                && let Some(stored) = self.present(&file)?
            {
                let runs = if descends(lineage, &stored.record) { &mut of_lineage } else { &mut others };
                if !is_same_run(&stored.record, record) && runs.len() < newest {
                    runs.push(stored);
                }
            }
        }
        let runs = since_accepted(if of_lineage.is_empty() { others } else { of_lineage });
        if !runs.is_empty() {
            return Ok(Found::Runs(runs));
        }
        let Some(other) = self.newest_of(&record.suite, &record.fingerprint().id)? else { return Ok(Found::None) };
        Ok(Found::Mismatch(record.fingerprint().differences(&other.record.fingerprint())))
    }

    /// The newest run of a suite that has another fingerprint.
    fn newest_of(&self, suite: &str, except: &str) -> Result<Option<Stored>, StoreError> {
        let mut newest: Option<RunFile> = None;
        for folder in scan::folders(&self.dir.join(suite_folder(suite)))? {
            if folder.file_name().is_some_and(|id| id == except) {
                continue;
            }
            for file in scan::runs(&folder)? {
                if newest.as_ref().is_none_or(|newest| file.name > newest.name) {
                    file.name()?;
                    newest = Some(file);
                }
            }
        }
        newest.map_or(Ok(None), |file| self.present(&file))
    }

    /// Reads a stored run, if it is still there: another job may prune at the same time.
    fn present(&self, file: &RunFile) -> Result<Option<Stored>, StoreError> {
        match self.read(file) {
            Err(error) if error.is_gone() => Ok(None),
            read => read.map(Some),
        }
    }

    /// Reads a stored run and makes sure that it belongs where it lies.
    pub(super) fn read(&self, file: &RunFile) -> Result<Stored, StoreError> {
        file.name()?;
        let record = record::file::read(&file.path)?;
        let misplaced = |reason: String| Err(StoreError::Misplaced { path: file.path.clone(), reason });
        let (fingerprint, suite) = (folder_name(&file.path, 1), folder_name(&file.path, 2));
        if suite != suite_folder(&record.suite) {
            return misplaced(format!("a run of suite '{}' in the folder of suite '{suite}'", record.suite));
        }
        if fingerprint != record.fingerprint().id {
            return misplaced(format!("a run of fingerprint {} in the folder of {fingerprint}", record.fingerprint().id));
        }
        Ok(Stored { path: file.path.clone(), record })
    }

    fn folder_of(&self, record: &RunRecord) -> PathBuf {
        self.dir.join(suite_folder(&record.suite)).join(record.fingerprint().id)
    }
}

/// Whether a run is one of those that a version descends from, as far as anybody knows.
#[must_use]
pub fn descends(lineage: Option<&Lineage>, run: &RunRecord) -> bool {
    let (Some(lineage), Some(commit)) = (lineage, &run.provenance.commit) else { return true };
    lineage.holds(commit, run.started_at)
}

/// The newest runs as far back as those whose level was accepted last, and these: what is older had another level.
fn since_accepted(mut runs: Vec<Stored>) -> Vec<Stored> {
    let level = |stored: &Stored| stored.record.provenance.accepted.as_ref().map(|accepted| accepted.at);
    if let Some(first) = runs.iter().position(|stored| level(stored).is_some()) {
        let accepted = level(&runs[first]);
        let of_level = runs[first..].iter().take_while(|stored| level(stored) == accepted).count();
        runs.truncate(first + of_level);
    }
    runs
}

/// A run is known by the moment it began and the commit it measured; the rest changes when it is coarsened.
fn is_same_run(a: &RunRecord, b: &RunRecord) -> bool {
    a.started_at == b.started_at && a.provenance.commit == b.provenance.commit
}

/// The name of the `n`th folder above a file, leaving out the one of withdrawn runs.
pub(super) fn folder_name(path: &Path, n: usize) -> String {
    let above = path.ancestors().skip(1).filter_map(Path::file_name).filter(|name| *name != scan::WITHDRAWN);
    above.map(|name| name.to_string_lossy().into_owned()).nth(n - 1).unwrap_or_default()
}
