//! Why a command could not be started at all.

use std::{io, path::PathBuf};

/// What the system refuses before the shell has read the command.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The folder it is to run in.
    #[error("{folder}: commands can't run in this folder: {source}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No shell, no process, no pipe.
    #[error("the command can't be run: {0}")]
    System(#[from] io::Error),
    /// Its output can't be kept.
    #[error("{path}: the output of the command can't be written: {source}")]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The port that the configuration fixes for a service is taken.
    #[error("port {port} is taken: somebody listens there before the service is started")]
    PortTaken {
        /// The port.
        port: u16,
    },
}

impl ServiceError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PortTaken { .. } => Some(
                "stop what listens there, or let loadgate choose: remove `base_url` and start the service with `--port $PORT`",
            ),
            Self::Log { .. } => Some("choose another folder with --out"),
            Self::Folder { .. } | Self::System(_) => None,
        }
    }
}
