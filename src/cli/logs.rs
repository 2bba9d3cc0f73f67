//! What the commands that loadgate runs say: kept in files of the report folder, and told where something went wrong.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Failure, terminal};
use crate::{
    config::Secrets,
    service::{Keep, Mask},
};

/// The folder in the report folder.
const LOGS_FOLDER: &str = "logs";
/// How the files end.
const ENDING: &str = ".log";
/// Lines of an output that are told.
pub(super) const LINES: usize = 20;

/// Where the output of commands goes.
pub(super) struct Logs {
    folder: PathBuf,
    mask: Mask,
}

impl Logs {
    /// Those of a run whose reports go to this folder.
    pub(super) fn of(report: &Path, secrets: &Secrets) -> Self {
        let secrets = secrets.clone();
        Self { folder: report.join(LOGS_FOLDER), mask: Arc::new(move |text| secrets.mask(text)) }
    }

    /// Makes the folder, and removes the files of an earlier run from it.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        let folder = &self.folder;
        let cannot = |error: io::Error| {
            let failure = Failure::usage(format!("{}: the output of commands can't be kept here: {error}", folder.display()));
            failure.hint("choose another folder with --out")
        };
        fs::create_dir_all(folder).map_err(cannot)?;
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.to_string_lossy().ends_with(ENDING) {
                fs::remove_file(path).map_err(cannot)?;
            }
        }
        Ok(())
    }

    /// Where the output of a command of that name goes.
    pub(super) fn keep(&self, name: &str) -> Keep {
        Keep { log: self.folder.join(format!("{name}{ENDING}")), mask: Arc::clone(&self.mask) }
    }

    /// Keeps the outputs of a replicate that is played again: those of its next take go where they are now. That one can't be moved
    /// is no reason to give up what was measured.
    pub(super) fn set_aside(&self, replicate: usize) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        for path in paths {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let Some(stem) = name.strip_suffix(&format!("-{replicate}{ENDING}")) else { continue };
            // `candidate`, `restart`; of `before-1` there is no other take.
            if !["candidate", "baseline", "restart"].contains(&stem) {
                continue;
            }
            let aside = |take: usize| self.folder.join(format!("{stem}-{replicate}-set-aside-{take}{ENDING}"));
            let free = (1..).map(aside).find(|aside| !aside.exists());
            let _ = free.map(|free| fs::rename(&path, free));
        }
    }

    /// A text with nothing in it that must not be shown.
    pub(super) fn masked(&self, text: &str) -> String {
        (self.mask)(text)
    }
}

/// Tells the last lines of an output.
pub(super) fn tell(whose: &str, lines: &[String], log: &Path) {
    if lines.is_empty() {
        terminal::err(&format!("{whose} said nothing"));
        return;
    }
    terminal::err(&format!("the last lines of {whose} (more of them in {}):", log.display()));
    lines.iter().for_each(|line| terminal::err(&format!("  | {line}")));
}
