//! `body` and `json` -> what is sent along, as it stands or in pieces that are rendered each time.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde_json::Value;

use super::templates::{Reach, Scribe, Source};
use crate::{
    config::{Path, scenarios as written},
    plan::{
        Piece,
        template::{Purpose, is_template},
    },
};

/// The body as written, and its pieces where any of it is a template. `None` when something is wrong, which is noted.
pub(super) fn resolve(
    step: &written::Step,
    headers: &mut Vec<(HeaderName, HeaderValue)>,
    at: &Path,
    scribe: &mut Scribe<'_>,
    reach: &Reach,
) -> Option<(Bytes, Vec<Piece>)> {
    match (&step.body, &step.json) {
        (None, None) => Some((Bytes::new(), Vec::new())),
        (Some(text), None) => {
            let pieces = if is_template(text) {
                let source = Source { text, at: &at.key("body"), offset: 0 };
                vec![Piece::Rendered(scribe.compile(source, Purpose::Text, reach)?)]
            } else {
                Vec::new()
            };
            Some((Bytes::from(text.clone()), pieces))
        }
        (Some(_), Some(_)) => {
            scribe.problems.add_at_key(&at.key("json"), "a request has either 'body' or 'json'", "keep one of them");
            None
        }
        (None, Some(value)) => {
            if !headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
                headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            }
            json(value, &at.key("json"), scribe, reach)
        }
    }
}

/// JSON as written, and its pieces where any of it is a template.
pub(super) fn json(value: &serde_yaml::Value, at: &Path, scribe: &mut Scribe<'_>, reach: &Reach) -> Option<(Bytes, Vec<Piece>)> {
    let value = match serde_json::to_value(value) {
        Ok(value) => value,
        Err(error) => {
            scribe.problems.add_at_key(at, format!("this can't be sent as JSON: {error}"), "send it with `body:`");
            return None;
        }
    };
    let written = Bytes::from(value.to_string());
    let mut writer = Writer { scribe, reach, fixed: String::new(), pieces: Vec::new(), is_whole: true };
    writer.value(&value, at);
    if !writer.is_whole {
        return None;
    }
    writer.flush();
    let is_fixed = writer.pieces.iter().all(|piece| matches!(piece, Piece::Fixed(_)));
    let pieces = if is_fixed { Vec::new() } else { writer.pieces };
    Some((written, pieces))
}

/// Writes JSON as text, with templates as pieces of their own.
struct Writer<'s, 'a> {
    scribe: &'s mut Scribe<'a>,
    reach: &'s Reach,
    fixed: String,
    pieces: Vec<Piece>,
    is_whole: bool,
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value, at: &Path) {
        match value {
            Value::String(text) => self.text(text, at),
            Value::Array(list) => {
                self.fixed.push('[');
                for (n, value) in list.iter().enumerate() {
                    self.comma(n);
                    self.value(value, &at.index(n));
                }
                self.fixed.push(']');
            }
            Value::Object(map) => {
                self.fixed.push('{');
                for (n, (key, value)) in map.iter().enumerate() {
                    self.comma(n);
                    self.key(key, at);
                    self.fixed.push(':');
                    self.value(value, &at.key(key));
                }
                self.fixed.push('}');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.fixed.push_str(&value.to_string()),
        }
    }

    fn comma(&mut self, n: usize) {
        if n > 0 {
            self.fixed.push(',');
        }
    }

    /// A key is a text whatever is in it.
    fn key(&mut self, key: &str, at: &Path) {
        if is_template(key) {
            self.template(key, at, Purpose::Text, Piece::JsonString);
        } else {
            self.fixed.push_str(&Value::from(key).to_string());
        }
    }

    /// `"{{ rand(1, 5) }}"` alone keeps its type; a template within other text makes a text.
    fn text(&mut self, text: &str, at: &Path) {
        if !is_template(text) {
            self.fixed.push_str(&Value::from(text).to_string());
        } else if self.scribe.is_expression(text) {
            self.template(text.trim(), at, Purpose::Json, Piece::Rendered);
        } else {
            self.template(text, at, Purpose::Text, Piece::JsonString);
        }
    }

    fn template(&mut self, text: &str, at: &Path, purpose: Purpose, piece: fn(crate::plan::TemplateId) -> Piece) {
        let source = Source { text, at, offset: 0 };
        match self.scribe.compile(source, purpose, self.reach) {
            Some(id) => {
                self.flush();
                self.pieces.push(piece(id));
            }
            None => self.is_whole = false,
        }
    }

    fn flush(&mut self) {
        if !self.fixed.is_empty() {
            self.pieces.push(Piece::Fixed(Bytes::from(std::mem::take(&mut self.fixed))));
        }
    }
}
