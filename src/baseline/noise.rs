//! What comparisons side by side taught of noise: one file each, `DIR/<suite>/<fingerprint>/noise/<utc time>-<commit>.json`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    name::{RunName, suite_folder},
    scan::{self, NOISE, WITHDRAWN},
    store::{Store, folder_name},
};
use crate::record::{self, DuetNoise, LearnedNoise};

/// Most comparisons that are learned from, the newest ones: older ones are of other code and of other machines.
pub const LEARNED_MAX: usize = 20;

/// Packed records end like this; what is written here is for people to read as well.
const PACKED: &str = ".gz";

/// A stored lesson.
#[derive(Clone, Debug)]
pub struct StoredNoise {
    /// Its file.
    pub path: PathBuf,
    /// What was learned.
    pub noise: DuetNoise,
}

impl Store {
    /// Stores what a comparison taught, and removes all but the newest [`LEARNED_MAX`] of its fingerprint. Returns the file.
    ///
    /// # Errors
    /// It is stored already; a file that is damaged or does not belong there; a folder that can't be written.
    pub fn teach(&self, noise: &DuetNoise) -> Result<PathBuf, StoreError> {
        let folder = self.dir.join(suite_folder(&noise.suite)).join(&noise.fingerprint).join(NOISE);
        let known = read_all(&folder, usize::MAX)?;
        let same = |stored: &&StoredNoise| stored.noise.started_at == noise.started_at && stored.noise.commit == noise.commit;
        if let Some(same) = known.iter().find(same) {
            return Err(StoreError::Duplicate { path: same.path.clone() });
        }
        let mut name = RunName::new(noise.started_at, noise.commit.as_deref());
        while folder.join(file_name(&name)).exists() {
            name = name.next();
        }
        let path = folder.join(file_name(&name));
        record::file::write_noise(noise, &path)?;
        for (old, _) in named(&folder)?.into_iter().skip(LEARNED_MAX) {
            fs::remove_file(&old).map_err(|source| StoreError::Io { path: old, source })?;
        }
        Ok(path)
    }

    /// What the newest comparisons of a suite and fingerprint taught together.
    ///
    /// # Errors
    /// A file that is damaged, foreign, or lies in the wrong folder.
    pub fn learned(&self, suite: &str, fingerprint: &str) -> Result<LearnedNoise, StoreError> {
        let folder = self.dir.join(suite_folder(suite)).join(fingerprint).join(NOISE);
        Ok(LearnedNoise::of(read_all(&folder, LEARNED_MAX)?.iter().map(|stored| &stored.noise)))
    }

    /// All that was learned, of all suites or of one: by suite and fingerprint, newest first.
    ///
    /// # Errors
    /// As [`Self::learned`].
    pub fn lessons(&self, suite: Option<&str>) -> Result<Vec<Vec<StoredNoise>>, StoreError> {
        let folders = self.fingerprint_folders(suite)?;
        let lessons = folders.iter().map(|folder| read_all(&folder.join(NOISE), LEARNED_MAX));
        Ok(lessons.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|lessons| !lessons.is_empty()).collect())
    }
}

impl StoredNoise {
    /// The name it is known by: that of its file, without the ending.
    #[must_use]
    pub fn entry(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

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

fn file_name(name: &RunName) -> String {
    name.to_string().trim_end_matches(PACKED).to_owned()
}

/// The files of a folder with what their names say, newest first.
fn named(folder: &Path) -> Result<Vec<(PathBuf, RunName)>, StoreError> {
    let name = |path: &Path| RunName::parse(&format!("{}{PACKED}", path.file_name()?.to_str()?));
    let mut files = Vec::new();
    for path in scan::files(folder)? {
        let misplaced = || StoreError::Misplaced {
            path: path.clone(),
            reason: "not what a comparison taught: those files are named like 20261121T101500Z-1a2b3c4d.json".to_owned(),
        };
        let name = name(&path).ok_or_else(misplaced)?;
        files.push((path, name));
    }
    files.sort_by(|a, b| b.1.cmp(&a.1));
    Ok(files)
}

fn read_all(folder: &Path, newest: usize) -> Result<Vec<StoredNoise>, StoreError> {
    named(folder)?.into_iter().take(newest).map(|(path, _)| read(path)).collect()
}

/// Reads a file and makes sure that it belongs where it lies.
fn read(path: PathBuf) -> Result<StoredNoise, StoreError> {
    let noise = record::file::read_noise(&path)?;
    let (fingerprint, suite) = (folder_name(&path, 2), folder_name(&path, 3));
    let reason = if suite != suite_folder(&noise.suite) {
        format!("learned from suite '{}', in the folder of suite '{suite}'", noise.suite)
    } else if fingerprint != noise.fingerprint {
        format!("learned under fingerprint {}, in the folder of {fingerprint}", noise.fingerprint)
    } else {
        return Ok(StoredNoise { path, noise });
    };
    Err(StoreError::Misplaced { path, reason })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::record::{EndpointSpread, NOISE_SCHEMA, Spread};

    fn noise(number: i64, sum_of_squares: f64) -> DuetNoise {
        DuetNoise {
            schema: NOISE_SCHEMA.to_owned(),
            suite: "shop".to_owned(),
            fingerprint: "0123456789ab".to_owned(),
            started_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(number),
            commit: Some("1a2b3c4d5e6f".to_owned()),
            same_version: false,
            replicates: 6,
            seconds_per_replicate: 20.0,
            spreads: vec![EndpointSpread {
                endpoint: "/a".to_owned(),
                metric: "p50".to_owned(),
                spread: Spread::Replicated { sum_of_squares, df: 5.0 },
            }],
        }
    }

    #[test]
    fn the_newest_twenty_are_kept_and_summed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert_eq!(store.learned("shop", "0123456789ab").unwrap(), LearnedNoise::default());
        for number in 0..22 {
            let path = store.teach(&noise(number, 1.0)).unwrap();
            assert!(path.ends_with(format!("shop/0123456789ab/noise/19700101T00{number:02}00Z-1a2b3c4d.json")), "{path:?}");
        }
        let lessons = store.lessons(None).unwrap();
        assert_eq!(lessons.iter().map(Vec::len).collect::<Vec<_>>(), [20]);
        assert_eq!(lessons[0][0].noise, noise(21, 1.0));
        let learned = store.learned("shop", "0123456789ab").unwrap();
        assert_eq!((learned.duets(), learned.get("/a", "p50").map(|learned| learned.df)), (20, Some(100.0)));
        assert_eq!(store.learned("shop", "ffffffffffff").unwrap().duets(), 0);
        assert!(store.list(None).unwrap().is_empty(), "lessons are no runs");
    }

    #[test]
    fn a_comparison_teaches_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        store.teach(&noise(1, 1.0)).unwrap();
        assert!(matches!(store.teach(&noise(1, 2.0)), Err(StoreError::Duplicate { .. })));
        let other = DuetNoise { commit: Some("1a2b3c4d-other".to_owned()), ..noise(1, 1.0) };
        assert!(store.teach(&other).unwrap().ends_with("19700101T000100Z-1a2b3c4d-2.json"));
    }

    #[test]
    fn what_is_forgotten_is_moved_aside_by_its_name_or_as_one_of_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let taught: Vec<PathBuf> = (0..4).map(|number| store.teach(&noise(number, 1.0)).unwrap()).collect();
        let left = || store.lessons(None).unwrap().concat().iter().map(StoredNoise::entry).collect::<Vec<_>>();
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

    #[test]
    fn damaged_and_misplaced_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let path = store.teach(&noise(1, 1.0)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for (damage, expected) in [
            (text[..text.len() / 2].to_owned(), "the record is damaged: it ends early"),
            (text.replace("1.0,", "-1.0,"), "the record is damaged: the spread of p50 of '/a' is no spread"),
            (
                text.replace("noise/v1", "noise/v2"),
                "written as loadgate/noise/v2 by a newer loadgate, not a loadgate/noise/v1 file",
            ),
            (text.replace("\"shop\"", "\"billing\""), "learned from suite 'billing', in the folder of suite 'shop'"),
            (
                text.replace("0123456789ab", "ab0123456789"),
                "learned under fingerprint ab0123456789, in the folder of 0123456789ab",
            ),
        ] {
            fs::write(&path, damage).unwrap();
            let error = store.learned("shop", "0123456789ab").unwrap_err();
            assert!(error.to_string().ends_with(expected), "{error}");
            assert!(error.to_string().contains("19700101T000100Z-1a2b3c4d.json: ") && error.hint().is_some());
        }
        fs::write(path.with_file_name("notes.txt"), "").unwrap();
        let error = store.learned("shop", "0123456789ab").unwrap_err().to_string();
        assert!(error.contains("notes.txt: not what a comparison taught"), "{error}");
    }
}
