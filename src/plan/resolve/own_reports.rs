//! `report.templates` -> the reports whose layout is the user's own. Whether a template can be filled is for the reports to try.

use super::{Problems, settings::ReportFormat};
use crate::config::{Loaded, Path};

/// A report whose layout is the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnReport {
    /// What the template fills.
    pub fills: Fills,
    /// The template's file, as written.
    pub template: String,
    /// The template.
    pub source: String,
}

/// What an own template fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fills {
    /// The job summary.
    StepSummary,
    /// The page for people.
    Page,
    /// A file of its own in the report folder.
    File(String),
}

/// Names in the report folder that are ours.
pub const REPORT_FILES: [&str; 16] = [
    "verdict.json",
    "summary.json",
    "failures.json",
    "summary.csv",
    "windows.csv",
    "histogram.csv",
    "samples.csv",
    "junit.xml",
    "load-performance.json",
    "metrics.txt",
    "comment.md",
    "step_summary.md",
    "report.html",
    "reproduce.sh",
    "record.json.gz",
    "history.html",
];

/// Longest name of a file, far below what any file system takes.
const NAME_MAX: usize = 100;

/// What can stand on the left.
const KEYS: &str = "write md (step_summary.md), html (report.html), or the name of a file of its own, such as figures.csv";

pub(super) fn resolve(loaded: &Loaded, formats: &[ReportFormat], problems: &Problems<'_>) -> Vec<OwnReport> {
    let written = loaded.document.report.templates.iter().flatten();
    let own = |(key, template): (&String, &String)| {
        let at = Path::root().key("report").key("templates").key(key);
        let fills = fills(key, &at, formats, problems);
        let source = source(template, &at, loaded, problems);
        Some(OwnReport { fills: fills?, template: template.clone(), source: source? })
    };
    written.filter_map(own).collect()
}

fn fills(key: &str, at: &Path, formats: &[ReportFormat], problems: &Problems<'_>) -> Option<Fills> {
    match key {
        "md" => needs(ReportFormat::Md, key, "step_summary.md", at, formats, problems).then_some(Fills::StepSummary),
        "html" => needs(ReportFormat::Html, key, "report.html", at, formats, problems).then_some(Fills::Page),
        name if REPORT_FILES.iter().any(|ours| ours.eq_ignore_ascii_case(name)) => {
            problems.add_at_key(at, format!("loadgate writes '{name}' itself"), KEYS);
            None
        }
        name if is_file_name(name) => Some(Fills::File(name.to_owned())),
        name => {
            let message = format!("'{name}' is nothing that a template can fill");
            problems.add_at_key(at, message, format!("{KEYS}: letters, digits, '-', '_' and '.'"));
            None
        }
    }
}

/// Whether the format that a template is the layout of is written at all.
fn needs(format: ReportFormat, key: &str, file: &str, at: &Path, formats: &[ReportFormat], problems: &Problems<'_>) -> bool {
    let is_written = formats.contains(&format);
    if !is_written {
        let message = format!("the template would fill {file}, which `report.formats` leaves out");
        problems.add_at_key(at, message, format!("add {key} to `report.formats`, or give the template a file of its own"));
    }
    is_written
}

/// A plain name with an extension, the same on every system.
fn is_file_name(name: &str) -> bool {
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let has_extension = name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && !extension.is_empty());
    has_extension && !name.starts_with('.') && name.len() <= NAME_MAX && name.chars().all(tame)
}

fn source(template: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<String> {
    let text = loaded
        .files
        .get(template)
        .and_then(|bytes| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "the file is not UTF-8 text".to_owned()));
    let hint = "name a file with a template, relative to the configuration's folder: docs/templates.md has three";
    text.map_err(|reason| problems.add(at, format!("{template}: {reason}"), hint)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_the_same_on_every_system() {
        for name in ["figures.csv", "a-b_c.1.md", "x.j"] {
            assert!(is_file_name(name), "{name}");
        }
        for name in ["figures", ".hidden", "x.", "../x.csv", "a/b.csv", "a b.csv", "x\\y.csv", "é.md", ""] {
            assert!(!is_file_name(name), "{name}");
        }
    }
}
