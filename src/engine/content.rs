//! What an answer or a message holds, and the values that later steps need of it.

use std::{borrow::Cow, cell::OnceCell, sync::Arc};

use http::HeaderMap;
use minijinja::{Value, value::Serde};

use crate::{
    mask::shortened,
    plan::{Extract, JsonPath, Place},
    protocol::Failure,
    record::ErrorClass,
};

/// Bytes that are looked into.
pub(super) struct Content<'a> {
    /// Those of an answer; a message has none.
    headers: Option<&'a HeaderMap>,
    bytes: &'a [u8],
    /// The bytes as JSON, read once.
    json: OnceCell<Result<serde_json::Value, String>>,
}

impl<'a> Content<'a> {
    pub(super) fn of_answer(headers: &'a HeaderMap, bytes: &'a [u8]) -> Self {
        Self { headers: Some(headers), bytes, json: OnceCell::new() }
    }

    pub(super) fn of_message(bytes: &'a [u8]) -> Self {
        Self { headers: None, bytes, json: OnceCell::new() }
    }

    pub(super) fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// The bytes as JSON, or why they are none.
    pub(super) fn json(&self) -> &Result<serde_json::Value, String> {
        self.json.get_or_init(|| {
            serde_json::from_slice(self.bytes)
                .map_err(|error| format!("body: expected JSON, found {} ({error})", shortened(&self.text())))
        })
    }

    /// The values that later steps need.
    ///
    /// # Errors
    /// One of them is not there and has no stand-in.
    pub(super) fn extract(&self, extracts: &[Extract]) -> Result<Vec<(Arc<str>, Value)>, Failure> {
        extracts.iter().map(|extract| Ok((Arc::clone(&extract.name), self.value(extract)?))).collect()
    }

    fn value(&self, extract: &Extract) -> Result<Value, Failure> {
        let missing = |found: String| {
            let Extract { name, place, .. } = extract;
            Failure::told(ErrorClass::ExtractFailed, &format!("{name}: nothing at {place}, found {found}"))
        };
        let found = match &extract.place {
            Place::Json(path) => self.at_path(path),
            Place::Regex(regex) => {
                let text = self.text();
                let group = |captures: &regex::Captures<'_>| {
                    captures.get(1).or_else(|| captures.get(0)).map(|found| Value::from(found.as_str()))
                };
                regex.captures(&text).as_ref().and_then(group).ok_or_else(|| shortened(&text))
            }
            Place::Header(name) => {
                let value = self.headers.and_then(|headers| headers.get(name));
                let value = value.map(|value| Value::from(&*String::from_utf8_lossy(value.as_bytes())));
                value.ok_or_else(|| {
                    let names = self.headers.map(HeaderMap::keys).into_iter().flatten();
                    let names: Vec<&str> = names.map(http::HeaderName::as_str).collect();
                    format!("the headers {}", shortened(&names.join(", ")))
                })
            }
        };
        found.or_else(|found| extract.default.clone().ok_or_else(|| missing(found)))
    }

    fn at_path(&self, path: &JsonPath) -> Result<Value, String> {
        let body = || shortened(&self.text());
        let document = self.json().as_ref().map_err(|_| body())?;
        path.first(document).map(|value| Value::from(Serde(&value))).ok_or_else(body)
    }
}
