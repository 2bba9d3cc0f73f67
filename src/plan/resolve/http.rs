//! `http` -> how requests are made.

use super::Problems;
use crate::{
    config::{Loaded, Path, nearest_hint},
    plan::{Backoff, HttpSettings, Retries, Timeouts},
    record::ErrorClass,
};

/// Most attempts after the first, and most redirects of one step: beyond it a target is only being hammered.
const REPEATS_MAX: u32 = 20;

pub(super) fn resolve(loaded: &Loaded, problems: &Problems<'_>) -> HttpSettings {
    let (written, default) = (&loaded.document.http.timeouts, Timeouts::default());
    let at = Path::root().key("http").key("timeouts");
    let timeouts = Timeouts {
        connect: problems.time_or(written.connect.as_ref(), &at.key("connect"), default.connect),
        request: problems.time_or(written.request.as_ref(), &at.key("request"), default.request),
        ..default
    };
    let http = Path::root().key("http");
    let cookies = [("per_vu", true), ("off", false)];
    let cookies = problems.choice(loaded.document.http.cookies.as_deref(), &http.key("cookies"), &cookies, &[]).unwrap_or(false);
    let redirects = at_most(loaded.document.http.redirects, &http.key("redirects"), problems);
    let retries = retries(loaded, &http.key("retries"), problems);
    HttpSettings { timeouts, cookies, redirects, retries, ..HttpSettings::default() }
}

fn at_most(written: Option<u32>, at: &Path, problems: &Problems<'_>) -> u32 {
    let number = written.unwrap_or(0);
    if number > REPEATS_MAX {
        problems.add(at, format!("{number} is more than {REPEATS_MAX}"), format!("write a number from 0 to {REPEATS_MAX}"));
    }
    number
}

fn retries(loaded: &Loaded, at: &Path, problems: &Problems<'_>) -> Retries {
    let written = &loaded.document.http.retries;
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
    Retries { max, on, backoff: backoff(loaded, &at.key("backoff"), problems) }
}

/// What is tried again where nothing is named: what may go better the next time.
const RETRIED: [&str; 2] = ["timeout", "5xx"];

fn check_class(name: &str, at: &Path, problems: &Problems<'_>) {
    if name == ErrorClass::Template.name() {
        let hint = "remove it; a template that fails would fail again";
        problems.add(at, format!("'{name}' can't be tried again"), hint);
    } else if !ErrorClass::ALL.into_iter().any(|class| class.is_named(name)) {
        let known = ["timeout"].into_iter().chain(ErrorClass::ALL.into_iter().map(ErrorClass::name));
        problems.add(at, format!("there is no error class '{name}'"), nearest_hint(name, known, "error classes"));
    }
}

fn backoff(loaded: &Loaded, at: &Path, problems: &Problems<'_>) -> Backoff {
    let (written, default) = (&loaded.document.http.retries.backoff, Backoff::default());
    let initial = problems.time_or(written.initial.as_ref(), &at.key("initial"), default.initial);
    let max = problems.time_or(written.max.as_ref(), &at.key("max"), default.max.max(initial));
    if max < initial {
        problems.add(&at.key("max"), "the longest pause is shorter than the first one", "raise `max` or lower `initial`");
    }
    let factor = written.factor.unwrap_or(default.factor);
    if !(1.0..=100.0).contains(&factor) {
        problems.add(&at.key("factor"), format!("the factor {factor} is out of range"), "write a number from 1 to 100; 2 is the default");
    }
    let jitter = [("full", true), ("none", false)];
    let jitter = problems.choice(written.jitter.as_deref(), &at.key("jitter"), &jitter, &[]).unwrap_or(default.jitter);
    Backoff { initial, factor, max, jitter }
}
