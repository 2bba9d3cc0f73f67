//! Walking the folders of the store.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{error::StoreError, name::RunName};

/// Where a fingerprint's withdrawn runs lie, inside its folder.
pub(super) const WITHDRAWN: &str = "withdrawn";
/// Where lies what comparisons of a fingerprint taught of noise, inside its folder.
pub(super) const NOISE: &str = "noise";

/// Where lie the figures of a fingerprint's runs that are kept for good, inside its folder.
pub(super) const HISTORY: &str = "history";
/// Where it stands which of a fingerprint's runs are pinned, inside its folder.
pub(super) const PINS: &str = "pins";

/// A file in a fingerprint's folder.
#[derive(Clone, Debug)]
pub(super) struct RunFile {
    pub(super) path: PathBuf,
    /// `None` for a file that no promotion wrote.
    pub(super) name: Option<RunName>,
}

impl RunFile {
    /// Whether a rollback moved it aside.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.path.parent().is_some_and(|folder| folder.ends_with(WITHDRAWN))
    }

    /// Its name, or the error that it is none of ours.
    pub(super) fn name(&self) -> Result<&RunName, StoreError> {
        self.name.as_ref().ok_or_else(|| StoreError::Misplaced {
            path: self.path.clone(),
            reason: "not a stored run: those are named like 20261121T101500Z-1a2b3c4d.json.gz".to_owned(),
        })
    }
}

/// The folders in a folder, by name; none if there is no such folder.
pub(super) fn folders(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(entries(dir)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// The files in a folder, by name; none if there is no such folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(entries(folder)?.into_iter().filter(|path| !path.is_dir()).collect())
}

/// The files in a folder, newest run first; none if there is no such folder.
pub(super) fn runs(folder: &Path) -> Result<Vec<RunFile>, StoreError> {
    let mut runs: Vec<RunFile> = files(folder)?
        .into_iter()
        .map(|path| RunFile { name: path.file_name().and_then(|name| name.to_str()).and_then(RunName::parse), path })
        .collect();
    runs.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(runs)
}

/// What lies in a folder, by name. Hidden files are not ours: unfinished promotions and what version control leaves.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let io = |source| StoreError::Io { path: dir.to_owned(), source };
    let listed = match fs::read_dir(dir) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut paths = Vec::new();
    for entry in listed {
        let entry = entry.map_err(io)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
