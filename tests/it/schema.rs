//! The JSON Schema that editors get: it knows what the parser knows, neither more nor less. The parser is asked itself, by slips of
//! the pen that it answers with all it would have taken.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};

use crate::program::{loadgate, transcript};

fn schema() -> Value {
    let output = loadgate(&std::env::temp_dir(), &["schema"]).output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is wrong with a configuration, by the schema.
fn problems(schema: &Value, text: &str) -> Vec<String> {
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    let validator = jsonschema::validator_for(schema).unwrap();
    let config = serde_json::to_value(yaml).unwrap();
    validator.iter_errors(&config).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What `check` says of a configuration.
fn check(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("loadgate.yml"), text).unwrap();
    let output = loadgate(folder.path(), &["check"]).env("API_TOKEN", "hunter2").output().unwrap();
    transcript(&output)
}

/// A place in the language: how to write something there, and what the schema has there.
#[derive(Clone)]
struct Place {
    steps: Vec<Step>,
    schema: Value,
}

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Item,
}

impl Place {
    fn name(&self) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => format!(".{key}"),
            Step::Item => "[]".to_owned(),
        };
        self.steps.iter().map(step).collect()
    }

    /// A configuration with this value there.
    fn with(&self, value: Value) -> Value {
        self.steps.iter().rev().fold(value, |inside, step| match step {
            Step::Key(key) => json!({ key: inside }),
            Step::Item => json!([inside]),
        })
    }

    fn then(&self, step: Step, schema: &Value) -> Self {
        Self { steps: [self.steps.clone(), vec![step]].concat(), schema: schema.clone() }
    }
}

/// Every place of the language outside of `environments:`, each definition where it comes first.
fn places(root: &Value) -> Vec<Place> {
    let (mut found, mut open) = (Vec::new(), vec![Place { steps: Vec::new(), schema: root.clone() }]);
    let mut seen = BTreeSet::new();
    while let Some(place) = open.pop() {
        let schema = &place.schema;
        if let Some(definition) = schema["$ref"].as_str() {
            let at = definition.trim_start_matches('#');
            if seen.insert((at.to_owned(), place.steps.len() > 1)) {
                open.push(Place { schema: root.pointer(at).unwrap().clone(), ..place.clone() });
            }
            continue;
        }
        for keyword in ["anyOf", "allOf"] {
            for form in schema[keyword].as_array().into_iter().flatten() {
                open.push(Place { schema: form.clone(), ..place.clone() });
            }
        }
        for (key, inside) in schema["properties"].as_object().into_iter().flatten() {
            if key != "environments" {
                open.push(place.then(Step::Key(key.clone()), inside));
            }
        }
        if schema["items"].is_object() {
            open.push(place.then(Step::Item, &schema["items"]));
        }
        if schema["additionalProperties"].is_object() {
            open.push(place.then(Step::Key("any".to_owned()), &schema["additionalProperties"]));
        }
        found.push(place);
    }
    found
}

fn listed(said: &str, before: &str) -> Option<BTreeSet<String>> {
    let rest = said.lines().find_map(|line| line.split_once(before))?.1;
    Some(rest.split(", ").map(|word| word.trim().to_owned()).collect())
}

#[test]
fn the_schema_has_the_keys_that_the_parser_has() {
    let root = schema();
    let mut checked = BTreeMap::new();
    for place in places(&root) {
        let Some(properties) = place.schema["properties"].as_object() else { continue };
        assert_eq!(place.schema["additionalProperties"], json!(false), "{}: other keys are refused", place.name());
        let said = check(&place.with(json!({ "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqq": 1 })).to_string());
        let known = listed(&said, "known keys here: ").unwrap_or_else(|| panic!("{}: {said}", place.name()));
        let mut known_to_schema: BTreeSet<String> = properties.keys().cloned().collect();
        // It is taken apart before anything is read.
        known_to_schema.remove("environments");
        assert_eq!(known_to_schema, known, "{}", place.name());
        checked.insert(place.name(), known.len());
    }
    assert!(checked.len() > 35 && checked.values().sum::<usize>() > 200, "{checked:?}");
}

#[test]
fn the_schema_has_the_words_that_the_parser_has() {
    const BASE: &str =
        "\"target\": \"http://127.0.0.1:1\", \"stages\": [{\"rate\": \"1/s\", \"duration\": \"1s\"}], \"scenarios\": [\"GET /\"]";
    let root = schema();
    let mut checked = BTreeSet::new();
    for place in places(&root) {
        let words = place.schema["enum"].as_array();
        let is_variable = place.schema["pattern"] == r"\$\{";
        let is_text = words.is_some() || (place.schema["type"].to_string().contains("string") && !is_variable);
        // Inside of these everything is the user's own.
        let is_free = [".env", ".tags", ".headers", ".json", ".inline"].iter().any(|own| place.name().contains(own));
        if !is_text || is_free {
            continue;
        }
        let config = place.with(json!("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqq")).to_string();
        let rest = config.trim_start_matches('{').to_owned();
        let first = rest.split('"').nth(1).unwrap();
        let base: Vec<String> = BASE.split(", \"").map(|part| format!("\"{}", part.trim_start_matches('"'))).collect();
        let base: Vec<&String> = base.iter().filter(|part| !part.starts_with(&format!("\"{first}\""))).collect();
        let base: String = base.iter().map(|part| format!("{part}, ")).collect();
        let said = check(&format!("{{{base}{rest}"));
        let known = said.contains("is not a value of").then(|| listed(&said, "known values: ").unwrap_or_default());
        let Some(words) = words else {
            assert!(known.is_none(), "{}: the schema takes any text\n{said}", place.name());
            continue;
        };
        if let Some(known) = known {
            let words: BTreeSet<String> = words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
            assert_eq!(words, known, "{}\n{said}", place.name());
            checked.insert(place.name());
        }
    }
    assert!(checked.len() >= 15, "{checked:?}");
}

/// Every YAML file and every fenced example that is a configuration.
fn examples() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["docs", "examples/nginx", "tests/it/configs", "tests/action", "."] {
        for path in fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            let text = || fs::read_to_string(&path).unwrap();
            match extension.as_str() {
                "yml" | "yaml" => found.push((name, text())),
                "md" => {
                    let blocks = text();
                    let blocks = blocks.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned());
                    found.extend(blocks.enumerate().map(|(n, block)| (format!("{name}, block {n}"), block)));
                }
                _ => {}
            }
        }
    }
    found.retain(|(_, text)| text.contains("scenarios:") && text.contains("target:") && !text.contains("on:\n"));
    found
}

#[test]
fn every_example_is_valid() {
    let root = schema();
    let examples = examples();
    assert!(examples.len() > 25, "{}", examples.len());
    for (name, text) in examples {
        // An example in a list is indented, and an item of another.
        let problems = problems(&root, &text);
        assert!(problems.is_empty(), "{name}: {problems:#?}\n{text}");
    }
}

#[test]
fn the_full_example_uses_every_key() {
    let root = schema();
    let text = include_str!("configs/full.yml");
    for place in places(&root) {
        let Some(properties) = place.schema["properties"].as_object() else { continue };
        for key in properties.keys() {
            assert!(text.contains(&format!("{key}:")), "{}.{key} is not shown", place.name());
        }
    }
    // It is no plan: it says everything at once. But every key and every type in it is right.
    let said = check(text);
    assert!(!said.contains("unknown key") && !said.contains(", found "), "{said}");
}

#[test]
fn what_the_parser_refuses_at_sight_the_schema_refuses() {
    let root = schema();
    let base = "target: http://127.0.0.1:1\nscenarios: [ GET / ]\n";
    for wrong in [
        "stages: [ { rate: 200, duration: 30s } ]",
        "stages: [ { rate: 200/s, duration: 30 } ]",
        "stages: [ { rate: 200/s, durration: 30s } ]",
        "stages: { rate: 200/s }",
        "http: { redirects: many }",
        "http: { compression: 1 }",
        "regression: { policy: { inconclusive: maybe } }",
        "regression: { overrides: { home: forget } }",
        "thresholds: [ { severity: warn } ]",
        "load: { rate_limit: { burst: 3 } }",
        "target: { base_url: 'http://127.0.0.1:1', wait_for: { timeout: 3s } }",
        "environments: { pr: { stages: [ { ratte: 5/s } ] } }",
        "version: 2",
        "websockets: {}",
    ] {
        let base = if wrong.starts_with("target") { "scenarios: [ GET / ]\n" } else { base };
        let stages = if wrong.starts_with("stages") { "" } else { "stages: [ { rate: 5/s, duration: 3s } ]\n" };
        let text = format!("{base}{stages}{wrong}\n");
        assert!(!problems(&root, &text).is_empty(), "the schema takes {wrong}");
        let said = check(&text);
        assert!(said.starts_with("exit Some(2)"), "the parser takes {wrong}: {said}");
    }
}

#[test]
fn what_is_within_the_time_of_a_request_is_told() {
    let text = schema().to_string();
    assert!(text.contains("Until a response is complete, the wait for a connection and the making of one included"), "{text}");
}
