//! The report folder: found writable before any load is sent, filled with whole files after it.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{console::console, csv, html, junit, markdown, summary_json::summary_json, view::View};

/// The run record.
pub const RECORD_FILE: &str = "record.json.gz";
/// The verdict for machines.
pub const VERDICT_FILE: &str = "verdict.json";
/// The report for people.
pub const REPORT_FILE: &str = "report.html";
/// The job summary.
pub const STEP_SUMMARY_FILE: &str = "step_summary.md";

/// A kind of report. A new one is a file in this folder and a line in [`FILES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `summary.json`. (`verdict.json` is always written.)
    Json,
    /// `report.html`
    Html,
    /// `comment.md`, `step_summary.md`
    Markdown,
    /// `junit.xml`
    Junit,
    /// `summary.csv`, `windows.csv`
    Csv,
}

type Render = fn(&View) -> Result<Option<Vec<u8>>, String>;

/// Every file with its format (`None`: always written) and what makes its content; `None` as content is no file.
const FILES: [(&str, Option<Format>, Render); 9] = [
    (VERDICT_FILE, None, |view| view.file.as_ref().map(|file| text(json(file))).transpose()),
    ("console.txt", None, |view| Ok(Some(console(view).into_bytes()))),
    ("summary.json", Some(Format::Json), |view| Ok(view.runs.first().map(|run| summary_json(run).into_bytes()))),
    ("summary.csv", Some(Format::Csv), |view| csv::summary(view).map(Some).map_err(said)),
    ("windows.csv", Some(Format::Csv), |view| csv::windows(view).map(Some).map_err(said)),
    ("junit.xml", Some(Format::Junit), |view| Ok(view.verdict.as_ref().map(|_| junit::render(view).into_bytes()))),
    ("comment.md", Some(Format::Markdown), |view| view.verdict.as_ref().map(|_| text(markdown::comment(view))).transpose()),
    (STEP_SUMMARY_FILE, Some(Format::Markdown), |view| text(markdown::step_summary(view)).map(Some)),
    (REPORT_FILE, Some(Format::Html), |view| text(html::render(view)).map(Some)),
];

/// The report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct ReportError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl ReportError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self { path: path.to_owned(), reason: format!("the report can't be written: {error}") }
    }
}

/// Makes the folder and makes sure that it can be written, so that a run is not lost to a missing permission.
///
/// # Errors
/// The folder can't be made or written, or is a file.
pub fn prepare(folder: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(ReportError::io(folder))?;
    tempfile::NamedTempFile::new_in(folder).map(drop).map_err(ReportError::io(folder))
}

/// Writes the files of the formats. Files of an earlier report that this one does not make are removed, so that nobody reads
/// two runs as one.
///
/// # Errors
/// A file can't be written.
pub fn write(view: &View, formats: &[Format], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    fs::create_dir_all(folder).map_err(ReportError::io(folder))?;
    let mut written = Vec::new();
    for (name, format, render) in FILES {
        let path = folder.join(name);
        let wanted = format.is_none_or(|format| formats.contains(&format));
        let content = if wanted { render(view) } else { Ok(None) };
        match content.map_err(|reason| ReportError { path: path.clone(), reason })? {
            Some(content) => {
                replace(&path, folder, &content).map_err(ReportError::io(&path))?;
                written.push(path);
            }
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(ReportError::io(&path)(error)),
                _ => {}
            },
        }
    }
    Ok(written)
}

fn json(value: &impl serde::Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}

fn text<E: fmt::Display>(rendered: Result<String, E>) -> Result<Vec<u8>, String> {
    rendered.map(String::into_bytes).map_err(said)
}

fn said(error: impl fmt::Display) -> String {
    error.to_string()
}

/// A reader sees the old file or the whole new one.
fn replace(path: &Path, folder: &Path, content: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
