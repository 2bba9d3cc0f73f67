//! What people write that YAML reads as something else, each said in their words.

use saphyr_parser::{Marker, ScanError};

use super::{
    error::{Position, Problem},
    parse::DEPTH_MAX,
};

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
    if error.info().contains("block scalar") && block_start(line).is_some() {
        return empty_block(text, mark, position);
    }
    if error.info().contains("recursion limit") {
        return too_deep(position(mark));
    }
    if rest.starts_with('{') && mark.col() > 0 && line.chars().nth(mark.col() - 1) == Some('$') {
        return problem(
            "an unquoted '${' can't stand within '{ }' or '[ ]'".to_owned(),
            "put the whole value in quotes, or write the map or list over several lines".to_owned(),
        );
    }
    if line.contains("{{") {
        return problem("an unquoted '{{' can't be read".to_owned(), "quote the whole value: \"/items/{{ id }}\"".to_owned());
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

/// Lists and maps within each other beyond any use.
pub(super) fn too_deep(position: Position) -> Problem {
    let hint = "no section needs more than ten".to_owned();
    Problem::new(position, format!("nested deeper than {DEPTH_MAX} levels"), hint)
}

/// `rate: >5/s`: YAML takes the sign for the start of a block of text. The reader names the place where the block ended
/// without having begun, which may be a line or more below the sign.
pub(super) fn empty_block(text: &str, mark: &Marker, position: impl Fn(&Marker) -> Position) -> Problem {
    let lines: Vec<&str> = text.lines().take(mark.line()).collect();
    let sign = lines.iter().enumerate().rev().find_map(|(n, line)| Some((n, *line, block_start(line)?)));
    match sign {
        Some((n, line, start)) => {
            let mark = Marker::new(0, n + 1, line[..start].chars().count());
            empty_block_problem(&line[start..], position(&mark))
        }
        None => empty_block_problem(">", position(mark)),
    }
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
        return Problem::new(position(parent), "an unquoted '{{' is read as a map", format!("quote it: \"{}\"", &written[..end]));
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

/// A value up to the sign that ends it.
fn word_of(rest: &str) -> String {
    rest.chars().take_while(|c| !c.is_whitespace() && !",]}".contains(*c)).collect()
}
