//! Why the store refused.

use std::{io, path::PathBuf};

use crate::record::file::RecordError;

/// Why the store refused. The message names the file; [`StoreError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder or file can't be read, written, moved or removed.
    #[error("{path}: {source}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A record can't be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A file in the store that does not belong where it lies.
    #[error("{path}: {reason}")]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// Why it does not belong there.
        reason: String,
    },
    /// A run that must not become a baseline.
    #[error("not promoted: {reason}")]
    Unfit {
        /// Why not.
        reason: String,
    },
    /// The run is stored already.
    #[error("{path}: this run is stored already")]
    Duplicate {
        /// Where.
        path: PathBuf,
    },
    /// No such run in the store.
    #[error("{wanted}: no such run under {dir}")]
    Absent {
        /// What was asked for.
        wanted: String,
        /// The store.
        dir: PathBuf,
    },
    /// Nothing of that name was learned.
    #[error("{wanted}: nothing was learned under this name in {dir}")]
    NotLearned {
        /// What was asked for.
        wanted: String,
        /// The store.
        dir: PathBuf,
    },
    /// git refused.
    #[error("git {what}: {reason}")]
    Git {
        /// What it was asked for.
        what: String,
        /// Its words.
        reason: String,
    },
    /// The run is not pinned.
    #[error("{path}: this run is not pinned")]
    NotPinned {
        /// Its file.
        path: PathBuf,
    },
    /// Runs of what was given lie in several places, and only those of one were meant.
    #[error("{wanted}: runs of it are stored under {}", .places.join(" and "))]
    Scattered {
        /// What was asked for.
        wanted: String,
        /// Suites and fingerprints.
        places: Vec<String>,
    },
    /// Several runs have the name that was given.
    #[error("{wanted}: {count} stored files have this name")]
    Ambiguous {
        /// What was asked for.
        wanted: String,
        /// How many there are.
        count: usize,
    },
}

impl StoreError {
    /// Whether a file is not there. One that was listed a moment ago was removed by another job meanwhile, which is no trouble.
    pub(super) fn is_gone(&self) -> bool {
        match self {
            Self::Io { source, .. } | Self::Record(RecordError::Io { source, .. }) => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } => None,
            Self::Record(_) | Self::Misplaced { .. } => {
                Some("restore the file from version control, or move it out of the folder of baselines")
            }
            Self::Unfit { .. } => Some("promote a run that was played to its end and was answered"),
            Self::Duplicate { .. } => Some("a run counted twice would make the baselines look steadier than they are"),
            Self::NotPinned { .. } => Some("`loadgate baseline list` shows which are"),
            Self::Absent { .. } => Some("`loadgate baseline list` shows what is stored"),
            Self::NotLearned { .. } => {
                Some("`loadgate baseline show latest` lists what was learned, with the names of its entries")
            }
            Self::Git { what, .. } if what == "push" => {
                Some("storing on a branch takes a token that may write to the repository (`permissions: { contents: write }`)")
            }
            Self::Git { .. } => Some(
                "baseline.store: git takes a checkout whose `origin` can be reached, and a token that may read it (`permissions: { contents: read }`)",
            ),
            Self::Scattered { .. } => Some("runs of one suite and fingerprint belong together: give the path of one of them"),
            Self::Ambiguous { .. } => Some("`loadgate baseline list` shows them: give the path of one"),
        }
    }
}
