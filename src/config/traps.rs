//! What people write that YAML reads as something else, each said in their words.

use saphyr_parser::{Marker, ScanError};

use super::error::{Position, Problem};

/// A text the YAML reader gives up on.
pub(super) fn explain(text: &str, error: &ScanError, position: impl Fn(&Marker) -> Position) -> Problem {
    let mark = error.marker();
    let line = line_of(text, mark);
    let rest: String = line.chars().skip(mark.col()).collect();
    let problem = |message: String, hint: String| Problem::new(position(mark), message, hint);
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    if indent.contains('\t') {
        return problem("a tab is used for indentation".to_owned(), "indent with spaces; YAML does not allow tabs".to_owned());
    }
    if error.info().contains("block scalar")
        && let Some(start) = block_start(line)
    {
        return empty_block_problem(&line[start..], Position::clone(&at_column(position(mark), line[..start].chars().count())));
    }
    if line.contains("{{") {
        return problem(
            "an unquoted '{{' can't be read".to_owned(),
            "put the whole value in quotes, for example \"/items/{{ id }}\"".to_owned(),
        );
    }
    if error.info().contains("anchor") || error.info().contains("alias") {
        let star = line.chars().skip(mark.col()).position(|c| c == '*').map_or(rest.clone(), |n| rest.chars().skip(n).collect());
        let word = word_of(&star);
        return problem(
            format!("an unquoted '*' is read as an alias, and there is no anchor for '{word}'"),
            format!("quote it: \"{word}\""),
        );
    }
    if let Some(first @ ('%' | '@' | '`')) = rest.chars().next() {
        let word = word_of(&rest);
        return problem(format!("a value can't begin with '{first}' without quotes"), format!("quote it: \"{word}\""));
    }
    problem(
        format!("this is not YAML: {}", error.info()),
        "check indentation, quotes and brackets of this line and the one before".to_owned(),
    )
}

/// `rate: >5/s`: YAML takes the sign for the start of a block of text.
pub(super) fn empty_block(text: &str, mark: &Marker, position: Position) -> Problem {
    let line = line_of(text, mark);
    let start = line.char_indices().nth(mark.col()).map_or(0, |(start, _)| start);
    empty_block_problem(&line[start..], position)
}

fn empty_block_problem(written: &str, position: Position) -> Problem {
    let written = written.trim_end().trim_end_matches(['}', ']', ',']).trim_end();
    let sign: String = written.chars().take(1).collect();
    let message = format!("an unquoted '{sign}' starts a block of text, and this one is empty");
    Problem::new(position, message, format!("quote it: \"{written}\""))
}

/// `url: {{ id }}`: YAML takes the braces for a map whose key is a map.
pub(super) fn key_is_no_text(text: &str, parent: &Marker, mark: &Marker, position: impl Fn(&Marker) -> Position) -> Problem {
    let written: String = line_of(text, parent).chars().skip(parent.col()).collect();
    if written.starts_with("{{") {
        let end = written.find("}}").map_or(written.len(), |end| end + 2);
        return Problem::new(
            position(parent),
            "an unquoted '{{' is read as a map",
            format!("put the whole value in quotes: \"{}\"", &written[..end]),
        );
    }
    Problem::new(position(mark), "a key must be a text", "a list or a map can't be a key; quote it if it is a text".to_owned())
}

fn line_of<'a>(text: &'a str, mark: &Marker) -> &'a str {
    text.lines().nth(mark.line().saturating_sub(1)).unwrap_or_default()
}

/// Where in a line a `>` or `|` stands as the first sign of a value.
fn block_start(line: &str) -> Option<usize> {
    line.match_indices(['>', '|']).map(|(start, _)| start).find(|start| line[..*start].trim_end().ends_with([':', '-', ',', '[']))
}

fn at_column(position: Position, column: usize) -> Position {
    match position {
        Position::At(line, _) => Position::At(line, column + 1),
        other => other,
    }
}

/// A value up to the sign that ends it.
fn word_of(rest: &str) -> String {
    rest.chars().take_while(|c| !c.is_whitespace() && !",]}".contains(*c)).collect()
}
