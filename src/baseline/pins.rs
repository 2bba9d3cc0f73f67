//! Runs that must not be removed: a file each, `DIR/<suite>/<fingerprint>/pins/<utc time>-<commit>.json`, so that two people who pin
//! two runs do not get in one another's way.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    name::RunName,
    points::{entry, name_of},
    scan::{self, PINS, RunFile, WITHDRAWN},
    store::{Store, Stored},
};
use crate::record::{self, Pin};

/// The pins of a fingerprint's folder.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// By the names of their runs.
    pub(super) of: BTreeMap<RunName, Pin>,
    /// Files among them that can't be read, or that are no pins, and why.
    pub(super) damaged: Vec<(PathBuf, StoreError)>,
}

impl Pins {
    /// Reads those of a folder.
    ///
    /// # Errors
    /// The folder can't be read.
    pub(super) fn read(folder: &Path) -> Result<Self, StoreError> {
        let mut pins = Self::default();
        for path in scan::files(&folder.join(PINS))? {
            match read(&path) {
                Ok((name, pin)) => drop(pins.of.insert(name, pin)),
                Err(error) => pins.damaged.push((path, error)),
            }
        }
        Ok(pins)
    }
}

fn read(path: &Path) -> Result<(RunName, Pin), StoreError> {
    let name = name_of(path).ok_or_else(|| StoreError::Misplaced {
        path: path.to_owned(),
        reason: "not a pin: those are named like 20261121T101500Z-1a2b3c4d.json".to_owned(),
    })?;
    Ok((name, record::file::read_pin(path)?))
}

impl Store {
    /// Pins stored runs, given as for [`Store::show`]: they are never pruned. Of a commit or a label all are pinned that have it. What is
    /// pinned already gets the new label. Returns the files of the runs.
    ///
    /// # Errors
    /// No such run, runs of several suites or fingerprints, one that a rollback withdrew; a file that can't be written.
    pub fn pin(&self, wanted: &Path, pin: &Pin) -> Result<Vec<PathBuf>, StoreError> {
        let files = self.find_all(wanted)?;
        for file in &files {
            if file.is_withdrawn() {
                let reason = "the run is withdrawn; move it back into the folder above before pinning it".to_owned();
                return Err(StoreError::Misplaced { path: file.path.clone(), reason });
            }
            // What is pinned must be readable: it is to be compared with one day.
            self.read(file)?;
        }
        for file in &files {
            record::file::write_pin(pin, &pin_of(file)?)?;
        }
        Ok(files.into_iter().map(|file| file.path).collect())
    }

    /// Takes pins back. Returns the files of the runs that were pinned.
    ///
    /// # Errors
    /// No such run, none of them is pinned, a file that can't be removed.
    pub fn unpin(&self, wanted: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let files = self.find_all(wanted)?;
        let mut unpinned = Vec::new();
        for file in &files {
            let place = pin_of(file)?;
            match fs::remove_file(&place).map_err(|source| StoreError::Io { path: place, source }) {
                Ok(()) => unpinned.push(file.path.clone()),
                Err(error) if error.is_gone() => {}
                Err(error) => return Err(error),
            }
        }
        match files.into_iter().next().filter(|_| unpinned.is_empty()) {
            Some(file) => Err(StoreError::NotPinned { path: file.path }),
            None => Ok(unpinned),
        }
    }

    /// The pinned runs of a suite and fingerprint, newest first.
    ///
    /// # Errors
    /// A damaged pin or run, a folder that can't be read.
    pub fn pinned(&self, suite: &str, fingerprint: &str) -> Result<Vec<Stored>, StoreError> {
        let folder = self.dir.join(suite).join(fingerprint);
        let pins = self.pins_in(&folder)?;
        let is_pinned = |file: &RunFile| file.name.as_ref().is_some_and(|name| pins.contains_key(name));
        scan::runs(&folder)?.iter().filter(|file| is_pinned(file)).map(|file| self.read(file)).collect()
    }

    /// The newest runs of a suite and fingerprint, given by their folders, newest first.
    ///
    /// # Errors
    /// A damaged run, a folder that can't be read.
    pub fn newest(&self, suite: &str, fingerprint: &str, count: usize) -> Result<Vec<Stored>, StoreError> {
        let runs = scan::runs(&self.dir.join(suite).join(fingerprint))?;
        let named = runs.iter().filter(|file| file.name.is_some());
        named.take(count).map(|file| self.read(file)).collect()
    }

    /// The newest runs of a suite and fingerprint that began after the newest of the pinned ones, newest first.
    ///
    /// # Errors
    /// A damaged pin or run, a folder that can't be read.
    pub fn since_pinned(&self, suite: &str, fingerprint: &str, count: usize) -> Result<Vec<Stored>, StoreError> {
        let folder = self.dir.join(suite).join(fingerprint);
        let pins = self.pins_in(&folder)?;
        let runs = scan::runs(&folder)?;
        let newer = runs.iter().take_while(|file| file.name.as_ref().is_some_and(|name| !pins.contains_key(name)));
        newer.take(count).map(|file| self.read(file)).collect()
    }

    /// The pins of a fingerprint's folder. One that can't be read is an error: its run would be taken for one that nobody pinned.
    pub(super) fn pins_in(&self, folder: &Path) -> Result<BTreeMap<RunName, Pin>, StoreError> {
        let pins = Pins::read(folder)?;
        pins.damaged.into_iter().next().map_or(Ok(pins.of), |(_, error)| Err(error))
    }
}

/// The file that pins a run.
fn pin_of(file: &RunFile) -> Result<PathBuf, StoreError> {
    let folder = file.path.ancestors().skip(1).find(|folder| !folder.ends_with(WITHDRAWN)).unwrap_or(Path::new("."));
    Ok(folder.join(PINS).join(format!("{}.json", entry(file.name()?))))
}
