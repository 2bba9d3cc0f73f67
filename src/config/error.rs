//! What is wrong with a configuration, where, and what to do about it.

use std::{fmt, path::PathBuf};

use super::secrets::Secrets;

/// Problems shown at once; a reader fixes the first few and runs again.
const SHOWN_MAX: usize = 10;

/// Where something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// The file as a whole.
    #[default]
    File,
    /// Line and column of the file, both from 1; columns count characters.
    At(usize, usize),
    /// A flag of the command line, as typed.
    Flag(String),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub position: Position,
    /// What: a lowercase fragment with the offending text.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem at a position.
    pub fn new(position: Position, message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self { position, message: message.into(), hint: hint.into() }
    }

    /// Masks whatever must never be shown.
    pub(super) fn hide(&mut self, secrets: &Secrets) {
        self.message = secrets.mask(&self.message);
        self.hint = self.hint.as_deref().map(|hint| secrets.mask(hint));
    }
}

/// Everything that is wrong with a configuration. Displayed without a leading `error: `, which the command line adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// At least one problem, in the order of the file.
    pub problems: Vec<Problem>,
    /// Text of the file, for showing the offending lines; empty when it could not be read.
    pub text: String,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().take(SHOWN_MAX).enumerate() {
            if n > 0 {
                f.write_str("\n\nerror: ")?;
            }
            self.write_problem(f, problem)?;
        }
        match self.problems.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n\nand {more} more"),
        }
    }
}

impl ConfigError {
    fn write_problem(&self, f: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
        let message = tame(&problem.message);
        match &problem.position {
            Position::File => write!(f, "{}: {message}", self.path.display())?,
            Position::Flag(flag) => write!(f, "{}: {message}", tame(flag))?,
            Position::At(line, column) => {
                write!(f, "{}:{line}:{column}: {message}", self.path.display())?;
                self.write_line(f, *line, *column)?;
            }
        }
        problem.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {}", tame(hint)))
    }

    /// The offending line with a caret below the column. A long line is shown from a little before the column on.
    fn write_line(&self, f: &mut fmt::Formatter<'_>, line: usize, column: usize) -> fmt::Result {
        const WIDTH: usize = 110;
        const BEFORE: usize = 40;
        let Some(text) = self.text.lines().nth(line - 1) else { return Ok(()) };
        let skipped = if text.chars().count() > WIDTH { column.saturating_sub(BEFORE) } else { 0 };
        let shown: String = text.chars().skip(skipped).take(WIDTH).map(visible).collect();
        let margin = line.to_string().len();
        write!(f, "\n  {line} | {}", shown.trim_end())?;
        write!(f, "\n  {:margin$} | {:indent$}^", "", "", indent = column.saturating_sub(1 + skipped))
    }
}

/// Texts of the file stand in messages; none may take the terminal over or fill it.
fn tame(text: &str) -> String {
    const LENGTH_MAX: usize = 400;
    let tamed: String = text.chars().take(LENGTH_MAX).map(visible).collect();
    if text.chars().nth(LENGTH_MAX).is_some() { format!("{tamed} ..") } else { tamed }
}

/// A tab or a control character would move the caret, or the terminal.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offending_line_is_shown_with_a_caret_even_when_it_is_long() {
        let error = |text: &str, column| ConfigError {
            path: "loadgate.yml".into(),
            problems: vec![Problem::new(Position::At(1, column), "bad", "mend it".to_owned())],
            text: text.to_owned(),
        };
        insta::assert_snapshot!(error("name:\tno", 7), @r"
        loadgate.yml:1:7: bad
          1 | name: no
            |       ^
        hint: mend it
        ");
        let hostile = Problem::new(Position::File, format!("unknown key '\u{1b}[2J{}'", "x".repeat(5000)), None);
        let shown = ConfigError { path: "f".into(), problems: vec![hostile], text: String::new() }.to_string();
        assert!(shown.len() < 500 && !shown.contains('\u{1b}'), "{shown}");
        let long = error(&"x".repeat(500), 400).to_string();
        assert!(long.lines().all(|line| line.chars().count() < 130), "{long}");
    }
}
