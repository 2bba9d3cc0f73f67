//! Findings beside the lines of files: as annotations of the check run, or as commands in the log where there is none.

use serde_json::{Value, json};

use crate::report::{Annotation, AnnotationLevel};

/// Annotations that GitHub takes in one request.
pub(super) const BATCH: usize = 50;
/// Annotations of a gate. More are shown to nobody: a log keeps ten of a level.
pub const MOST: usize = 10;
/// Longest text of one; GitHub takes 64 KB.
const MESSAGE_BYTES_MAX: usize = 4_000;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For information.
    Notice,
    /// Should be read.
    Warning,
    /// Fails the gate.
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// As the check run takes it.
pub(super) fn json(found: &Annotation) -> Value {
    json!({
        "path": found.path, "start_line": found.line, "end_line": found.line, "annotation_level": found.level.name(),
        "title": found.title, "message": crate::report::capped_lines(&found.message, MESSAGE_BYTES_MAX),
    })
}

/// As a line of the log, for where there is no check run.
#[must_use]
pub fn command(found: &Annotation) -> String {
    let place = [("file", found.path.clone()), ("line", found.line.to_string()), ("title", found.title.clone())];
    let level = match found.level {
        AnnotationLevel::Failure => Level::Error,
        AnnotationLevel::Warning => Level::Warning,
        AnnotationLevel::Notice => Level::Notice,
    };
    line(level, &place, &found.message)
}

/// A line of the log that the runner shows on the page of the run.
#[must_use]
pub fn remark(level: Level, message: &str) -> String {
    line(level, &[("title", "loadgate".to_owned())], message)
}

fn line(level: Level, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> = properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{} {}::{}", level.name(), properties.join(","), data(message))
}

/// What a command's text must not hold as it is: a line break would begin another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Asks the runner to keep a value out of the log, line by line as it does that.
#[must_use]
pub fn mask(value: &str) -> String {
    let lines = value.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| format!("::add-mask::{}", data(line))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_begin_a_command_of_its_own() {
        let found = Annotation {
            path: "a,b:c.yml".into(),
            line: 7,
            level: AnnotationLevel::Failure,
            title: "p99, x".into(),
            message: "50% slower\n::set-output name=x::y".into(),
        };
        let expected = "::error file=a%2Cb%3Ac.yml,line=7,title=p99%2C x::50%25 slower%0A::set-output name=x::y";
        assert_eq!(command(&found), expected);
        assert_eq!(json(&found)["annotation_level"], "failure");
    }

    #[test]
    fn each_line_of_a_secret_is_masked() {
        assert_eq!(mask("one\n\ntwo"), "::add-mask::one\n::add-mask::two");
    }
}
