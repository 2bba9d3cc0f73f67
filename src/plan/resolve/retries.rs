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
    let number = written.unwrap_or(0);
    if number > REPEATS_MAX {
        problems.add(at, format!("{number} is more than {REPEATS_MAX}"), format!("write a number from 0 to {REPEATS_MAX}"));
    }
    number
}

pub(super) fn resolve(written: &written::Retries, at: &Path, problems: &Problems<'_>) -> Retries {
    let max = at_most(written.max, &at.key("max"), problems);
    let on = match &written.retry_on {
        None => RETRIED.map(str::to_owned).to_vec(),
        Some(names) => {
            let at = at.key("retry_on");
            if names.is_empty() {
                problems.add(&at, "nothing is tried again", "name error classes, such as [timeout, \"5xx\"], or remove the line");
            }
            names.iter().enumerate().for_each(|(n, name)| check_class(name, &at.index(n), problems));
            names.clone()
        }
    };
    Retries { max, on, backoff: backoff(&written.backoff, &at.key("backoff"), problems) }
}

fn check_class(name: &str, at: &Path, problems: &Problems<'_>) {
    if name == ErrorClass::Template.name() {
        let hint = "remove it; a template that fails would fail again";
        problems.add(at, format!("'{name}' can't be tried again"), hint);
    } else if !ErrorClass::ALL.into_iter().any(|class| class.is_named(name)) {
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
    let factor = written.factor.unwrap_or(default.factor);
    if !(1.0..=100.0).contains(&factor) {
        problems.add(
            &at.key("factor"),
            format!("the factor {factor} is out of range"),
            "write a number from 1 to 100; 2 is the default",
        );
    }
    let jitter = [("full", true), ("none", false)];
    let jitter = problems.choice(written.jitter.as_deref(), &at.key("jitter"), &jitter, &[]).unwrap_or(default.jitter);
    Backoff { initial, factor, max, jitter }
}
