//! GitHub Actions: the step's outputs and the job summary, through the files the runner names.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use crate::{
    env,
    report::{RECORD_FILE, REPORT_FILE, STEP_SUMMARY_FILE, VERDICT_FILE},
    verdict::Verdict,
};

/// A summary above 1 MiB is thrown away whole; this leaves room for what other tools of the step write.
const SUMMARY_BYTES_MAX: usize = 1_000 * 1024;

/// Appends outputs and job summary where the runner asks for them. Returns what did not work, in words: it never changes the
/// verdict.
#[must_use]
pub fn tell(folder: &Path, verdict: &Verdict) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(path) = env::lookup(env::GITHUB_OUTPUT) {
        warnings.extend(append(Path::new(&path), &outputs(folder, verdict)).err().map(|error| format!("{path}: {error}")));
    }
    if let Some(path) = env::lookup(env::GITHUB_STEP_SUMMARY) {
        let told = fs::read_to_string(folder.join(STEP_SUMMARY_FILE)).and_then(|text| append(Path::new(&path), &capped(text)));
        warnings.extend(told.err().map(|error| format!("{path}: {error}")));
    }
    warnings
}

fn outputs(folder: &Path, verdict: &Verdict) -> String {
    let file = |name: &str| folder.join(name).display().to_string();
    let outputs = [
        ("verdict", verdict.kind.name().to_owned()),
        ("exit-code", verdict.exit.code().to_string()),
        ("report-path", file(REPORT_FILE)),
        ("verdict-path", file(VERDICT_FILE)),
        ("record-path", file(RECORD_FILE)),
    ];
    outputs.iter().map(|(name, value)| format!("{name}={}\n", one_line(value))).collect()
}

/// A line break in a value would let a folder's name set other outputs.
fn one_line(value: &str) -> String {
    value.replace(['\n', '\r'], " ")
}

fn capped(mut text: String) -> String {
    if text.len() > SUMMARY_BYTES_MAX {
        let end = text[..text.floor_char_boundary(SUMMARY_BYTES_MAX)].rfind('\n').unwrap_or(0);
        text.truncate(end);
        text.push_str("\n\nThe rest is in the report: this summary would be too long.\n");
    }
    text
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}
