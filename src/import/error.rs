//! What is wrong with a file of results, where, and what to do about it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Longest part of a file that a message repeats, in characters.
const QUOTED_MAX: usize = 60;

/// A file that can't be imported: `results.csv:17: latency_us '-5' is negative`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, where the mistake stands in one.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl ImportError {
    pub(super) fn of(path: &Path, mistake: Mistake) -> Self {
        let Mistake { line, message, hint } = mistake;
        Self { path: path.to_owned(), line, message, hint }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for ImportError {}

/// The same before one knows in which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(super) line: Option<u64>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { line: None, message: message.into(), hint: hint.into() }
    }

    /// The system can't read, or what it reads can't be unpacked.
    pub(super) fn io(error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "give the path of a file of results",
            io::ErrorKind::IsADirectory => "name the files in it, such as results/*.csv",
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                "the packed file is damaged: pack it again"
            }
            _ => "see that the file can be read",
        };
        Self::new(error.to_string(), hint)
    }

    /// Says where, unless that is known already.
    pub(super) fn at(mut self, line: u64) -> Self {
        self.line.get_or_insert(line);
        self
    }
}

/// A part of a file inside a message: short, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().count() > QUOTED_MAX {
        short.push('…');
    }
    format!("'{short}'")
}
