//! What is stored, damaged files included.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    name::suite_folder,
    pins::Pins,
    points::{KeptRun, entry},
    scan::{self, RunFile, WITHDRAWN},
    store::{Store, Stored, folder_name},
};
use crate::record::{Pin, RunRecord};

/// A file of the store.
#[derive(Debug)]
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// Folder of its suite.
    pub suite: String,
    /// Folder of its fingerprint.
    pub fingerprint: String,
    /// What became of it.
    pub state: State,
    /// Why it must not be removed, where it must not.
    pub pin: Option<Pin>,
}

/// What became of a stored run.
#[derive(Debug)]
pub enum State {
    /// Runs are compared with it.
    Active(Box<RunRecord>),
    /// A rollback moved it aside.
    Withdrawn(Box<RunRecord>),
    /// It can't be read or does not belong there; why, in words.
    Damaged(String),
}

impl State {
    /// The name in files: `active`, `withdrawn`, `damaged`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Active(_) => "active",
            Self::Withdrawn(_) => "withdrawn",
            Self::Damaged(_) => "damaged",
        }
    }

    /// The run, if it can be read.
    #[must_use]
    pub fn record(&self) -> Option<&RunRecord> {
        match self {
            Self::Active(record) | Self::Withdrawn(record) => Some(record),
            Self::Damaged(_) => None,
        }
    }
}

impl Store {
    /// Everything that is stored, or all of one suite: by suite and fingerprint, newest first, withdrawn runs last.
    ///
    /// # Errors
    /// A folder that can't be read. Damaged files are listed as such, those of pins among them.
    pub fn list(&self, suite: Option<&str>) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        for folder in self.fingerprint_folders(suite)? {
            let pins = Pins::read(&folder)?;
            let aside = folder.join(WITHDRAWN);
            listed.extend(scan::runs(&folder)?.into_iter().map(|file| self.listed(file, &pins, State::Active)));
            listed.extend(scan::runs(&aside)?.into_iter().map(|file| self.listed(file, &pins, State::Withdrawn)));
            listed.extend(pins.damaged.into_iter().map(|(path, error)| damaged_pin(path, &error)));
        }
        Ok(listed)
    }

    /// The newest run that comparisons use, over all fingerprints.
    ///
    /// # Errors
    /// Nothing is stored, or the newest file is damaged.
    pub fn latest(&self, suite: Option<&str>) -> Result<Stored, StoreError> {
        let newest = self.active(suite)?.into_iter().max_by(|a, b| a.name.cmp(&b.name));
        self.read(&newest.ok_or_else(|| self.absent("latest"))?)
    }

    /// The stored run in a file, given as a path, as the name of a stored file with or without its ending, or as the commit or the
    /// label of the only run that was stored of it.
    ///
    /// # Errors
    /// No such file in the store, several of that name, a damaged file.
    pub fn show(&self, wanted: &Path) -> Result<Stored, StoreError> {
        self.read(&self.find(wanted)?)
    }

    /// Files that comparisons use.
    pub(super) fn active(&self, suite: Option<&str>) -> Result<Vec<RunFile>, StoreError> {
        let mut files = Vec::new();
        for folder in self.fingerprint_folders(suite)? {
            files.extend(scan::runs(&folder)?);
        }
        Ok(files)
    }

    /// The one run that is meant.
    fn find(&self, wanted: &Path) -> Result<RunFile, StoreError> {
        let mut files = self.meant(wanted)?;
        match (files.pop(), files.len()) {
            (Some(file), 0) => Ok(file),
            (Some(_), others) => Err(StoreError::Ambiguous { wanted: wanted.display().to_string(), count: others + 1 }),
            (None, _) => Err(self.absent(&wanted.display().to_string())),
        }
    }

    /// The runs of a suite and fingerprint that are meant, newest first, and at least one: by a commit or a label all that have it.
    /// Withdrawn ones are meant where no other is.
    pub(super) fn find_all(&self, wanted: &Path) -> Result<Vec<RunFile>, StoreError> {
        let mut files = self.meant(wanted)?;
        if files.iter().any(|file| !file.is_withdrawn()) {
            files.retain(|file| !file.is_withdrawn());
        }
        let place = |file: &RunFile| format!("{}/{}", folder_name(&file.path, 2), folder_name(&file.path, 1));
        let places: BTreeSet<String> = files.iter().map(place).collect();
        if places.len() > 1 {
            let places = places.into_iter().collect();
            return Err(StoreError::Scattered { wanted: wanted.display().to_string(), places });
        }
        files.sort_by(|a, b| b.name.cmp(&a.name));
        if files.is_empty() { Err(self.absent(&wanted.display().to_string())) } else { Ok(files) }
    }

    /// The files that somebody means who gives a path, the name of a file, a commit, or else a label of runs or pins.
    fn meant(&self, wanted: &Path) -> Result<Vec<RunFile>, StoreError> {
        let mut files = self.active(None)?;
        for folder in self.fingerprint_folders(None)? {
            files.extend(scan::runs(&folder.join(WITHDRAWN))?);
        }
        let path = wanted.canonicalize().ok();
        let at_path = files.iter().find(|file| path.is_some() && file.path.canonicalize().ok() == path);
        if let Some(file) = at_path {
            return Ok(vec![file.clone()]);
        }
        let is_named = |file: &&RunFile| {
            file.path.file_name() == Some(wanted.as_os_str())
                || file.name.as_ref().is_some_and(|name| name.is_called(&wanted.to_string_lossy()))
        };
        let named: Vec<RunFile> = files.iter().filter(is_named).cloned().collect();
        if named.is_empty() { self.labelled(&files, &wanted.to_string_lossy()) } else { Ok(named) }
    }

    /// Those of the files whose run or pin has that label.
    fn labelled(&self, files: &[RunFile], label: &str) -> Result<Vec<RunFile>, StoreError> {
        let mut labelled = Vec::new();
        for kept in self.kept(None)? {
            let is_labelled = |run: &KeptRun| {
                let pin = run.pin.as_ref().and_then(|pin| pin.label.as_deref());
                pin == Some(label) || run.point.label.as_deref() == Some(label)
            };
            let entries: BTreeSet<&str> = kept.runs.iter().filter(|run| is_labelled(run)).map(|run| run.entry.as_str()).collect();
            let is_of = |file: &&RunFile| {
                let is_here = folder_name(&file.path, 1) == kept.fingerprint && folder_name(&file.path, 2) == kept.suite;
                is_here && file.name.as_ref().is_some_and(|name| entries.contains(entry(name).as_str()))
            };
            labelled.extend(files.iter().filter(is_of).cloned());
        }
        Ok(labelled)
    }

    pub(super) fn absent(&self, wanted: &str) -> StoreError {
        StoreError::Absent { wanted: wanted.to_owned(), dir: self.dir.clone() }
    }

    pub(super) fn fingerprint_folders(&self, suite: Option<&str>) -> Result<Vec<PathBuf>, StoreError> {
        let suites = match suite {
            Some(suite) => vec![self.dir.join(suite_folder(suite))],
            None => scan::folders(&self.dir)?,
        };
        suites.iter().map(|suite| scan::folders(suite)).collect::<Result<Vec<_>, _>>().map(|folders| folders.concat())
    }

    fn listed(&self, file: RunFile, pins: &Pins, state: impl Fn(Box<RunRecord>) -> State) -> Listed {
        let pin = file.name.as_ref().and_then(|name| pins.of.get(name)).cloned();
        let state =
            self.read(&file).map_or_else(|error| State::Damaged(error.to_string()), |stored| state(Box::new(stored.record)));
        Listed { suite: folder_name(&file.path, 2), fingerprint: folder_name(&file.path, 1), path: file.path, state, pin }
    }
}

/// It may have been of any of the runs, so it has a line of its own.
fn damaged_pin(path: PathBuf, error: &StoreError) -> Listed {
    let (suite, fingerprint) = (folder_name(&path, 3), folder_name(&path, 2));
    Listed { path, suite, fingerprint, state: State::Damaged(error.to_string()), pin: None }
}
