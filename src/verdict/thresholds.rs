//! Does the run keep its absolute promises?

use std::time::Duration;

use super::{
    ThresholdOutcome, ThresholdResult, VerdictKind,
    finding::Finding,
    span::{self, Span},
};
use crate::{
    policy::{Comparator, Metric, Quantile, Severity, Threshold},
    record::{ErrorClass, Latencies, RunRecord},
};

/// What a metric was in a span.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Actual {
    /// This.
    Value(f64),
    /// Requests were made, so many, and none succeeded: no latency promise can hold.
    NoSuccess(u64),
    /// There is nothing to judge by, and why.
    NoData(String),
}

/// Judges each threshold.
pub(super) fn judge(runs: &[RunRecord], thresholds: &[Threshold]) -> Vec<ThresholdResult> {
    thresholds.iter().map(|threshold| result(threshold, actual(threshold, runs))).collect()
}

/// What the thresholds mean for the verdict.
pub(super) fn findings(results: &[ThresholdResult], runs: &[RunRecord]) -> Vec<Finding> {
    let kind = |result: &ThresholdResult| match result.outcome {
        ThresholdOutcome::Pass => None,
        ThresholdOutcome::Warn => Some(VerdictKind::Warn),
        ThresholdOutcome::Fail => Some(VerdictKind::Fail),
        ThresholdOutcome::NoData if span::never_happened(runs, result.threshold.scope.as_deref()) => None,
        ThresholdOutcome::NoData if span::whole(runs, result.threshold.scope.as_deref()).requests() == 0 => {
            Some(VerdictKind::Invalid)
        }
        ThresholdOutcome::NoData => Some(VerdictKind::Inconclusive),
    };
    results.iter().filter_map(|result| Some(Finding::new(kind(result)?, &result.reason))).collect()
}

pub(super) fn result(threshold: &Threshold, actual: Actual) -> ThresholdResult {
    let broken = match threshold.severity {
        Severity::Fail => ThresholdOutcome::Fail,
        Severity::Warn => ThresholdOutcome::Warn,
    };
    let expr = &threshold.expr;
    let worst = if threshold.over.is_some() { " at worst" } else { "" };
    let (actual, outcome, reason) = match actual {
        Actual::Value(value) if threshold.comparator.holds(value, threshold.limit) => {
            (Some(value), ThresholdOutcome::Pass, format!("{expr} holds: {}{worst}", threshold.display(value)))
        }
        Actual::Value(value) => (Some(value), broken, format!("{expr} is broken: {}{worst}", threshold.display(value))),
        Actual::NoSuccess(requests) => (None, broken, format!("{expr} is broken: no successful response out of {requests}")),
        Actual::NoData(why) => (None, ThresholdOutcome::NoData, format!("{expr} can't be judged: {why}")),
    };
    ThresholdResult { threshold: threshold.clone(), actual, outcome, reason }
}

/// The metric over all measured time, or in the worst span.
fn actual(threshold: &Threshold, runs: &[RunRecord]) -> Actual {
    let scope = threshold.scope.as_deref();
    if threshold.metric == Metric::Retries && runs.iter().any(|run| run.provenance.imported.is_some()) {
        return Actual::NoData("another tool made the load, and does not tell of retries".to_owned());
    }
    match threshold.over {
        // What need not happen and did not: that there was none of it is known.
        None if threshold.metric == Metric::Requests && span::never_happened(runs, scope) => Actual::Value(0.0),
        None if threshold.metric == Metric::AchievedRate && scope.is_none() => achieved(runs),
        None if threshold.metric == Metric::Connections => most_connections(runs, scope),
        None => measure(&threshold.metric, &span::whole(runs, scope)),
        Some(length) => {
            let spans = span::sliding(runs, scope, length);
            spans.iter().map(|span| measure(&threshold.metric, span)).reduce(|a, b| worse(a, b, threshold)).unwrap_or_else(none)
        }
    }
}

fn none() -> Actual {
    Actual::NoData("no request was made".to_owned())
}

/// The worse of two spans. A span without data says nothing beside one with data.
fn worse(a: Actual, b: Actual, threshold: &Threshold) -> Actual {
    match (a, b) {
        (Actual::Value(a), Actual::Value(b)) => {
            let b_is_worse = match threshold.comparator {
                Comparator::Less | Comparator::LessOrEqual => b > a,
                Comparator::Greater | Comparator::GreaterOrEqual => b < a,
                Comparator::Equal => (b - threshold.limit).abs() > (a - threshold.limit).abs(),
            };
            Actual::Value(if b_is_worse { b } else { a })
        }
        (Actual::NoSuccess(a), Actual::NoSuccess(b)) => Actual::NoSuccess(a.max(b)),
        (Actual::NoSuccess(requests), _) | (_, Actual::NoSuccess(requests)) => Actual::NoSuccess(requests),
        (Actual::Value(value), Actual::NoData(_)) | (Actual::NoData(_), Actual::Value(value)) => Actual::Value(value),
        (Actual::NoData(why), Actual::NoData(_)) => Actual::NoData(why),
    }
}

/// The most connections at a time: the mean of the window that has most.
fn most_connections(runs: &[RunRecord], scope: Option<&str>) -> Actual {
    let mean = |span: &Span<'_>| match measure(&Metric::Connections, span) {
        Actual::Value(mean) => Some(mean),
        Actual::NoSuccess(_) | Actual::NoData(_) => None,
    };
    // Spans of one window each.
    let means = span::sliding(runs, scope, Duration::ZERO);
    means.iter().filter_map(mean).reduce(f64::max).map_or_else(none, Actual::Value)
}

/// Started share of the arrivals that were meant to be sent, as the engine counted them.
fn achieved(runs: &[RunRecord]) -> Actual {
    let (meant, started): (u64, u64) = runs.iter().fold((0, 0), |sum, run| (sum.0 + run.meant(), sum.1 + run.started()));
    share(started, meant).unwrap_or_else(|| Actual::NoData("no arrival was offered".to_owned()))
}

fn share(part: u64, all: u64) -> Option<Actual> {
    (all > 0).then(|| Actual::Value(part as f64 / all as f64))
}

pub(super) fn measure(metric: &Metric, span: &Span<'_>) -> Actual {
    let (requests, dropped) = (span.requests(), span.dropped());
    match metric {
        // On connections that are there anyway: a time without a message is one with none.
        Metric::Messages if span.seconds > 0.0 && span.is_of_anything() => Actual::Value(span.messages() as f64 / span.seconds),
        Metric::Connections if span.seconds > 0.0 && span.is_of_anything() => {
            Actual::Value(span.connected_us() as f64 / 1e6 / span.seconds)
        }
        // Nothing was offered: a limit on drops or requests would hold for a run that never was.
        _ if requests + dropped == 0 => none(),
        Metric::Dropped => Actual::Value(dropped as f64),
        Metric::Requests => Actual::Value(requests as f64),
        Metric::AchievedRate => share(requests, requests + dropped).unwrap_or_else(none),
        Metric::Retries => share(span.retried(), requests).unwrap_or_else(none),
        Metric::Throughput if span.seconds > 0.0 => Actual::Value(requests as f64 / span.seconds),
        Metric::Throughput | Metric::Messages | Metric::Connections => {
            Actual::NoData("the record does not tell how long it was played".to_owned())
        }
        Metric::ErrorRate => share(span.errors(|_| true), requests).unwrap_or_else(none),
        Metric::Errors(name) => errors(name, span),
        Metric::HeartbeatSurvival => share(requests - span.errors(|_| true), requests).unwrap_or_else(none),
        Metric::Latency(quantile) => latency(span, |latencies| at(latencies, *quantile)),
        Metric::Mean => latency(span, |latencies| latencies.mean().map_or_else(none, Actual::Value)),
        Metric::Max => latency(span, |latencies| latencies.max().map_or_else(none, |us| Actual::Value(us as f64))),
    }
}

/// Share of the requests that failed with that class, or with one of that family (`timeout` has `timeout.connect`).
fn errors(name: &str, span: &Span<'_>) -> Actual {
    let family = format!("{name}.");
    let matches = |class: ErrorClass| class.name() == name || class.name().starts_with(&family);
    if !ErrorClass::ALL.into_iter().any(matches) {
        return Actual::NoData(format!("there is no error class '{name}'"));
    }
    share(span.errors(matches), span.requests()).unwrap_or_else(none)
}

fn latency(span: &Span<'_>, of: impl Fn(&Latencies) -> Actual) -> Actual {
    let responses = span.responses();
    match span.requests() {
        0 => none(),
        requests if responses.is_empty() => Actual::NoSuccess(requests),
        _ => of(&responses),
    }
}

fn at(latencies: &Latencies, quantile: Quantile) -> Actual {
    let (has, needed) = (latencies.count(), quantile.samples_min());
    if has < needed {
        return Actual::NoData(format!("{quantile} needs at least {needed} successful requests, has {has}"));
    }
    latencies.quantile(quantile.fraction()).map_or_else(none, |us| Actual::Value(us as f64))
}
