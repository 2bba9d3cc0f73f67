//! Why an archive could not be made or read.

use std::path::{Path, PathBuf};

/// What went wrong with an archive. Shown as it is; [`PackError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no archive of ours, or a damaged one.
    #[error("{path}: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// There is nothing to pack.
    #[error("{path}: {reason}")]
    Nothing {
        /// The report folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A table or the manifest can't be put into its form: a fault of the program, not of its user.
    #[error("{file} can't be written: {reason}")]
    Form {
        /// The file within the archive.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl PackError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "see that the path is right, that it can be written, and that the disk is not full",
            Self::Foreign { .. } => "give an archive that `loadgate pack` made, as it made it",
            Self::Nothing { .. } => "give the report folder that `loadgate gate` or `loadgate run` wrote",
            Self::Form { .. } => "please report this as a bug, with the report folder",
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}
