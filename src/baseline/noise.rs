//! What comparisons side by side taught of noise: one file each, `DIR/<suite>/<fingerprint>/noise/<utc time>-<commit>.json`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    name::{RunName, suite_folder},
    scan::{self, NOISE},
    store::{Store, folder_name},
};
use crate::record::{self, DuetNoise, LearnedNoise};

/// Most comparisons that are learned from, the newest ones: older ones are of other code and of other machines.
pub const LEARNED_MAX: usize = 20;

/// Packed records end like this; what is written here is for people to read as well.
const PACKED: &str = ".gz";

/// A stored lesson.
#[derive(Clone, Debug)]
pub struct StoredLesson {
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
        let same = |stored: &&StoredLesson| stored.noise.started_at == noise.started_at && stored.noise.commit == noise.commit;
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
            match fs::remove_file(&old).map_err(|source| StoreError::Io { path: old, source }) {
                Err(error) if error.is_gone() => {}
                removed => removed?,
            }
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
    pub fn lessons(&self, suite: Option<&str>) -> Result<Vec<Vec<StoredLesson>>, StoreError> {
        let folders = self.fingerprint_folders(suite)?;
        let lessons = folders.iter().map(|folder| read_all(&folder.join(NOISE), LEARNED_MAX));
        Ok(lessons.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|lessons| !lessons.is_empty()).collect())
    }
}

impl StoredLesson {
    /// The name it is known by: that of its file, without the ending.
    #[must_use]
    pub fn entry(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// The file of a lesson of that name.
pub(super) fn file_name(name: &RunName) -> String {
    name.to_string().trim_end_matches(PACKED).to_owned()
}

/// The files of a folder with what their names say, newest first.
pub(super) fn named(folder: &Path) -> Result<Vec<(PathBuf, RunName)>, StoreError> {
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

fn read_all(folder: &Path, newest: usize) -> Result<Vec<StoredLesson>, StoreError> {
    let read = named(folder)?.into_iter().take(newest).map(|(path, _)| read(path));
    read.filter(|lesson| !lesson.as_ref().is_err_and(StoreError::is_gone)).collect()
}

/// Reads a file and makes sure that it belongs where it lies.
fn read(path: PathBuf) -> Result<StoredLesson, StoreError> {
    let noise = record::file::read_noise(&path)?;
    let (fingerprint, suite) = (folder_name(&path, 2), folder_name(&path, 3));
    let reason = if suite != suite_folder(&noise.suite) {
        format!("learned from suite '{}', in the folder of suite '{suite}'", noise.suite)
    } else if fingerprint != noise.fingerprint {
        format!("learned under fingerprint {}, in the folder of {fingerprint}", noise.fingerprint)
    } else {
        return Ok(StoredLesson { path, noise });
    };
    Err(StoreError::Misplaced { path, reason })
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::record::{EndpointSpread, NOISE_SCHEMA, Spread};

    /// What the comparison of that minute taught.
    pub(in crate::baseline) fn noise(number: i64, sum_of_squares: f64) -> DuetNoise {
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
