//! `expect:` of a WebSocket connection -> the message that is waited for, and what later steps need of it.

use std::{collections::BTreeMap, time::Duration};

use super::{
    body,
    scenarios::Builder,
    step,
    templates::{Reach, Source},
    websocket_steps::endpoint,
};
use crate::{
    config::{Path, websocket::Expect as Written, written::TextOr},
    plan::{
        Expect, JsonPath, Rule, RuleTemplate, Wanted, WantedTemplate,
        template::{Purpose, is_template},
    },
    record::Part,
};

/// How long a message is waited for where that is not said.
const WITHIN: Duration = Duration::from_secs(5);

pub(super) fn resolve(
    written: &Written,
    (part, scenario): (Part, &str),
    at: &Path,
    reach: &mut Reach,
    builder: &mut Builder<'_>,
) -> Option<Expect> {
    let wanted = match (&written.json, &written.regex) {
        (None, None) => Some(Wanted::Any),
        (Some(rules), None) => json(rules, &at.key("json"), reach, builder),
        (None, Some(pattern)) => matching(pattern, &at.key("regex"), reach, builder),
        (Some(_), Some(_)) => {
            builder.problems.add_at_key(&at.key("regex"), "a message is looked at by 'json' or by 'regex'", "keep one of them");
            None
        }
    };
    refuse_headers(written, &at.key("extract"), builder);
    let extract = step::extracts(written.extract.as_ref(), &at.key("extract"), &builder.scribe, reach);
    let within = builder.problems.time_or(written.within.as_ref(), &at.key("within"), WITHIN);
    let endpoint = endpoint(written.name.as_ref(), "reply", scenario, at, builder);
    let measured = written.measure.unwrap_or(part == Part::Steps);
    Some(Expect { endpoint: endpoint?, wanted: wanted?, extract, within, measured, is_setup: part == Part::Setup })
}

fn matching(pattern: &str, at: &Path, reach: &Reach, builder: &mut Builder<'_>) -> Option<Wanted> {
    if is_template(pattern) {
        let template = builder.scribe.compile(Source { text: pattern, at, offset: 0 }, Purpose::Pattern, reach)?;
        return Some(Wanted::Rendered(WantedTemplate::Matches { written: pattern.to_owned(), template }));
    }
    let refuse = |message: String| builder.problems.add(at, message, "write a regular expression, such as ^pong");
    Wanted::matching(pattern).map_err(refuse).ok()
}

/// What JSON must hold: a key of its top level, or a JSONPath. All of it is looked at, whatever is wrong with one.
fn json(entries: &BTreeMap<String, serde_yaml::Value>, at: &Path, reach: &Reach, builder: &mut Builder<'_>) -> Option<Wanted> {
    let mut rules = Vec::new();
    for (key, value) in entries {
        let at = at.key(key);
        let path = path(key, &at, builder);
        let rule = rule(value, &at, reach, builder);
        rules.push(path.zip(rule));
    }
    let rules = rules.into_iter().collect::<Option<Vec<(JsonPath, RuleTemplate)>>>()?;
    let fixed = |(path, rule): &(JsonPath, RuleTemplate)| match rule {
        RuleTemplate::Fixed(rule) => Some((path.clone(), rule.clone())),
        RuleTemplate::Comparison { .. } | RuleTemplate::Value { .. } => None,
    };
    let all_fixed = rules.iter().map(fixed).collect::<Option<Vec<(JsonPath, Rule)>>>();
    Some(all_fixed.map_or_else(|| Wanted::Rendered(WantedTemplate::Json(rules)), Wanted::Json))
}

fn path(key: &str, at: &Path, builder: &Builder<'_>) -> Option<JsonPath> {
    if is_template(key) {
        let hint = "write the key or the path as it is; values may be templates";
        builder.problems.add_at_key(at, "the name of a key can't be a template here", hint);
        return None;
    }
    let path = if key.starts_with('$') { key.to_owned() } else { format!("$[{}]", serde_json::Value::from(key)) };
    let refuse = |message: String| builder.problems.add_at_key(at, message, "write a key, or a JSONPath such as $.data.id");
    JsonPath::parse(&path).map_err(refuse).ok()
}

/// What one value must be. A template keeps its type, as in what is sent: `id: "{{ iteration }}"` is the same on both ways.
fn rule(value: &serde_yaml::Value, at: &Path, reach: &Reach, builder: &mut Builder<'_>) -> Option<RuleTemplate> {
    let text = value.as_str().unwrap_or_default();
    if is_template(text) && Rule::is_comparison(text) {
        let template = builder.scribe.compile(Source { text, at, offset: 0 }, Purpose::Text, reach)?;
        return Some(RuleTemplate::Comparison { written: text.to_owned(), template });
    }
    let (written, pieces) = body::json(value, at, &mut builder.scribe, reach)?;
    if !pieces.is_empty() {
        let written = value.as_str().map_or_else(|| String::from_utf8_lossy(&written).into_owned(), str::to_owned);
        return Some(RuleTemplate::Value { written, pieces });
    }
    let refuse = |message: String| builder.problems.add(at, message, "write a value, or a comparison such as \"> 0\"");
    Rule::parse(&serde_json::to_value(value).unwrap_or_default()).map_err(refuse).ok().map(RuleTemplate::Fixed)
}

/// A message has no headers to take anything from.
fn refuse_headers(written: &Written, at: &Path, builder: &Builder<'_>) {
    for (name, entry) in written.extract.iter().flatten() {
        if let TextOr::Map(place) = entry
            && place.header.is_some()
        {
            let hint = "take the value from the message, by a JSONPath or { regex: '..' }";
            builder.problems.add_at_key(&at.key(name).key("header"), "a message has no headers", hint);
        }
    }
}
