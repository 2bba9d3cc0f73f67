//! An answer that is looked into: whether it is as promised, and what later steps need of it.

use std::sync::Arc;

use minijinja::Value;

use super::content::Content;
use crate::{
    mask::{MASK, is_credential, shortened},
    plan::{BodyRule, Check, Extract},
    protocol::{Failure, Reply},
    record::ErrorClass,
};

/// A complete answer.
pub(super) struct Answer<'a> {
    reply: &'a Reply,
    content: Content<'a>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(reply: &'a Reply) -> Self {
        Self { reply, content: Content::of_answer(&reply.headers, &reply.body) }
    }

    /// Whether the answer is a failure.
    pub(super) fn judge(&self, check: &Check) -> Option<Failure> {
        self.judge_status(check).or_else(|| self.broken_promise(check).map(|message| told(ErrorClass::CheckFailed, &message)))
    }

    fn judge_status(&self, check: &Check) -> Option<Failure> {
        let status = self.reply.status;
        let as_promised = if check.status.is_empty() { status.as_u16() < 400 } else { check.status.contains(&status) };
        if as_promised {
            return None;
        }
        let class = match status.as_u16() {
            400..=499 => ErrorClass::Status4xx,
            500.. => ErrorClass::Status5xx,
            _ => ErrorClass::CheckFailed,
        };
        Some(Failure { class, message: format!("status {}", status.as_u16()).into() })
    }

    fn broken_promise(&self, check: &Check) -> Option<String> {
        self.broken_header(check).or_else(|| self.broken_size(check)).or_else(|| self.broken_body(check)).or_else(|| {
            if check.json.is_empty() && check.schema.is_none() {
                return None;
            }
            match self.content.json() {
                Ok(document) => broken_json(check, document).or_else(|| broken_schema(check, document)),
                Err(reason) => Some(reason.clone()),
            }
        })
    }

    fn broken_header(&self, check: &Check) -> Option<String> {
        check.headers.iter().find_map(|(name, rule)| {
            let mut values = self.reply.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            match values.next() {
                None => Some(format!("header {name}: expected {rule}, and it is not there")),
                Some(first) if !rule.holds_for_text(&first) && !values.any(|value| rule.holds_for_text(&value)) => {
                    Some(format!("header {name}: expected {rule}, found {}", value_of(name.as_str(), &first)))
                }
                Some(_) => None,
            }
        })
    }

    fn broken_size(&self, check: &Check) -> Option<String> {
        let bytes_max = check.bytes_max.filter(|bytes_max| self.reply.bytes > *bytes_max)?;
        Some(format!("body: expected at most {bytes_max} bytes, found {}", self.reply.bytes))
    }

    fn broken_body(&self, check: &Check) -> Option<String> {
        let text = self.content.text();
        let found = || shortened(&text);
        match check.body.as_ref()? {
            BodyRule::Contains(part) => {
                (!text.contains(part.as_str())).then(|| format!("body: expected '{part}' in it, found {}", found()))
            }
            BodyRule::Matches(regex) => (!regex.is_match(&text)).then(|| format!("body: expected ~ {regex}, found {}", found())),
        }
    }

    /// The values that later steps need.
    ///
    /// # Errors
    /// One of them is not there and has no stand-in.
    pub(super) fn extract(&self, extracts: &[Extract]) -> Result<Vec<(Arc<str>, Value)>, Failure> {
        self.content.extract(extracts)
    }
}

fn broken_json(check: &Check, document: &serde_json::Value) -> Option<String> {
    check.json.iter().find_map(|(path, rule)| {
        let values = path.all(document);
        if values.is_empty() {
            return Some(format!("{path}: expected {rule}, found nothing there"));
        }
        let wrong = values.iter().find(|value| !rule.holds(value))?;
        Some(format!("{path}: expected {rule}, found {}", value_of(&path.to_string(), &wrong.to_string())))
    })
}

fn broken_schema(check: &Check, document: &serde_json::Value) -> Option<String> {
    let schema = check.schema.as_ref()?;
    let error = schema.validator.validate(document).err()?;
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "the body" } else { place.as_str() };
    Some(format!("{}: {place}: {}", schema.file, value_of(place, &error.to_string())))
}

fn told(class: ErrorClass, message: &str) -> Failure {
    Failure::told(class, message)
}

/// What was found under a name; nothing of it where the name says that it is a credential.
fn value_of(name: &str, text: &str) -> String {
    if is_credential(name) { MASK.to_owned() } else { shortened(text) }
}

#[cfg(test)]
mod tests;
