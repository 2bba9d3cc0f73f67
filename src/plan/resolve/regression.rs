//! `regression` -> how much worse than its baseline a run may be.

use std::{collections::BTreeMap, time::Duration};

use super::Problems;
use crate::{
    config::{Loaded, Path, nearest_hint, regression as written, written::TextOr},
    plan::Workload,
    policy::{Accept, Drift, ErrorRule, LatencyRule, MetricOverride, Mode, OnEvent, Override, Quantile, Regression, Response},
    units,
};

/// What to do about an inconclusive comparison: play more of it.
pub(super) const EXTEND: &str = "extend";

/// Largest tolerance that still says something: ten times as slow.
const TOLERANCE_MAX: f64 = 10.0;

pub(super) fn resolve(
    loaded: &Loaded,
    compare: Mode,
    workload: Option<&Workload>,
    window: Duration,
    problems: &Problems<'_>,
) -> Regression {
    let written = &loaded.document.regression;
    let at = Path::root().key("regression");
    let default = Regression::default();
    let coverage = written.coverage.as_ref().and_then(|share| problems.share(share, &at.key("coverage"), 1.0));
    let regression = Regression {
        compare,
        alpha: alpha(written, &at, default.alpha, problems),
        block: block(written, &at, window, default.block, problems),
        latency: latency(&written.metrics, &at.key("metrics"), &default.latency, problems),
        mean: written.metrics.mean.as_ref().map(|mean| mean_rule(mean, &at.key("metrics"), problems)),
        throughput: written.metrics.throughput.as_ref().map(|rule| throughput(rule, &at.key("metrics"), problems)),
        errors: errors(written.metrics.error_rate.as_ref(), &at.key("metrics"), default.errors, problems),
        drift: written.drift.as_ref().map(|drift| self::drift(drift, &at.key("drift"), problems)),
        accept: written.accept.as_ref().map(|accept| self::accept(accept, &at.key("accept"), problems)),
        coverage: coverage.unwrap_or(default.coverage),
        overrides: overrides(written, &at.key("overrides"), workload, problems),
        on: on_event(&written.policy, &at.key("policy"), default.on, problems),
    };
    for (endpoint, exception) in &regression.overrides {
        for quantile in exception.latency.keys() {
            let at = at.key("overrides").key(endpoint).key(&quantile.to_string());
            match regression.latency_written(endpoint, *quantile) {
                Some(rule) => check_order(rule, *quantile, &at, problems),
                None => not_compared(&quantile.to_string(), &at, problems),
            }
        }
        if exception.mean.is_some() {
            let at = at.key("overrides").key(endpoint).key("mean");
            match regression.mean_written(endpoint) {
                Some(rule) => check_order(rule, Quantile::P95, &at, problems),
                None => not_compared("mean", &at, problems),
            }
        }
    }
    regression
}

/// Runs that can be looked back on: a stretch and today at least, two years of daily runs at most.
const WINDOW: std::ops::RangeInclusive<u64> = 10..=730;
/// Below 2 % the weather would do, and beyond ten times nothing creeps.
const RATCHET: std::ops::RangeInclusive<f64> = 1.02..=10.0;

fn drift(written: &written::Drift, at: &Path, problems: &Problems<'_>) -> Drift {
    let default = Drift::default();
    if let Some(window) = written.window.filter(|window| !WINDOW.contains(window)) {
        let message = format!("a window of {window} runs is out of range");
        problems.add(&at.key("window"), message, "write how many runs are looked back on, from 10 to 730, for example 60");
    }
    if let Some(ratchet) = written.ratchet.filter(|ratchet| !RATCHET.contains(ratchet)) {
        let hint = "write how many times the best sustained level is too much, from 1.02 to 10: 1.1 fails what crept up by 10%";
        problems.add(&at.key("ratchet"), format!("a ratchet of {ratchet} is out of range"), hint);
    }
    let window = written.window.and_then(|window| usize::try_from(window).ok()).unwrap_or(default.window);
    Drift { window, ratchet: written.ratchet.unwrap_or(default.ratchet) }
}

/// Longest label that GitHub takes, in characters.
const LABEL_CHARS_MAX: usize = 50;

fn accept(written: &written::Accept, at: &Path, problems: &Problems<'_>) -> Accept {
    let default = Accept::default();
    let label = written.label.as_deref().map(|label| label.trim().to_owned());
    let is_label =
        |label: &String| !label.is_empty() && label.chars().count() <= LABEL_CHARS_MAX && !label.contains(char::is_control);
    if label.as_ref().is_some_and(|label| !is_label(label)) {
        let message = format!("a label has 1 to {LABEL_CHARS_MAX} characters, on one line");
        problems.add(&at.key("label"), message, "write the name of a label of the repository, for example perf-accepted");
    }
    Accept { label: label.unwrap_or(default.label), requires_reason: written.requires_reason.unwrap_or(default.requires_reason) }
}

/// An exception to a rule that there isn't.
fn not_compared(metric: &str, at: &Path, problems: &Problems<'_>) {
    let hint = format!("compare it for all endpoints first: `regression.metrics.{metric}: {{}}`");
    problems.add_at_key(at, format!("'{metric}' is not compared, so there is no rule to change"), hint);
}

fn mean_rule(written: &written::Latency, at: &Path, problems: &Problems<'_>) -> MetricOverride {
    let at = at.key("mean");
    let rule = rule_part(written, &at, problems);
    check_order(rule, Quantile::P95, &at, problems);
    rule
}

/// What can fall by all of it at most.
fn throughput(written: &written::Throughput, at: &Path, problems: &Problems<'_>) -> MetricOverride {
    let at = at.key("throughput");
    let share = |written: &Option<_>, key: &str| {
        let share = written.as_ref().and_then(|share| problems.share(share, &at.key(key), 1.0))?;
        if share >= 1.0 {
            let hint = "write the share of the throughput that may be lost, below 100%, for example 10%";
            problems.add(&at.key(key), "a fall by 100% leaves nothing to compare".to_owned(), hint);
            return None;
        }
        Some(share)
    };
    let sensitivity = share(&written.sensitivity, "sensitivity");
    let rule =
        MetricOverride { warn: share(&written.warn, "warn"), fail: share(&written.fail, "fail"), sensitivity, floor: None };
    check_order(rule, Quantile::P50, &at, problems);
    rule
}

fn errors(written: Option<&written::ErrorRate>, at: &Path, default: ErrorRule, problems: &Problems<'_>) -> ErrorRule {
    let at = at.key("error_rate");
    let share = |written: Option<&_>, key: &str| written.and_then(|share| problems.share(share, &at.key(key), 1.0));
    let (warn, fail) =
        written.map_or((None, None), |rate| (share(rate.warn.as_ref(), "warn"), share(rate.fail.as_ref(), "fail")));
    // A warning that is written alone moves the failure up to it.
    let fail = fail.unwrap_or_else(|| warn.map_or(default.fail, |warn| default.fail.max(warn)));
    if let Some(warn) = warn.filter(|warn| *warn > fail) {
        let message = format!("'warn' ({}) is above 'fail' ({})", units::percent(warn), units::percent(fail));
        problems.add(&at.key("warn"), message, "a warning comes before a failure; write a smaller share");
    }
    // A pass can't ask for more certainty than a failure does.
    ErrorRule { warn: warn.unwrap_or(fail), fail, pass_bound: default.pass_bound.max(fail), ..default }
}

fn alpha(written: &written::Regression, at: &Path, default: f64, problems: &Problems<'_>) -> f64 {
    let alpha = written.alpha.unwrap_or(default);
    if !(alpha > 0.0 && alpha <= 0.5) {
        let hint = "write the share of unchanged builds that may fail, above 0 and up to 0.5, for example 0.01";
        problems.add(&at.key("alpha"), format!("an alpha of {alpha} is out of range"), hint);
    }
    alpha
}

fn block(written: &written::Regression, at: &Path, window: Duration, default: Duration, problems: &Problems<'_>) -> Duration {
    let path = at.key("block");
    let block = problems.time_or(written.block.as_ref(), &path, default);
    if !block.as_micros().is_multiple_of(window.as_micros().max(1)) {
        let message =
            format!("a block of {} is not made of whole windows of {}", units::duration(block), units::duration(window));
        let hint = format!("write a multiple of {}, or change `record.window`", units::duration(window));
        if written.block.is_some() {
            let window_path = Path::root().key("record").key("window");
            problems.add_between(&path, &window_path, message, hint);
        } else {
            problems.add(
                &Path::root().key("record").key("window"),
                message,
                "write a window that divides 5s, or set `regression.block`",
            );
        }
    }
    block
}

fn latency(
    metrics: &written::Metrics,
    at: &Path,
    default: &BTreeMap<Quantile, MetricOverride>,
    problems: &Problems<'_>,
) -> BTreeMap<Quantile, MetricOverride> {
    let mut rules = default.clone();
    for (quantile, written) in by_quantile([&metrics.p50, &metrics.p90, &metrics.p95, &metrics.p99, &metrics.p999]) {
        let at = at.key(&quantile.to_string());
        let rule = rule_part(written, &at, problems);
        check_order(rule, quantile, &at, problems);
        rules.insert(quantile, rule);
    }
    rules
}

/// A warning that is written alone must lie below the wider of the default failures: it would never be given.
fn check_order(rule: MetricOverride, quantile: Quantile, at: &Path, problems: &Problems<'_>) {
    let fail = rule.fail.unwrap_or(LatencyRule::default_of(quantile, Mode::Baseline).fail);
    if let Some(warn) = rule.warn.filter(|warn| *warn > fail) {
        let message = format!("'warn' ({}) is above 'fail' ({})", units::percent(warn), units::percent(fail));
        problems.add(&at.key("warn"), message, "a warning comes before a failure; write a smaller percentage");
    }
}

/// What is written of each quantile, in the order of [`Quantile::ALL`].
fn by_quantile(written: [&Option<written::Latency>; 5]) -> impl Iterator<Item = (Quantile, &written::Latency)> {
    Quantile::ALL.into_iter().zip(written).filter_map(|(quantile, written)| Some((quantile, written.as_ref()?)))
}

fn rule_part(written: &written::Latency, at: &Path, problems: &Problems<'_>) -> MetricOverride {
    let share =
        |written: &Option<_>, key: &str| written.as_ref().and_then(|share| problems.share(share, &at.key(key), TOLERANCE_MAX));
    MetricOverride {
        warn: share(&written.warn, "warn"),
        fail: share(&written.fail, "fail"),
        sensitivity: share(&written.sensitivity, "sensitivity"),
        floor: written.floor.as_ref().and_then(|floor| problems.read(floor, &at.key("floor"))),
    }
}

fn overrides(
    written: &written::Regression,
    at: &Path,
    workload: Option<&Workload>,
    problems: &Problems<'_>,
) -> BTreeMap<String, Override> {
    let mut overrides = BTreeMap::new();
    for (endpoint, exception) in &written.overrides {
        let at = at.key(endpoint);
        if let Some(workload) = workload
            && !workload.measured_endpoints().any(|known| known.name == *endpoint)
        {
            let hint = nearest_hint(endpoint, workload.measured_endpoints().map(|known| known.name.as_str()), "endpoints");
            problems.add_at_key(&at, format!("there is no endpoint '{endpoint}'"), hint);
        }
        let exception = match exception {
            TextOr::Text(word) => {
                let ignore = problems.choice(Some(word), &at, &[("ignore", true)], &[]).unwrap_or_default();
                Override { ignore, ..Override::default() }
            }
            TextOr::Map(long) => {
                let parts = by_quantile([&long.p50, &long.p90, &long.p95, &long.p99, &long.p999]);
                let latency = parts.map(|(quantile, part)| (quantile, rule_part(part, &at.key(&quantile.to_string()), problems)));
                let mean = long.mean.as_ref().map(|mean| rule_part(mean, &at.key("mean"), problems));
                Override { ignore: false, critical: long.critical, latency: latency.collect(), mean }
            }
        };
        overrides.insert(endpoint.clone(), exception);
    }
    overrides
}

fn on_event(written: &written::Policy, at: &Path, default: OnEvent, problems: &Problems<'_>) -> OnEvent {
    let known = [("pass", Response::Pass), ("warn", Response::Warn), ("fail", Response::Fail)];
    let response = |word: &Option<String>, key: &str, default| {
        problems.choice(word.as_deref(), &at.key(key), &known, &[]).unwrap_or(default)
    };
    // What is added is for the replicates to know; where that does not help, it is a warning.
    let extending = [known.as_slice(), &[(EXTEND, Response::Warn)]].concat();
    let inconclusive = problems.choice(written.inconclusive.as_deref(), &at.key("inconclusive"), &extending, &[]);
    OnEvent {
        missing_baseline: response(&written.missing_baseline, "missing_baseline", default.missing_baseline),
        inconclusive: inconclusive.unwrap_or(default.inconclusive),
        env_mismatch: response(&written.env_mismatch, "env_mismatch", default.env_mismatch),
        improvement: response(&written.improvement, "improvement", default.improvement),
    }
}
