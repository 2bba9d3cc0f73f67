//! What a record keeps for whoever looks for a cause: what is sent, without secrets, and what other programs noted meanwhile.

use std::{fs::File, io::Read as _, path::Path};

use http::{HeaderName, HeaderValue};

use super::terminal;
use crate::{
    config::Secrets,
    diagnose::notes::{self, NOTES_MAX},
    mask::{MASK, hidden, is_credential},
    plan::{BodyRule, Check, RequestStep, Resolved},
    record::{Note, RunRecord, StepFacts},
};

/// Longest body that is kept, in characters: of a longer one nothing, as half a body is none.
const BODY_CHARS_MAX: usize = 4_000;
/// Longest value of a header, and longest path, in characters.
const VALUE_CHARS_MAX: usize = 1_000;
/// Largest file of notes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What is sent to each measured endpoint: its first step.
pub(super) fn steps(resolved: &Resolved) -> Vec<StepFacts> {
    let workload = &resolved.plan.workload;
    let steps = || workload.scenarios.iter().flat_map(|scenario| scenario.requests()).filter(|step| step.measured);
    let of = |endpoint: usize| steps().find(|step| step.endpoint == endpoint).map(|step| facts(step, endpoint, resolved));
    (0..workload.endpoints.len()).filter_map(of).collect()
}

fn facts(step: &RequestStep, endpoint: usize, resolved: &Resolved) -> StepFacts {
    let (request, secrets) = (&step.request, &resolved.secrets);
    let target = &resolved.plan.targets[request.target];
    let named = &resolved.plan.workload.endpoints[endpoint];
    let scheme = if target.tls.is_some() { "https" } else { "http" };
    let shown = |text: &str, max: usize| secrets.mask(&hidden(text)).chars().take(max).collect::<String>();
    let header = |(name, value): &(HeaderName, HeaderValue)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        let is_hidden = value.is_sensitive() || is_credential(name.as_str());
        (name.as_str().to_owned(), if is_hidden { MASK.to_owned() } else { shown(&text, VALUE_CHARS_MAX) })
    };
    let body = Some(String::from_utf8_lossy(&request.body)).filter(|body| body.chars().count() <= BODY_CHARS_MAX);
    StepFacts {
        endpoint: named.name.clone(),
        method: request.method.to_string(),
        url: shown(&format!("{scheme}://{}{}{}", target.lasting_authority(), target.base_path, request.path), VALUE_CHARS_MAX),
        headers: target.headers.iter().chain(&request.headers).map(header).collect(),
        body: body.map(|body| shown(&body, BODY_CHARS_MAX)).unwrap_or_default(),
        varies: step.rendered.is_some(),
        status: step.check.status.iter().map(|status| status.as_u16()).collect(),
        contains: match &step.check.body {
            Some(BodyRule::Contains(text)) => Some(secrets.mask(text)),
            _ => None,
        },
        checks: checks(&step.check, secrets),
        depends_on: named.depends_on.clone(),
    }
}

/// What is checked beside the status and a text in the body.
fn checks(check: &Check, secrets: &Secrets) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    if let Some(BodyRule::Matches(pattern)) = &check.body {
        words.push(format!("the body matches {}", pattern.as_str()));
    }
    words.extend(check.headers.iter().map(|(name, rule)| format!("header {name}: {rule}")));
    words.extend(check.json.iter().map(|(path, rule)| format!("{path}: {rule}")));
    words.extend(check.bytes_max.map(|bytes| format!("at most {bytes} bytes")));
    words.extend(check.schema.as_ref().map(|schema| format!("the body is as {} says", schema.file)));
    words.iter().map(|words| secrets.mask(words)).collect()
}

/// What other programs noted while the run was made. A file that is missing or wrong is a warning: it says nothing of the service.
pub(super) fn notes(record: &RunRecord, resolved: &Resolved) -> Vec<Note> {
    let mut all = Vec::new();
    for file in &resolved.events {
        match read(file, record) {
            Ok(found) => {
                let mask = |text: &str| resolved.secrets.mask(&hidden(text));
                let masked = |note: Note| Note { name: mask(&note.name), text: mask(&note.text), ..note };
                all.extend(found.notes.into_iter().map(masked));
                if found.beyond > 0 {
                    let (file, beyond) = (file.display(), found.beyond);
                    terminal::err(&format!(
                        "warning: {file}: only the first {NOTES_MAX} events of the run are kept, {beyond} are left out"
                    ));
                }
            }
            Err(reason) => terminal::err(&format!("warning: {}: the events of this file are left out: {reason}", file.display())),
        }
    }
    all.sort_by_key(|note| note.at_us);
    all
}

fn read(file: &Path, record: &RunRecord) -> Result<notes::Read, String> {
    let mut text = String::new();
    let opened = File::open(file).map_err(|error| error.to_string())?;
    opened.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err("it is larger than 64 MB".to_owned());
    }
    let length_us = record.plan.stages.iter().map(|stage| stage.began_us + stage.played_us).max().unwrap_or(0);
    notes::read(&text, record.started_at, length_us)
}
