//! Tree -> typed sections. serde_yaml makes the values; where it refuses one, the tree knows the place.

use serde::de::DeserializeOwned;

use super::{
    error::Problem,
    nearest,
    node::{Node, Path, Segment, Value},
};

/// Reads a tree as `T`.
pub(super) fn decode<T: DeserializeOwned>(root: &Node) -> Result<T, Problem> {
    serde_path_to_error::deserialize(to_yaml(root)).map_err(|error| {
        let path = path_of(error.path());
        explain(root, &path, &error.inner().to_string())
    })
}

/// The tree as serde_yaml has it, without positions.
pub(super) fn to_yaml(node: &Node) -> serde_yaml::Value {
    match &node.value {
        Value::Scalar(scalar) => scalar.to_yaml(),
        Value::List(items) => serde_yaml::Value::Sequence(items.iter().map(to_yaml).collect()),
        Value::Map(entries) => serde_yaml::Value::Mapping(
            entries.iter().map(|entry| (serde_yaml::Value::String(entry.key.clone()), to_yaml(&entry.node))).collect(),
        ),
    }
}

fn path_of(path: &serde_path_to_error::Path) -> Path {
    path.iter()
        .filter_map(|segment| match segment {
            serde_path_to_error::Segment::Seq { index } => Some(Segment::Index(*index)),
            serde_path_to_error::Segment::Map { key } => Some(Segment::Key(key.clone())),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
        })
        .collect()
}

/// serde's message in the words of the person who wrote the file.
fn explain(root: &Node, path: &Path, message: &str) -> Problem {
    if let Some((key, rest)) = quoted(message, "unknown field `") {
        // The path may or may not end with the key itself.
        let full =
            if matches!(path.segments().last(), Some(Segment::Key(last)) if last == key) { path.clone() } else { path.key(key) };
        let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        return Problem::new(
            root.position(&full, true),
            format!("unknown key '{key}'"),
            nearest::hint(key, known, "known keys here"),
        );
    }
    if let Some((key, _)) = quoted(message, "missing field `") {
        let hint = format!("add `{key}:`");
        return Problem::new(root.position(path, true), format!("'{key}' is missing here"), hint);
    }
    let position = root.position(path, false);
    if let Some((found, expected)) = message.split_once(", expected ") {
        let is_type = found.contains("invalid type") || found.contains("invalid value");
        let node = root.find(path);
        let kind = node.filter(|_| is_type).map_or_else(|| found.to_owned(), Node::kind);
        return Problem::new(position, format!("expected {}, found {kind}", in_words(expected)), hint_for(node, expected));
    }
    Problem::new(position, message.to_owned(), None)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<(&'a str, &'a str)> {
    let start = message.find(before)? + before.len();
    message[start..].split_once('`')
}

fn in_words(expected: &str) -> &str {
    match expected {
        "a string" => "a text",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        other if other.starts_with("struct ") => "a map of keys and values",
        other => other,
    }
}

fn hint_for(node: Option<&Node>, expected: &str) -> Option<String> {
    if in_words(expected) == "a list" {
        return Some("begin each entry with '- ', or write [ .. ]".to_owned());
    }
    let Value::Scalar(scalar) = &node?.value else { return None };
    let expects_number =
        matches!(in_words(expected), "a whole number" | "a number" | "true or false") || expected.contains("number");
    if in_words(expected) == "a text" && scalar.plain && !scalar.text.is_empty() {
        return Some(format!("put it in quotes: \"{}\"", scalar.written));
    }
    if expects_number && !scalar.plain && serde_yaml::from_str::<serde_yaml::Value>(&scalar.text).is_ok_and(|v| !v.is_string()) {
        return Some(format!("write {} without quotes", scalar.written));
    }
    None
}
