//! One step as written -> a request that is ready to be sent or rendered, or a pause.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Method};

use super::{
    Problems, body, checks, request,
    templates::{Reach, Scribe, Source},
};
use crate::{
    config::{Path, scenarios as written},
    plan::{
        Check, Extract, Pause, Rendered, Request, TemplateId,
        template::{Purpose, is_template},
    },
};

/// A request of a step, before it has an endpoint.
pub(super) struct Resolved {
    pub(super) request: Request,
    pub(super) rendered: Option<Rendered>,
}

/// The request that a step makes.
pub(super) fn request(
    step: &written::Step,
    (key, path): (&str, &str),
    at: &Path,
    scribe: &mut Scribe<'_>,
    reach: &Reach,
) -> Option<Resolved> {
    let path = self::path(Source { text: path, at: &at.key(key), offset: 0 }, scribe, reach);
    let mut headers = Vec::new();
    let mut rendered = Rendered::default();
    if let Some(written) = &step.headers {
        let at = at.key("headers");
        headers = request::headers(written, &at, scribe.loaded, scribe.problems);
        rendered.headers = header_templates(written, &headers, &at, scribe, reach);
    }
    let (body, pieces) = body::resolve(step, &mut headers, at, scribe, reach)?;
    rendered.body = pieces;
    let (path, template) = path?;
    rendered.path = template;
    let method = key.to_uppercase().parse::<Method>().ok()?;
    let request = Request { target: 0, method, path, headers, body };
    Some(Resolved { request, rendered: (!rendered.is_empty()).then_some(rendered) })
}

/// A path as written, and its template where it is one.
pub(super) fn path(source: Source<'_>, scribe: &mut Scribe<'_>, reach: &Reach) -> Option<(String, Option<TemplateId>)> {
    if !is_template(source.text) {
        return Some((request::path(source.text, source.at, scribe.problems)?, None));
    }
    let id = scribe.compile(source, Purpose::Path, reach)?;
    let literal = literal(source.text);
    // A path that begins with a value is looked at when the value is known.
    let literal = if source.text.starts_with('{') { format!("/{}", literal.trim_start_matches('/')) } else { literal };
    request::path(&literal, source.at, scribe.problems)?;
    Some((source.text.to_owned(), Some(id)))
}

/// A template with a letter in the place of each value.
fn literal(text: &str) -> String {
    let (mut literal, mut rest) = (String::new(), text);
    while let Some(begin) = [rest.find("{{"), rest.find("{%")].into_iter().flatten().min() {
        literal.push_str(&rest[..begin]);
        let (sign, close) = if rest[begin..].starts_with("{{") { ("x", "}}") } else { ("", "%}") };
        literal.push_str(sign);
        rest = rest[begin..].find(close).map_or("", |end| &rest[begin + end + close.len()..]);
    }
    literal + rest
}

pub(super) fn header_templates(
    written: &BTreeMap<String, String>,
    headers: &[(HeaderName, HeaderValue)],
    at: &Path,
    scribe: &mut Scribe<'_>,
    reach: &Reach,
) -> Vec<(usize, TemplateId)> {
    let mut templates = Vec::new();
    for (name, text) in written.iter().filter(|(_, text)| is_template(text)) {
        let place = headers.iter().position(|(header, _)| header.as_str().eq_ignore_ascii_case(name));
        let id = scribe.compile(Source { text, at: &at.key(name), offset: 0 }, Purpose::Text, reach);
        templates.extend(place.zip(id));
    }
    templates
}

/// What a step promises and what it takes from the answer, whose names are within reach from then on.
pub(super) fn answer(step: &written::Step, at: &Path, scribe: &Scribe<'_>, reach: &mut Reach) -> (Check, Vec<Extract>) {
    let check = step.check.as_ref();
    let check = check.map(|check| checks::resolve(check, &at.key("check"), scribe.loaded, scribe.problems)).unwrap_or_default();
    let extract = extracts(step.extract.as_ref(), &at.key("extract"), scribe, reach);
    (check, extract)
}

/// What a step takes from what it gets, whose names are within reach from then on.
pub(super) fn extracts(
    written: Option<&BTreeMap<String, written::ExtractEntry>>,
    at: &Path,
    scribe: &Scribe<'_>,
    reach: &mut Reach,
) -> Vec<Extract> {
    let extracts = written.map(|written| checks::extracts(written, at, scribe.problems)).unwrap_or_default();
    for value in &extracts {
        if reach.fed.contains(&*value.name) || scribe.feeders.iter().any(|feeder| feeder.name == value.name) {
            let hint = "give the value another name";
            scribe.problems.add_at_key(&at.key(&value.name), format!("'{}' is a feeder already", value.name), hint);
        }
    }
    // Also those that are wrong: that has been told, and a template that names them is not wrong for it.
    reach.extracted.extend(written.into_iter().flatten().map(|(name, _)| name.clone()));
    extracts
}

/// The pause of a step that makes one; `None` when something is wrong, which is noted.
pub(super) fn think(step: &written::Step, at: &Path, problems: &Problems<'_>) -> Option<Pause> {
    let mut beside: Vec<&str> = step.requests().iter().map(|(key, _)| *key).collect();
    beside.extend(step.keys_of_a_request());
    if let Some(key) = beside.first() {
        let hint = "make a step of its own of the pause: - think: 2s";
        problems.add_at_key(&at.key(key), format!("a pause has nothing beside it, and here is '{key}'"), hint);
        return None;
    }
    let at = at.key("think");
    let written = step.think.as_ref()?;
    let pause = problems.read(written, &at)?;
    if pause.length().is_zero() {
        problems.add(&at, format!("'{}' is no pause at all", written.text()), "write a duration above 0, for example 2s");
        return None;
    }
    Some(pause)
}
