//! Findings beside the lines of files: as annotations of the check run, or as commands in the log where there is none.

use serde_json::{Value, json};

/// Annotations that GitHub takes in one request.
pub(super) const BATCH: usize = 50;
/// Annotations of a gate. More are shown to nobody: a log keeps ten of a level.
pub const MOST: usize = 10;
/// Longest text of one; GitHub takes 64 KB.
const MESSAGE_BYTES_MAX: usize = 4_000;

/// A finding beside a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file, relative to the root of the repository, with slashes.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// How bad it is.
    pub level: Level,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub message: String,
}

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
    fn command(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Annotation {
    pub(super) fn json(&self) -> Value {
        let level = match self.level {
            Level::Notice => "notice",
            Level::Warning => "warning",
            Level::Error => "failure",
        };
        let message = crate::report::capped_lines(&self.message, MESSAGE_BYTES_MAX);
        json!({
            "path": self.path, "start_line": self.line, "end_line": self.line,
            "annotation_level": level, "title": super::check_run::shortened(&self.title, 200), "message": message,
        })
    }

    /// The same as a line of the log.
    #[must_use]
    pub fn command(&self) -> String {
        let place = [("file", self.path.clone()), ("line", self.line.to_string()), ("title", self.title.clone())];
        command(self.level, &place, &self.message)
    }
}

/// A line of the log that the runner shows on the page of the run.
#[must_use]
pub fn remark(level: Level, message: &str) -> String {
    command(level, &[("title", "loadgate".to_owned())], message)
}

fn command(level: Level, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> = properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{} {}::{}", level.command(), properties.join(","), data(message))
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
            level: Level::Error,
            title: "p99, x".into(),
            message: "50% slower\n::set-output name=x::y".into(),
        };
        let expected = "::error file=a%2Cb%3Ac.yml,line=7,title=p99%2C x::50%25 slower%0A::set-output name=x::y";
        assert_eq!(found.command(), expected);
        assert_eq!(found.json()["annotation_level"], "failure");
    }

    #[test]
    fn each_line_of_a_secret_is_masked() {
        assert_eq!(mask("one\n\ntwo"), "::add-mask::one\n::add-mask::two");
    }
}
