//! The JSON Schema of the language, for editors: made of the very structs a file is read into, so that both know the same keys.
//! Tests hold it against what the parser accepts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{
    checks::Statuses,
    document::Document,
    feed::Feed,
    written::{AnyScalar, Expected, Quantity, TextOr, Written},
};

/// A variable, which may stand in any value and is filled in before the value is read.
const VARIABLE: &str = r"\$\{";

/// Texts of which there are only a few: the definition, the key, the words.
const WORDS: [(&str, &str, &[&str]); 25] = [
    ("Target", "protocol", &["auto", "http1", "http2", "h2c"]),
    ("Http", "cookies", &["per_vu", "off"]),
    ("Backoff", "jitter", &["full", "none"]),
    ("Feeder", "order", &["sequential", "random", "shuffle"]),
    ("Feeder", "on_end", &["recycle", "stop"]),
    ("Feeder", "partition", &["per_worker"]),
    ("Load", "model", &["open", "closed", "adaptive"]),
    ("Load", "arrivals", &["uniform", "poisson"]),
    ("Adaptive", "formula", &["base", "step"]),
    ("SelfProtection", "on_saturated", &["invalid", "shed"]),
    ("Threshold", "severity", &["fail", "warn"]),
    ("Regression", "compare", &["auto", "baseline", "ab"]),
    ("Policy", "missing_baseline", &["pass", "warn", "fail"]),
    ("Policy", "inconclusive", &["pass", "warn", "fail", "extend"]),
    ("Policy", "env_mismatch", &["pass", "warn", "fail"]),
    ("Policy", "improvement", &["pass", "warn", "fail"]),
    ("Baseline", "store", &["file", "git"]),
    ("Promote", "from", &["push_to_main"]),
    ("Promote", "only_if", &["passed"]),
    ("Report", "formats", &["json", "html", "md", "junit", "csv", "gitlab", "openmetrics"]),
    ("Github", "comment", &["sticky", "on_change", "on_regression", "off"]),
    ("Github", "on_fork", &["artifact"]),
    ("Observe", "traces", &["off", "w3c"]),
    ("Feed", "", &["per_iteration", "per_user"]),
    ("Document", "version", &["1"]),
];

/// The schema, as `loadgate schema` prints it.
#[must_use]
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut root = generator.into_root_schema_for::<Document>().to_value();
    for (definition, key, words) in WORDS {
        let place = match (definition, key) {
            ("Document", key) => format!("/properties/{key}"),
            (definition, "") => format!("/definitions/{definition}/anyOf/2/additionalProperties"),
            (definition, "formats") => format!("/definitions/{definition}/properties/formats/items"),
            (definition, key) => format!("/definitions/{definition}/properties/{key}"),
        };
        if let Some(Value::Object(schema)) = root.pointer_mut(&place) {
            choose_from(schema, words);
        }
    }
    each_schema(&mut root, &mut takes_variables);
    add_environments(&mut root);
    root["title"] = json!("loadgate configuration");
    root["description"] = json!("What loadgate.yml may hold. `loadgate check` says more: it knows what values mean together.");
    root
}

/// Limits a text to a few words, or a variable.
fn choose_from(schema: &mut Map<String, Value>, words: &[&str]) {
    let is_number = words == ["1"];
    let can_be_left_empty = schema.get("type").and_then(Value::as_array).is_some_and(|types| types.contains(&json!("null")));
    for keyword in ["type", "format", "minimum"] {
        schema.remove(keyword);
    }
    let mut forms = vec![if is_number { json!({ "const": 1 }) } else { json!({ "enum": words }) }];
    forms.push(json!({ "type": "string", "pattern": VARIABLE }));
    if can_be_left_empty {
        forms.push(json!({ "type": "null" }));
    }
    schema.insert("anyOf".to_owned(), Value::Array(forms));
}

/// Numbers and truth values may be a text with a variable in it.
fn takes_variables(schema: &mut Map<String, Value>) {
    let types: Vec<Value> = match schema.get("type") {
        Some(Value::String(one)) => vec![json!(one)],
        Some(Value::Array(several)) => several.clone(),
        _ => return,
    };
    let is = |name: &str| types.contains(&json!(name));
    if (is("integer") || is("number") || is("boolean")) && !is("string") {
        schema.insert("type".to_owned(), Value::Array([types, vec![json!("string")]].concat()));
        schema.insert("pattern".to_owned(), json!(VARIABLE));
    }
}

/// `environments:` is taken apart before the file is read. An entry is laid over the file map by map, so nothing is required of its
/// maps; lists take the place of lists, so everything is of theirs.
fn add_environments(root: &mut Value) {
    let mut environment = json!({
        "description": "What is different in this environment.",
        "type": "object",
        "properties": root["properties"],
        "additionalProperties": false,
    });
    point_to_partial(&mut environment);
    let Some(definitions) = root.get_mut("definitions").and_then(Value::as_object_mut) else { return };
    let partial: Vec<(String, Value)> = definitions
        .iter()
        .map(|(name, definition)| {
            let mut definition = definition.clone();
            if let Some(definition) = definition.as_object_mut() {
                definition.remove("required");
            }
            point_to_partial(&mut definition);
            (partial_name(name), definition)
        })
        .collect();
    definitions.extend(partial);
    definitions.insert("Environment".to_owned(), environment);
    root["properties"]["environments"] = json!({
        "description": "Variants of the configuration by name; `--env NAME` lays one over the rest.",
        "type": ["object", "null"],
        "additionalProperties": { "$ref": "#/definitions/Environment" },
    });
}

fn partial_name(name: &str) -> String {
    format!("Partial{name}")
}

fn point_to_partial(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords.iter_mut() {
                match (keyword.as_str(), &value) {
                    ("$ref", Value::String(place)) => {
                        *value = json!(place.replace("#/definitions/", &format!("#/definitions/{}", partial_name(""))));
                    }
                    ("items", _) => {}
                    _ => point_to_partial(value),
                }
            }
        }
        Value::Array(several) => several.iter_mut().for_each(point_to_partial),
        _ => {}
    }
}

/// Visits a schema and all schemas in it.
fn each_schema(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(keywords) = schema else { return };
    visit(keywords);
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "definitions", Value::Object(named)) => {
                named.values_mut().for_each(|schema| each_schema(schema, visit));
            }
            ("anyOf" | "allOf" | "oneOf", Value::Array(several)) => {
                several.iter_mut().for_each(|schema| each_schema(schema, visit));
            }
            ("items" | "additionalProperties", value) => each_schema(value, visit),
            _ => {}
        }
    }
}

impl<Q: Quantity> JsonSchema for Written<Q> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Q::EXPECTED.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let types: &[&str] = if Q::IS_NUMBER { &["string", "integer"] } else { &["string"] };
        json_schema!({ "type": types, "pattern": format!("^ *(?:{}) *$|{VARIABLE}", Q::PATTERN) })
    }
}

impl JsonSchema for AnyScalar {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyScalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean", "null"] })
    }
}

impl<T: JsonSchema + Expected> JsonSchema for TextOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TextOr{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut text = json!({ "type": "string", "description": T::EXPECTED });
        if let (Value::Object(text), [_, ..]) = (&mut text, T::WORDS) {
            choose_from(text, T::WORDS);
        }
        json_schema!({ "anyOf": [text, generator.subschema_for::<T>()] })
    }
}

impl JsonSchema for Statuses {
    fn schema_name() -> Cow<'static, str> {
        "Statuses".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let status = json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX });
        json_schema!({ "anyOf": [status, { "type": "array", "items": status }] })
    }
}

impl JsonSchema for Feed {
    fn schema_name() -> Cow<'static, str> {
        "Feed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = json!({ "type": "string" });
        json_schema!({ "anyOf": [text, { "type": "array", "items": text }, { "type": "object", "additionalProperties": text }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::written::{Level, Rate, RateRange, Share, Size, Think, Time, Users};

    #[test]
    fn every_list_of_words_has_its_place() {
        let schema = json_schema().to_string();
        for (definition, key, words) in WORDS.iter().filter(|(_, key, _)| *key != "version") {
            let chosen = json!({ "enum": words }).to_string();
            assert!(schema.contains(&chosen), "{definition}.{key}: {words:?}");
        }
    }

    /// What an editor takes for a quantity is what the plan takes.
    fn agrees<Q: Quantity>(texts: &[&str]) {
        let schema = SchemaGenerator::default().subschema_for::<Written<Q>>().to_value();
        let (mut right, mut wrong) = (0, 0);
        for text in texts {
            let parsed = Q::parse(text).is_ok();
            assert_eq!(jsonschema::is_valid(&schema, &json!(text)), parsed, "{}: '{text}'", Q::EXPECTED);
            *(if parsed { &mut right } else { &mut wrong }) += 1;
        }
        assert!(right > 0 && wrong > 0, "{}", Q::EXPECTED);
        assert_eq!(jsonschema::is_valid(&schema, &json!(5)), Q::parse("5").is_ok(), "{}: a bare number", Q::EXPECTED);
        assert!(jsonschema::is_valid(&schema, &json!("${X:-1}")), "{}: a variable", Q::EXPECTED);
    }

    #[test]
    fn patterns_of_quantities_say_what_the_parser_says() {
        let texts = [
            "30s",
            " 30 s ",
            "1m30s",
            "1.5h",
            "500us",
            "1_000ms",
            "7d",
            "1min",
            "30",
            "s",
            "",
            "-3s",
            "3 weeks",
            "1s 2",
            "200/s",
            "12000/min",
            "0.5 / s",
            "3600/hour",
            "200",
            "200/x",
            "-200/s",
            "10/s..200/s",
            "10/s .. 2/m",
            "10..20",
            "0..50",
            "1_000",
            "1.5",
            "5..",
            "5%",
            "0.1pp",
            "7 %",
            "5 percent",
            "200kB",
            "4KiB",
            "1 GB",
            "2B",
            "2 bytes",
            "1s..3s",
            "exp(2s)",
            "normal(2s, 500ms)",
            "normal(2s)",
            "exp 2s",
            "exp (2s)",
            "uniform(1s)",
            "..",
            "a",
        ];
        agrees::<Time>(&texts);
        agrees::<Rate>(&texts);
        agrees::<RateRange>(&texts);
        agrees::<Users>(&texts);
        agrees::<Level>(&texts);
        agrees::<Share>(&texts);
        agrees::<Size>(&texts);
        agrees::<Think>(&texts);
    }
}
