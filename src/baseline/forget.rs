//! Taking back what was learned of noise: a file is moved aside into `noise/withdrawn/`, and can be moved back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    name::RunName,
    noise::{file_name, named},
    scan::{NOISE, WITHDRAWN},
    store::{Store, folder_name},
};

impl Store {
    /// Moves something aside that was learned, so that no comparison uses it any more; it is given as a path, as the name of its file
    /// or as its entry. It need not be readable. Returns where it is now.
    ///
    /// # Errors
    /// Nothing, or more than one thing, was learned under that name; the file can't be moved.
    pub fn forget(&self, wanted: &Path, suite: Option<&str>) -> Result<PathBuf, StoreError> {
        let files = self.lesson_files(suite)?;
        let path = wanted.canonicalize().ok();
        let is_meant = |file: &Path| {
            let is_there = path.is_some() && file.canonicalize().ok() == path;
            is_there || file.file_name() == Some(wanted.as_os_str()) || file.file_stem() == Some(wanted.as_os_str())
        };
        let mut meant = files.iter().filter(|(file, _)| is_meant(file));
        let name = wanted.display().to_string();
        match (meant.next(), meant.count()) {
            (Some((file, name)), 0) => withdraw(file, name),
            (Some(_), others) => Err(StoreError::Ambiguous { wanted: name, count: others + 1 }),
            (None, _) => Err(StoreError::NotLearned { wanted: name, dir: self.dir.clone() }),
        }
    }

    /// Moves the newest things aside that were learned, of all fingerprints together. Returns where they are now.
    ///
    /// # Errors
    /// Nothing was learned; a file can't be moved.
    pub fn forget_newest(&self, count: usize, suite: Option<&str>) -> Result<Vec<PathBuf>, StoreError> {
        let mut files = self.lesson_files(suite)?;
        files.sort_by(|a, b| b.1.cmp(&a.1));
        if files.is_empty() {
            return Err(StoreError::NotLearned { wanted: "the newest".to_owned(), dir: self.dir.clone() });
        }
        files.iter().take(count).map(|(file, name)| withdraw(file, name)).collect()
    }

    /// Suites of which something was learned, by the names of their folders.
    ///
    /// # Errors
    /// A folder that can't be read.
    pub fn suites_learned(&self) -> Result<Vec<String>, StoreError> {
        let mut suites: Vec<String> = self.lesson_files(None)?.iter().map(|(file, _)| folder_name(file, 3)).collect();
        suites.dedup();
        Ok(suites)
    }

    fn lesson_files(&self, suite: Option<&str>) -> Result<Vec<(PathBuf, RunName)>, StoreError> {
        let folders = self.fingerprint_folders(suite)?;
        let files: Result<Vec<_>, _> = folders.iter().map(|folder| named(&folder.join(NOISE))).collect();
        Ok(files?.into_iter().flatten().collect())
    }
}

/// Moves a lesson into the folder of those that nobody learns from.
fn withdraw(file: &Path, name: &RunName) -> Result<PathBuf, StoreError> {
    let io = |source| StoreError::Io { path: file.to_owned(), source };
    let folder = file.parent().unwrap_or(Path::new(".")).join(WITHDRAWN);
    fs::create_dir_all(&folder).map_err(io)?;
    let mut name = name.clone();
    while folder.join(file_name(&name)).exists() {
        name = name.next();
    }
    let aside = folder.join(file_name(&name));
    fs::rename(file, &aside).map_err(io)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        baseline::{StoredLesson, noise::tests::noise},
        record::DuetNoise,
    };

    #[test]
    fn what_is_forgotten_is_moved_aside_by_its_name_or_as_one_of_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let taught: Vec<PathBuf> = (0..4).map(|number| store.teach(&noise(number, 1.0)).unwrap()).collect();
        let left = || store.lessons(None).unwrap().concat().iter().map(StoredLesson::entry).collect::<Vec<_>>();
        let entry = |number: usize| format!("19700101T000{number}00Z-1a2b3c4d");
        let aside = store.forget(Path::new(&entry(1)), None).unwrap();
        assert!(aside.ends_with(format!("noise/withdrawn/{}.json", entry(1))) && aside.exists(), "{aside:?}");
        assert_eq!(left(), [entry(3), entry(2), entry(0)]);
        store.forget(&taught[3], Some("shop")).unwrap();
        let newest = store.forget_newest(1, None).unwrap();
        assert!(newest.len() == 1 && newest[0].ends_with(format!("withdrawn/{}.json", entry(2))));
        assert_eq!(left(), [entry(0)]);
        assert_eq!(store.learned("shop", "0123456789ab").unwrap().duets(), 1);
        for unknown in [entry(1), "latest".to_owned()] {
            let error = store.forget(Path::new(&unknown), None).unwrap_err();
            assert!(error.to_string().contains(&format!("{unknown}: nothing was learned under this name")), "{error}");
        }
        // One that is learned again may be forgotten again, and one that is damaged as well.
        fs::write(store.teach(&noise(1, 1.0)).unwrap(), "{").unwrap();
        assert!(store.forget(Path::new(&entry(1)), None).unwrap().ends_with(format!("withdrawn/{}-2.json", entry(1))));
        assert_eq!(store.suites_learned().unwrap(), ["shop"]);
        assert_eq!((store.forget_newest(9, None).unwrap().len(), left().len()), (1, 0));
        assert!(matches!(store.forget_newest(1, None), Err(StoreError::NotLearned { .. })));
    }

    #[test]
    fn one_name_in_two_places_is_not_guessed_at() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let first = store.teach(&noise(1, 1.0)).unwrap();
        store.teach(&DuetNoise { suite: "billing".to_owned(), ..noise(1, 1.0) }).unwrap();
        let entry = first.file_stem().map(Path::new).unwrap();
        assert!(matches!(store.forget(entry, None), Err(StoreError::Ambiguous { count: 2, .. })));
        assert!(store.forget(entry, Some("billing")).unwrap().exists());
        assert!(first.exists() && store.forget(&first, None).is_ok());
    }
}
