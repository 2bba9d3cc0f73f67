//! Findings beside the line of the configuration they speak of: performance has no line in the code that was changed.

use super::{ChangeRow, View, escape::plain};

/// Longest title of an annotation; GitHub takes 255 characters.
const TITLE_MAX: usize = 200;

/// How bad a finding is; the worst is the first in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnnotationLevel {
    /// Fails the gate.
    Failure,
    /// Should be read.
    Warning,
    /// For information.
    Notice,
}

impl AnnotationLevel {
    /// As check runs call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    /// That of a row of a report.
    fn of(class: &str) -> Self {
        match class {
            "fail" => Self::Failure,
            "warn" => Self::Warning,
            _ => Self::Notice,
        }
    }
}

/// A finding at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// File inside the repository.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// How bad it is.
    pub level: AnnotationLevel,
    /// In a few words.
    pub title: String,
    /// In a sentence or some.
    pub message: String,
}

/// What was found and has a line, the worst first, at most so many. One endpoint has one annotation, whatever was found of it.
#[must_use]
pub fn annotations(view: &View, most: usize) -> Vec<Annotation> {
    let Some(path) = view.file.config.as_deref().filter(|path| is_inside(path)) else { return Vec::new() };
    if view.judged.kind == "invalid" {
        return Vec::new();
    }
    let mut found = of_thresholds(view, path);
    found.extend(of_endpoints(view, path));
    found.sort_by_key(|annotation| annotation.level);
    found.truncate(most);
    found
}

/// Whether a path names a file below the repository's root, and nothing but that.
fn is_inside(path: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':']);
    path.split('/').all(is_part) && plain(path) == path
}

fn of_thresholds(view: &View, path: &str) -> Vec<Annotation> {
    let pairs = view.judged.thresholds.iter().zip(&view.file.thresholds).filter(|(threshold, _)| threshold.notable);
    let annotation = |(threshold, row): (&super::ThresholdView, &super::ThresholdRow)| {
        Some(Annotation {
            path: path.to_owned(),
            line: row.line?,
            level: AnnotationLevel::of(threshold.class),
            title: cut(&format!("{} is {} ({})", threshold.expr, threshold.actual, threshold.found)),
            message: threshold.reason.clone(),
        })
    };
    pairs.filter_map(annotation).collect()
}

fn of_endpoints(view: &View, path: &str) -> Vec<Annotation> {
    let Some(compared) = &view.judged.compared else { return Vec::new() };
    let mut notable: Vec<(&ChangeRow, u64)> = compared
        .rows
        .iter()
        .zip(&view.file.comparisons)
        .filter(|(row, _)| row.notable && row.class != "improved")
        .filter_map(|(row, file)| Some((row, file.line?)))
        .collect();
    let level = |row: &ChangeRow| AnnotationLevel::of(row.class);
    notable.sort_by(|(a, _), (b, _)| level(a).cmp(&level(b)).then(b.excess.total_cmp(&a.excess)));
    let mut found: Vec<(&str, Annotation)> = Vec::new();
    for (row, line) in notable {
        let sentence = format!("{} {}: {}", row.name, row.metric_name, row.reason);
        match found.iter_mut().find(|(endpoint, _)| *endpoint == row.endpoint) {
            Some((_, annotation)) => annotation.message = format!("{}\n{sentence}", annotation.message),
            None => found.push((
                &row.endpoint,
                Annotation {
                    path: path.to_owned(),
                    line,
                    level: AnnotationLevel::of(row.class),
                    title: cut(&format!("{} {} {} ({})", row.name, row.metric_name, row.text.change, row.found)),
                    message: sentence,
                },
            )),
        }
    }
    found.into_iter().map(|(_, annotation)| annotation).collect()
}

fn cut(title: &str) -> String {
    match title.char_indices().nth(TITLE_MAX) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_repository_are_annotated() {
        assert!(is_inside("loadgate.yml") && is_inside("perf/load gate.yml"));
        for path in ["/etc/passwd", "../x.yml", "a/../x.yml", "C:/x.yml", "a\\b", "", "a\nb", "./x.yml"] {
            assert!(!is_inside(path), "{path}");
        }
    }
}
