//! `check` and `extract` -> what is looked at in an answer.

use std::{collections::BTreeMap, sync::Arc};

use http::{HeaderName, StatusCode};
use jsonschema::Validator;
use minijinja::value::Serde;

use super::{Problems, request, templates};
use crate::{
    config::{
        Loaded, Path, checks as written,
        scenarios::{Extract as WrittenExtract, ExtractEntry},
        written::TextOr,
    },
    plan::{BodyRule, Check, Extract, JsonPath, Place, Rule, Schema, rule::regex},
};

const RULES: &str = "write the value itself, or begin with ==, !=, <, <=, >, >= or ~ (regular expression)";
const PATHS: &str = "write a path such as $.items[0].id (RFC 9535), or one that ends in .length()";

pub(super) fn resolve(written: &written::Check, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Check {
    let size = written.max_bytes.as_ref().and_then(|size| problems.read(size, &at.key("max_bytes")));
    Check {
        status: written.status.as_ref().map(|statuses| self::statuses(statuses, &at.key("status"), problems)).unwrap_or_default(),
        headers: written.header.as_ref().map(|rules| headers(rules, &at.key("header"), problems)).unwrap_or_default(),
        body: written.body.as_ref().and_then(|rule| body(rule, &at.key("body"), problems)),
        json: written.json.as_ref().map(|rules| json(rules, &at.key("json"), problems)).unwrap_or_default(),
        bytes_max: size,
        schema: written.schema.as_ref().and_then(|file| schema(file, &at.key("schema"), loaded, problems)),
    }
}

fn statuses(written: &written::Statuses, at: &Path, problems: &Problems<'_>) -> Vec<StatusCode> {
    if written.0.is_empty() {
        problems.add(at, "no status is expected", "write a status such as 200, or remove the check");
    }
    for status in written.0.iter().filter(|status| !request::is_status(**status)) {
        problems.add(at, format!("{status} is not an HTTP status"), "write a number from 100 to 599");
    }
    written.0.iter().filter_map(|status| StatusCode::from_u16(*status).ok()).collect()
}

fn headers(rules: &BTreeMap<String, serde_yaml::Value>, at: &Path, problems: &Problems<'_>) -> Vec<(HeaderName, Rule)> {
    let one = |(name, value): (&String, &serde_yaml::Value)| {
        let at = at.key(name);
        Some((header_name(name, &at, problems)?, rule(value, &at, problems)?))
    };
    rules.iter().filter_map(one).collect()
}

fn header_name(name: &str, at: &Path, problems: &Problems<'_>) -> Option<HeaderName> {
    let header = name.parse::<HeaderName>();
    if header.is_err() {
        problems.add_at_key(at, format!("'{name}' is not the name of a header"), "use letters, digits and '-'");
    }
    header.ok()
}

fn rule(value: &serde_yaml::Value, at: &Path, problems: &Problems<'_>) -> Option<Rule> {
    let rule = serde_json::to_value(value).map_err(|error| error.to_string()).and_then(|value| Rule::parse(&value));
    rule.map_err(|message| problems.add(at, message, RULES)).ok()
}

fn body(text: &str, at: &Path, problems: &Problems<'_>) -> Option<BodyRule> {
    match text.strip_prefix('~') {
        Some(pattern) => {
            let hint = "write a regular expression behind the '~', without look-around and back-references";
            regex(pattern.trim()).map(BodyRule::Matches).map_err(|message| problems.add(at, message, hint)).ok()
        }
        None if text.is_empty() => {
            problems.add(at, "every body holds an empty text", "write a text that must be in the body, or remove the line");
            None
        }
        None => Some(BodyRule::Contains(text.to_owned())),
    }
}

fn json(rules: &BTreeMap<String, serde_yaml::Value>, at: &Path, problems: &Problems<'_>) -> Vec<(JsonPath, Rule)> {
    let one = |(path, value): (&String, &serde_yaml::Value)| {
        let at = at.key(path);
        let path = JsonPath::parse(path).map_err(|message| problems.add_at_key(&at, message, PATHS)).ok();
        let rule = rule(value, &at, problems)?;
        Some((path?, rule))
    };
    rules.iter().filter_map(one).collect()
}

fn schema(file: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<Schema> {
    let compiled = loaded.files.get(file).and_then(|bytes| {
        let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())?;
        let schema = serde_json::from_str(text).map_err(|error| format!("the file is not JSON: {error}"))?;
        Ok((text.to_owned(), compile(&schema)?))
    });
    match compiled {
        Ok((text, validator)) => Some(Schema { file: file.to_owned(), text, validator: Arc::new(validator) }),
        Err(reason) => {
            let hint =
                "name a file with a JSON Schema, relative to the configuration's folder; it can refer to nothing outside itself";
            problems.add(at, format!("{file}: {reason}"), hint);
            None
        }
    }
}

fn compile(schema: &serde_json::Value) -> Result<Validator, String> {
    jsonschema::options().offline().build(schema).map_err(|error| format!("this is not a JSON Schema: {error}"))
}

/// What later steps need, with the names in the order of the alphabet.
pub(super) fn extracts(written: &BTreeMap<String, ExtractEntry>, at: &Path, problems: &Problems<'_>) -> Vec<Extract> {
    let one = |(name, entry): (&String, &ExtractEntry)| {
        let at = at.key(name);
        let is_name = templates::check_name(name, &at, problems);
        let (place, default) = match entry {
            TextOr::Text(path) => (json_place(path, &at, problems)?, None),
            TextOr::Map(written) => {
                let default = written.default.as_ref().map(|value| minijinja::Value::from(Serde(value)));
                (place(written, &at, problems)?, default)
            }
        };
        is_name.then(|| Extract { name: name.as_str().into(), place, default })
    };
    written.iter().filter_map(one).collect()
}

fn json_place(path: &str, at: &Path, problems: &Problems<'_>) -> Option<Place> {
    JsonPath::parse(path).map(Place::Json).map_err(|message| problems.add(at, message, PATHS)).ok()
}

fn place(written: &WrittenExtract, at: &Path, problems: &Problems<'_>) -> Option<Place> {
    match (&written.json, &written.regex, &written.header) {
        (Some(path), None, None) => json_place(path, &at.key("json"), problems),
        (None, Some(pattern), None) => {
            let hint = "write a regular expression with one group around the value: 'name=\"csrf\" value=\"([^\"]+)\"'";
            let at = at.key("regex");
            regex(pattern).map(Place::Regex).map_err(|message| problems.add(&at, message, hint)).ok()
        }
        (None, None, Some(name)) => match name.parse::<HeaderName>() {
            Ok(header) => Some(Place::Header(header)),
            Err(_) => {
                let message = format!("'{name}' is not the name of a header");
                problems.add(&at.key("header"), message, "use letters, digits and '-'");
                None
            }
        },
        _ => {
            let hint = "write a JSONPath, or one of { json: $.id }, { regex: '..' } and { header: Location }";
            problems.add_at_key(at, "a value is taken from exactly one place", hint);
            None
        }
    }
}
