//! `regression` -> how much worse than its baseline a run may be.

use std::{collections::BTreeMap, time::Duration};

use super::Problems;
use crate::{
    config::{Loaded, Path, nearest_hint, regression as written, written::TextOr},
    plan::Workload,
    policy::{LatencyRule, MetricOverride, Mode, OnEvent, Override, Quantile, Regression, Response},
    units,
};

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
    let mut errors = default.errors;
    if let Some(fail) = written.metrics.error_rate.as_ref().and_then(|rate| rate.fail.as_ref()) {
        let path = at.key("metrics").key("error_rate").key("fail");
        errors.fail = problems.share(fail, &path, 1.0).unwrap_or(errors.fail);
        // A pass can't ask for more certainty than a failure does.
        errors.pass_bound = errors.pass_bound.max(errors.fail);
    }
    let regression = Regression {
        compare,
        alpha: alpha(written, &at, default.alpha, problems),
        block: block(written, &at, window, default.block, problems),
        latency: latency(&written.metrics, &at.key("metrics"), &default.latency, problems),
        errors,
        coverage: coverage.unwrap_or(default.coverage),
        overrides: overrides(written, &at.key("overrides"), workload, problems),
        on: on_event(&written.policy, &at.key("policy"), default.on, problems),
    };
    for (endpoint, exception) in &regression.overrides {
        for quantile in exception.latency.keys() {
            let at = at.key("overrides").key(endpoint).key(&quantile.to_string());
            regression.latency_written(endpoint, *quantile).iter().for_each(|rule| check_order(*rule, *quantile, &at, problems));
        }
    }
    regression
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
    for (quantile, written) in by_quantile(&metrics.p50, &metrics.p95, &metrics.p99) {
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

fn by_quantile<'a>(
    p50: &'a Option<written::Latency>,
    p95: &'a Option<written::Latency>,
    p99: &'a Option<written::Latency>,
) -> impl Iterator<Item = (Quantile, &'a written::Latency)> {
    [(Quantile::P50, p50), (Quantile::P95, p95), (Quantile::P99, p99)]
        .into_iter()
        .filter_map(|(quantile, written)| Some((quantile, written.as_ref()?)))
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
                let parts = by_quantile(&long.p50, &long.p95, &long.p99);
                let latency = parts.map(|(quantile, part)| (quantile, rule_part(part, &at.key(&quantile.to_string()), problems)));
                Override { ignore: false, critical: long.critical, latency: latency.collect() }
            }
        };
        overrides.insert(endpoint.clone(), exception);
    }
    overrides
}

fn on_event(written: &written::Policy, at: &Path, default: OnEvent, problems: &Problems<'_>) -> OnEvent {
    let known = [("pass", Response::Pass), ("warn", Response::Warn), ("fail", Response::Fail)];
    let response = |word: &Option<String>, key: &str, not_yet: &[&str], default| {
        problems.choice(word.as_deref(), &at.key(key), &known, not_yet).unwrap_or(default)
    };
    OnEvent {
        missing_baseline: response(&written.missing_baseline, "missing_baseline", &[], default.missing_baseline),
        inconclusive: response(&written.inconclusive, "inconclusive", &["extend"], default.inconclusive),
        env_mismatch: response(&written.env_mismatch, "env_mismatch", &[], default.env_mismatch),
        improvement: response(&written.improvement, "improvement", &[], default.improvement),
    }
}
