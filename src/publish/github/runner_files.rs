//! Files that the runner names in the environment: outputs of the step and the job summary.

use std::{
    collections::hash_map::RandomState,
    fs::OpenOptions,
    hash::{BuildHasher as _, Hasher as _},
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    env,
    report::{self, HTML_FILE, RECORD_FILE, RECORDS_FOLDER, STEP_SUMMARY_FILE, VERDICT_FILE},
    verdict::Verdict,
};

/// The runner throws away a whole summary beyond 1,024 KiB.
const SUMMARY_BYTES_MAX: usize = 1_000 * 1024;

/// What could not be told. A warning, never a failure.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file of the runner can't be written, or a report can't be read.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was to be done: `can't append to`, `can't read`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// An output of the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name in `steps.ID.outputs`.
    pub name: &'static str,
    /// Its value; any text.
    pub value: String,
}

/// Sets the step's outputs, where the environment asks for them.
///
/// # Errors
/// The runner's file can't be written.
pub fn set_outputs(folder: &Path, verdict: &Verdict) -> Result<(), PublishError> {
    env::lookup(env::GITHUB_OUTPUT).map_or(Ok(()), |file| outputs(Path::new(&file), &outputs_of(folder, verdict)))
}

/// Sets more outputs of the step, where the environment asks for them.
///
/// # Errors
/// The runner's file can't be written.
pub fn add_outputs(more: &[Output]) -> Result<(), PublishError> {
    env::lookup(env::GITHUB_OUTPUT).map_or(Ok(()), |file| outputs(Path::new(&file), more))
}

/// Appends the job summary, where the environment asks for one.
///
/// # Errors
/// The runner's file can't be written.
pub fn add_summary(folder: &Path) -> Result<(), PublishError> {
    env::lookup(env::GITHUB_STEP_SUMMARY).map_or(Ok(()), |file| step_summary(Path::new(&file), &folder.join(STEP_SUMMARY_FILE)))
}

/// Appends a text to the job summary, where the environment asks for one.
///
/// # Errors
/// The runner's file can't be written.
pub fn add_to_summary(text: &str) -> Result<(), PublishError> {
    let file = env::lookup(env::GITHUB_STEP_SUMMARY).filter(|_| !text.is_empty());
    file.map_or(Ok(()), |file| append(Path::new(&file), text))
}

/// The outputs of a verdict whose reports are in `folder`. A report that was not asked for has an empty path.
fn outputs_of(folder: &Path, verdict: &Verdict) -> Vec<Output> {
    let path = |name: &str| {
        let path = folder.join(name);
        if path.exists() { path.display().to_string() } else { String::new() }
    };
    // Of an A/B run there are several, in a folder.
    let record = Some(path(RECORD_FILE)).filter(|path| !path.is_empty()).unwrap_or_else(|| path(RECORDS_FOLDER));
    vec![
        Output { name: "verdict", value: verdict.kind.name().to_owned() },
        Output { name: "exit-code", value: verdict.exit.code().to_string() },
        Output { name: "report-path", value: path(HTML_FILE) },
        Output { name: "verdict-path", value: path(VERDICT_FILE) },
        Output { name: "record-path", value: record },
    ]
}

/// Appends outputs to the file named by `GITHUB_OUTPUT`.
fn outputs(file: &Path, outputs: &[Output]) -> Result<(), PublishError> {
    let text: String = outputs.iter().map(|output| line(output, &delimiter(&output.value))).collect();
    append(file, &text)
}

/// `name=value`, or between two lines of a delimiter when the value has lines of its own: a value must not be able to set
/// another output.
fn line(Output { name, value }: &Output, delimiter: &str) -> String {
    if value.contains(['\n', '\r']) {
        format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
    } else {
        format!("{name}={value}\n")
    }
}

/// A line that is not in the value, and that nobody who wrote the value could have foreseen.
fn delimiter(value: &str) -> String {
    loop {
        // The hasher's keys come from the system's random numbers, anew for each process.
        let random = || RandomState::new().build_hasher().finish();
        let delimiter = format!("loadgate_{:016x}{:016x}", random(), random());
        if !value.contains(&delimiter) {
            return delimiter;
        }
    }
}

/// Appends the report `step_summary.md` to the file named by `GITHUB_STEP_SUMMARY`; a step may have written there before.
/// Does nothing when the report was not asked for.
fn step_summary(file: &Path, report: &Path) -> Result<(), PublishError> {
    let text = match std::fs::read_to_string(report) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(PublishError::Io { what: "can't read", path: report.to_owned(), source }),
    };
    let there = std::fs::metadata(file).map_or(0, |data| usize::try_from(data.len()).unwrap_or(usize::MAX));
    append(file, &report::capped_lines(&text, SUMMARY_BYTES_MAX.saturating_sub(there)))
}

fn append(file: &Path, text: &str) -> Result<(), PublishError> {
    let failed = |source| PublishError::Io { what: "can't append to", path: file.to_owned(), source };
    let mut file = OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(value: &str) -> Output {
        Output { name: "verdict", value: value.to_owned() }
    }

    #[test]
    fn outputs_are_added_to_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("output");
        std::fs::write(&file, "before=1\n").unwrap();
        outputs(&file, &[output("pass")]).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "before=1\nverdict=pass\n");
    }

    #[test]
    fn a_value_with_lines_cannot_set_another_output() {
        let hostile = "x\nexit-code=0\nEOF\nverdict=pass";
        assert_eq!(line(&output(hostile), "D"), "verdict<<D\nx\nexit-code=0\nEOF\nverdict=pass\nD\n");
        assert_ne!(delimiter(hostile), delimiter(hostile));
    }

    #[test]
    fn the_summary_is_appended_and_never_larger_than_the_runner_takes() {
        let folder = tempfile::tempdir().unwrap();
        let (file, report) = (folder.path().join("summary"), folder.path().join("step_summary.md"));
        std::fs::write(&file, "before\n").unwrap();
        std::fs::write(&report, "a row\n".repeat(300_000)).unwrap();
        step_summary(&file, &report).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("before\na row\n") && text.len() <= SUMMARY_BYTES_MAX, "{}", text.len());
        assert!(text.contains("Shortened"));
    }

    #[test]
    fn a_summary_that_was_not_asked_for_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        step_summary(&folder.path().join("summary"), &folder.path().join("step_summary.md")).unwrap();
        assert!(!folder.path().join("summary").exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = outputs(folder.path(), &[output("pass")]).unwrap_err().to_string();
        assert!(error.starts_with("can't append to") && error.contains(&folder.path().display().to_string()), "{error}");
    }
}
