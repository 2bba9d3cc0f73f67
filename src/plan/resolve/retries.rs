//! `http.retries` -> what is tried again, how often and after which pause.

use super::Problems;
use crate::{
    config::{Path, http as written, nearest_hint},
    plan::{Backoff, Retries},
    record::ErrorClass,
};

/// Most attempts after the first, and most redirects of one step: beyond it a target is only being hammered.
const REPEATS_MAX: u32 = 20;

/// What is tried again where nothing is named: what may go better the next time.
const RETRIED: [&str; 2] = ["timeout", "5xx"];

/// A number of repetitions within reason.
pub(super) fn at_most(written: Option<u32>, at: &Path, problems: &Problems<'_>) -> u32 {
    problems.number_or(written, at, &(0..=REPEATS_MAX), 0)
}

pub(super) fn resolve(written: &written::Retries, at: &Path, problems: &Problems<'_>) -> Retries {
    let max = at_most(written.max, &at.key("max"), problems);
    let on = match &written.retry_on {
        None => RETRIED.into_iter().flat_map(classes).collect(),
        Some(names) => {
            let at = at.key("retry_on");
            if names.is_empty() {
                problems.add(&at, "nothing is tried again", "name error classes, such as [timeout, \"5xx\"], or remove the line");
            }
            names.iter().enumerate().for_each(|(n, name)| check_class(name, &at.index(n), problems));
            names.iter().flat_map(|name| classes(name)).collect()
        }
    };
    Retries { max, on, backoff: backoff(&written.backoff, &at.key("backoff"), problems) }
}

/// The classes that a name stands for: one, or a family such as `timeout`.
fn classes(name: &str) -> impl Iterator<Item = ErrorClass> {
    ErrorClass::ALL.into_iter().filter(move |class| class.is_named(name))
}

fn check_class(name: &str, at: &Path, problems: &Problems<'_>) {
    if name == ErrorClass::Template.name() {
        let hint = "remove it; a template that fails would fail again";
        problems.add(at, format!("'{name}' can't be tried again"), hint);
    } else if classes(name).next().is_none() {
        let known = ["timeout"].into_iter().chain(ErrorClass::ALL.into_iter().map(ErrorClass::name));
        problems.add(at, format!("there is no error class '{name}'"), nearest_hint(name, known, "error classes"));
    }
}

pub(super) fn backoff(written: &written::Backoff, at: &Path, problems: &Problems<'_>) -> Backoff {
    let default = Backoff::default();
    let initial = problems.time_or(written.initial.as_ref(), &at.key("initial"), default.initial);
    let max = problems.time_or(written.max.as_ref(), &at.key("max"), default.max.max(initial));
    if max < initial {
        problems.add(&at.key("max"), "the longest pause is shorter than the first one", "raise `max` or lower `initial`");
    }
    let factor = problems.number_or(written.factor, &at.key("factor"), &(1.0..=100.0), default.factor);
    let jitter = [("full", true), ("none", false)];
    let jitter = problems.choice(written.jitter.as_deref(), &at.key("jitter"), &jitter, &[]).unwrap_or(default.jitter);
    Backoff { initial, factor, max, jitter }
}
