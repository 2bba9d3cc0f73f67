//! Places in a JSON document.

use std::fmt;

use serde_json::Value;

/// What stands behind a path to ask for the number of entries or characters instead of the value; an addition to RFC 9535,
/// which knows it in filters only.
const LENGTH: &str = ".length()";

/// A path of RFC 9535, or one that ends in `.length()`.
#[derive(Clone, Debug)]
pub struct JsonPath {
    written: String,
    path: serde_json_path::JsonPath,
    length: bool,
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(written: &str) -> Result<Self, String> {
        let stripped = written.trim().strip_suffix(LENGTH);
        let path = stripped.unwrap_or(written.trim());
        match serde_json_path::JsonPath::parse(path) {
            Ok(path) => Ok(Self { written: written.trim().to_owned(), path, length: stripped.is_some() }),
            Err(error) => Err(format!("'{}' is not a JSONPath: {}", written.trim(), error.message())),
        }
    }

    /// Everything the path leads to.
    #[must_use]
    pub fn all(&self, document: &Value) -> Vec<Value> {
        let found = self.path.query(document).all();
        found.into_iter().filter_map(|value| if self.length { length(value) } else { Some(value.clone()) }).collect()
    }

    /// The first thing the path leads to.
    #[must_use]
    pub fn first(&self, document: &Value) -> Option<Value> {
        let found = self.path.query(document).first()?;
        if self.length { length(found) } else { Some(found.clone()) }
    }
}

/// Entries of a list or a map, characters of a text; nothing else has a length.
fn length(value: &Value) -> Option<Value> {
    match value {
        Value::Array(list) => Some(list.len().into()),
        Value::Object(map) => Some(map.len().into()),
        Value::String(text) => Some(text.chars().count().into()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_to_values_and_their_lengths() {
        let document = json!({ "items": [{ "id": 7 }, { "id": 8 }], "name": "äb", "n": 1 });
        let first = |path| JsonPath::parse(path).unwrap().first(&document);
        assert_eq!(first("$.items[1].id"), Some(json!(8)));
        assert_eq!(first("$.items.length()"), Some(json!(2)));
        assert_eq!((first("$.name.length()"), first("$.n.length()"), first("$.none")), (Some(json!(2)), None, None));
        assert_eq!(JsonPath::parse("$.items[*].id").unwrap().all(&document), [json!(7), json!(8)]);
    }

    #[test]
    fn a_wrong_path_is_refused_in_words() {
        let error = JsonPath::parse("$.items[").unwrap_err();
        assert!(error.starts_with("'$.items[' is not a JSONPath: "), "{error}");
        assert!(JsonPath::parse("items").is_err());
    }
}
