//! Why reports could not be written or read.

use std::path::{Path, PathBuf};

/// What went wrong with a report. Shown as it is; [`ReportError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The report folder can't be made or written.
    #[error("{path}: can't write the reports here: {reason}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says, or what stands in its place.
        reason: String,
    },
    /// A report can't be written or read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A report can't be put into its form: a fault of the program, not of its user.
    #[error("{file} can't be rendered: {reason}")]
    Render {
        /// The report's file name.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A template of the user's own can't be filled.
    #[error("{place}: {reason}")]
    Template {
        /// The template, and the line of it where that is known.
        place: String,
        /// What is wrong with it.
        reason: String,
        /// What to do about it.
        hint: &'static str,
    },
}

impl ReportError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "choose another folder with --out or report.dir, or make this one writable",
            Self::Io { .. } => "see that the path is right, that it can be written, and that the disk is not full",
            Self::Foreign { .. } => "give the verdict.json that `loadgate gate` wrote",
            Self::Render { .. } => "please report this as a bug, with the record",
            Self::Template { hint, .. } => hint,
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}
