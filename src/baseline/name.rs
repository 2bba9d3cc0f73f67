//! The names of folders and files in the store.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::record::RunRecord;

/// Longest part of a suite's name that becomes its folder.
const SUITE_CHARS_MAX: usize = 80;
const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";
const EXTENSION: &str = ".json.gz";

/// The folder of a suite. Names that are no good folder names are changed, and then end in six digits of their hash, so that
/// no two suites share a folder.
pub(super) fn suite_folder(suite: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !suite.is_empty() && suite.len() <= SUITE_CHARS_MAX && suite.chars().all(is_plain) && !suite.starts_with('.') {
        return suite.to_owned();
    }
    let plain: String = suite.chars().take(SUITE_CHARS_MAX).map(|c| if is_plain(c) { c } else { '_' }).collect();
    let hash: String = Sha256::digest(suite).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hash}", plain.trim_start_matches('.'))
}

/// The name of a stored run: `20261121T101500Z-1a2b3c4d.json.gz`, with a number from 2 where that name is taken. Ordered by
/// age, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RunName {
    /// When the run began, to the second.
    pub(super) began: Timestamp,
    number: u32,
    commit: String,
}

impl RunName {
    pub(super) fn of(record: &RunRecord) -> Self {
        Self::new(record.started_at, record.provenance.commit.as_deref())
    }

    pub(super) fn new(started_at: Timestamp, commit: Option<&str>) -> Self {
        let commit: String = commit.iter().flat_map(|c| c.chars()).filter(char::is_ascii_alphanumeric).take(8).collect();
        let began = Timestamp::from_second(started_at.as_second()).unwrap_or(started_at);
        Self { began, number: 1, commit: if commit.is_empty() { "nocommit".to_owned() } else { commit.to_ascii_lowercase() } }
    }

    /// The name to try when this one is taken.
    pub(super) fn next(&self) -> Self {
        Self { number: self.number + 1, ..self.clone() }
    }

    /// Whether somebody who gives the file name without its ending, or a commit of at least seven digits, means this run.
    pub(super) fn is_called(&self, wanted: &str) -> bool {
        const COMMIT_CHARS_MIN: usize = 7;
        let wanted = wanted.to_ascii_lowercase();
        let is_commit = wanted.len() >= COMMIT_CHARS_MIN && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        let same = || wanted.starts_with(&self.commit) || self.commit.starts_with(&wanted);
        self.to_string().to_ascii_lowercase().strip_suffix(EXTENSION) == Some(wanted.as_str()) || is_commit && same()
    }

    /// Reads a file name; `None` for any that this module does not give.
    pub(super) fn parse(file_name: &str) -> Option<Self> {
        let mut parts = file_name.strip_suffix(EXTENSION)?.split('-');
        let (time, commit, number) = (parts.next()?, parts.next()?, parts.next());
        let began = DateTime::strptime(TIME_FORMAT, time).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let name = Self { began, number: number.map_or(Some(1), |n| n.parse().ok())?, commit: commit.to_owned() };
        (name.to_string() == file_name).then_some(name)
    }
}

impl std::fmt::Display for RunName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.began.strftime(TIME_FORMAT), self.commit)?;
        if self.number > 1 {
            write!(f, "-{}", self.number)?;
        }
        f.write_str(EXTENSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_name_is_its_own_folder_and_others_never_share_one() {
        assert_eq!(suite_folder("checkout-api_v1.2"), "checkout-api_v1.2");
        let folders: Vec<String> = ["a/b", "a b", "a_b", "../a", "..", ".", "", "Ünï"].map(suite_folder).to_vec();
        for folder in &folders {
            assert!(!folder.starts_with('.') && !folder.contains('/') && folder.is_ascii(), "{folder}");
        }
        let mut distinct = folders.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), folders.len(), "{folders:?}");
        assert!(suite_folder(&"x".repeat(5_000)).len() < 100);
    }

    #[test]
    fn a_name_is_read_back_and_ordered_by_age() {
        let names =
            ["20261121T101500Z-1a2b3c4d.json.gz", "20261121T101500Z-1a2b3c4d-2.json.gz", "20261121T101501Z-nocommit.json.gz"];
        let parsed: Vec<RunName> = names.iter().map(|name| RunName::parse(name).unwrap()).collect();
        assert!(parsed.is_sorted());
        assert_eq!(parsed.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
        assert_eq!(parsed[0].next(), parsed[1]);
    }

    #[test]
    fn foreign_names_are_not_taken_for_runs() {
        for name in [
            "README.md",
            "record.json.gz",
            "20261121T101500Z.json.gz",
            "20261121T101500Z-a-b.json.gz",
            "20261121T101500Z-a-1.json.gz",
            "20261321T101500Z-a.json.gz",
        ] {
            assert_eq!(RunName::parse(name), None, "{name}");
        }
    }
}
