//! The figures of all runs that were ever stored: one small file each, `DIR/<suite>/<fingerprint>/history/<utc time>-<commit>.json`.
//!
//! They are written when a run is stored and stay when it is pruned. Runs that an earlier version stored have none; theirs are
//! taken from the runs themselves.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    name::RunName,
    pins::Pins,
    scan::{self, HISTORY, RunFile, WITHDRAWN},
    store::{Store, folder_name},
};
use crate::record::{self, Pin, RunPoint, RunRecord};

/// Packed records end like this; figures are small and not packed, so that version control sees what they are.
const PACKED: &str = ".gz";

/// All runs of one suite and fingerprint, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Folder of the suite.
    pub suite: String,
    /// Folder of the fingerprint.
    pub fingerprint: String,
    /// The runs.
    pub runs: Vec<KeptRun>,
    /// Files that can't be read or do not belong there, and why.
    pub damaged: Vec<(PathBuf, String)>,
}

/// A run that was stored once.
#[derive(Clone, Debug)]
pub struct KeptRun {
    /// The name it is known by: that of its file, without the ending.
    pub entry: String,
    /// Its figures.
    pub point: RunPoint,
    /// What became of the run itself.
    pub fate: Fate,
    /// Why it must not be removed, where it must not.
    pub pin: Option<Pin>,
}

/// What became of a run that was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Runs are compared with it.
    Active,
    /// A rollback moved it aside.
    Withdrawn,
    /// It was removed as it was old; its figures are left.
    Pruned,
}

impl Fate {
    /// The name in files: `active`, `withdrawn`, `pruned`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Withdrawn => "withdrawn",
            Self::Pruned => "pruned",
        }
    }
}

impl Store {
    /// All that is known of runs that were stored, of all suites or of one. What can't be read is named and left out.
    ///
    /// # Errors
    /// A folder that can't be read.
    pub fn kept(&self, suite: Option<&str>) -> Result<Vec<Kept>, StoreError> {
        let folders = self.fingerprint_folders(suite)?;
        let kept = folders.iter().map(|folder| self.kept_in(folder)).collect::<Result<Vec<_>, _>>()?;
        Ok(kept.into_iter().filter(|kept| !(kept.runs.is_empty() && kept.damaged.is_empty())).collect())
    }

    fn kept_in(&self, folder: &Path) -> Result<Kept, StoreError> {
        let mut kept = Kept {
            // The folder of a file that would lie in this one.
            suite: folder_name(&folder.join("run"), 2),
            fingerprint: folder_name(&folder.join("run"), 1),
            ..Kept::default()
        };
        let pins = Pins::read(folder)?;
        let fates = fates(folder)?;
        let mut found: BTreeMap<RunName, (RunPoint, Fate)> = BTreeMap::new();
        for path in scan::files(&folder.join(HISTORY))? {
            match name_of(&path).map(|name| point(&path, &kept).map(|point| (name, point))) {
                Some(Ok((name, point))) => {
                    let fate = fates.get(&name).map_or(Fate::Pruned, |(_, fate)| *fate);
                    found.insert(name, (point, fate));
                }
                Some(Err(reason)) => kept.damaged.push((path, reason)),
                None => kept.damaged.push((path, "not the figures of a run".to_owned())),
            }
        }
        for (name, (file, fate)) in fates {
            if let std::collections::btree_map::Entry::Vacant(place) = found.entry(name) {
                match self.read(&file) {
                    Ok(stored) => drop(place.insert((RunPoint::of(&stored.record), fate))),
                    Err(error) if error.is_gone() => {}
                    Err(error) => kept.damaged.push((file.path, error.to_string())),
                }
            }
        }
        kept.damaged.extend(pins.damaged.into_iter().map(|(path, error)| (path, error.to_string())));
        kept.runs = found
            .into_iter()
            .map(|(name, (point, fate))| KeptRun { entry: entry(&name), point, fate, pin: pins.of.get(&name).cloned() })
            .collect();
        Ok(kept)
    }
}

/// Writes the figures of a run that is stored under that name.
pub(super) fn keep(folder: &Path, name: &RunName, record: &RunRecord) -> Result<(), StoreError> {
    Ok(record::file::write_point(&RunPoint::of(record), &path_of(folder, name))?)
}

/// Whether the figures of a run are kept already.
pub(super) fn is_kept(folder: &Path, name: &RunName) -> bool {
    path_of(folder, name).exists()
}

/// `20261121T101500Z-1a2b3c4d`.
pub(super) fn entry(name: &RunName) -> String {
    let file = name.to_string();
    file.split('.').next().unwrap_or_default().to_owned()
}

/// The name of the run that a `.json` file tells of.
pub(super) fn name_of(path: &Path) -> Option<RunName> {
    RunName::parse(&format!("{}{PACKED}", path.file_name()?.to_str()?))
}

fn path_of(folder: &Path, name: &RunName) -> PathBuf {
    folder.join(HISTORY).join(format!("{}.json", entry(name)))
}

/// The files of the runs themselves.
fn fates(folder: &Path) -> Result<BTreeMap<RunName, (RunFile, Fate)>, StoreError> {
    let mut fates = BTreeMap::new();
    for (place, fate) in [(folder.join(WITHDRAWN), Fate::Withdrawn), (folder.to_owned(), Fate::Active)] {
        for file in scan::runs(&place)? {
            if let Some(name) = file.name.clone() {
                fates.insert(name, (file, fate));
            }
        }
    }
    Ok(fates)
}

fn point(path: &Path, kept: &Kept) -> Result<RunPoint, String> {
    let point = record::file::read_point(path).map_err(|error| error.to_string())?;
    if point.fingerprint == kept.fingerprint {
        Ok(point)
    } else {
        Err(format!("{}: a run of fingerprint {} in the folder of {}", path.display(), point.fingerprint, kept.fingerprint))
    }
}
