//! `thresholds` -> promises that speak of something there is.

use std::time::Duration;

use super::{Problems, names};
use crate::{
    config::{
        Loaded, Path, nearest_hint,
        thresholds::{PRESETS, Threshold as Long, ThresholdEntry},
        written::TextOr,
    },
    plan::Workload,
    policy::{Metric, MetricUnit, Severity, Threshold},
    record::ErrorClass,
    units,
};

pub(super) fn resolve(loaded: &Loaded, workload: Option<&Workload>, window: Duration, problems: &Problems<'_>) -> Vec<Threshold> {
    let (at, other) = (Path::root().key("thresholds"), Path::root().key("slo"));
    let (entries, at) = match (&loaded.document.thresholds, &loaded.document.slo) {
        (Some(_), Some(_)) => {
            problems.add_at_key(&other, "'slo' is another name of 'thresholds'", "keep one of the two");
            return Vec::new();
        }
        (Some(entries), None) => (entries, at),
        (None, Some(entries)) => (entries, other),
        (None, None) => return Vec::new(),
    };
    let reader = Reader { loaded, workload, window, problems };
    entries.iter().enumerate().flat_map(|(n, entry)| reader.entry(entry, &at.index(n))).collect()
}

struct Reader<'a> {
    loaded: &'a Loaded,
    workload: Option<&'a Workload>,
    window: Duration,
    problems: &'a Problems<'a>,
}

/// What goes with a promise.
#[derive(Clone, Default)]
struct Terms {
    severity: Severity,
    abort_after: Option<Duration>,
    owner: Option<String>,
}

impl Reader<'_> {
    fn entry(&self, entry: &ThresholdEntry, at: &Path) -> Vec<Threshold> {
        let (expr, at, terms) = match entry {
            TextOr::Text(expr) => (expr.trim(), at.clone(), Terms::default()),
            TextOr::Map(long) => {
                let known = [("fail", Severity::Fail), ("warn", Severity::Warn)];
                let severity =
                    self.problems.choice(long.severity.as_deref(), &at.key("severity"), &known, &[]).unwrap_or_default();
                let owner = long.owner.clone().filter(|owner| names::check(owner, &at.key("owner"), self.problems));
                (long.expr.trim(), at.key("expr"), Terms { severity, abort_after: self.abort_after(long, severity, at), owner })
            }
        };
        let exprs: Vec<&str> = if expr.starts_with("preset") {
            let Some((_, preset)) = PRESETS.iter().find(|(name, _)| *name == expr) else {
                let hint = nearest_hint(expr, PRESETS.iter().map(|(name, _)| *name), "presets");
                self.problems.add(&at, format!("there is no preset '{expr}'"), hint);
                return Vec::new();
            };
            preset.to_vec()
        } else {
            vec![expr]
        };
        exprs.into_iter().filter_map(|expr| self.threshold(expr, &at, &terms)).collect()
    }

    /// When breaking a promise ends the run; `None` when it never does.
    fn abort_after(&self, long: &Long, severity: Severity, at: &Path) -> Option<Duration> {
        let grace = long.grace.as_ref().and_then(|grace| self.problems.read(grace, &at.key("grace")));
        if !long.abort {
            if long.grace.is_some() {
                let message = "'grace' does nothing without `abort: true`";
                self.problems.add_at_key(&at.key("grace"), message, "add `abort: true`, or remove the line");
            }
            return None;
        }
        if severity == Severity::Warn {
            let message = "a promise that only warns can't abort the run";
            self.problems.add(&at.key("abort"), message, "remove `severity: warn` or `abort: true`");
        }
        Some(grace.unwrap_or_default())
    }

    fn threshold(&self, expr: &str, at: &Path, terms: &Terms) -> Option<Threshold> {
        let parsed = Threshold::parse(expr).map_err(|error| self.problems.add(at, error.message, error.hint)).ok()?;
        let parsed = match parsed.metric {
            Metric::HeartbeatSurvival => self.of_heartbeat(parsed, at)?,
            Metric::Messages => self.of_connections(parsed, "messages", "messages_per_s >= 900/s", at)?,
            Metric::Connections => self.of_connections(parsed, "connections", "connections >= 5000", at)?,
            _ => parsed,
        };
        self.check_scope(&parsed, at);
        self.check_class(&parsed, at);
        self.check_connections(&parsed, terms.abort_after.is_some(), at);
        if terms.abort_after.is_some() && parsed.metric == Metric::Connections {
            let message =
                format!("'{}' can't abort the run: the most connections at a time are not known before the end", parsed.expr);
            self.problems.add(at, message, "remove `abort: true`");
        }
        if terms.abort_after.is_some() && parsed.metric == Metric::Requests {
            let message = format!("'{}' can't abort the run: it is not known before the end", parsed.expr);
            self.problems.add(at, message, "remove `abort: true`, or promise a `throughput`");
        }
        if let Some(over) = parsed.over.filter(|over| *over < self.window) {
            let message = format!("'over {}' is shorter than a window of the record", units::duration(over));
            let window = Path::root().key("record").key("window");
            self.problems.add_between(at, &window, message, format!("write {} or more", units::duration(self.window)));
        }
        let line = self.loaded.line(at);
        let Terms { severity, abort_after, owner } = terms.clone();
        Some(Threshold { severity, abort_after, owner, line, ..parsed })
    }

    /// A promise about the pings of a scenario, which are an endpoint of their own.
    fn of_heartbeat(&self, threshold: Threshold, at: &Path) -> Option<Threshold> {
        let Some(workload) = self.workload else { return Some(threshold) };
        let mut beating = workload.sockets.iter().filter(|scenario| scenario.heartbeat.is_some());
        let Some(named) = &threshold.scope else {
            let hint = "name the scenario: live-feed.heartbeat_survival >= 99.9%";
            self.problems.add(at, "heartbeats are those of a scenario, and none is named", hint);
            return None;
        };
        if !beating.any(|scenario| scenario.name == *named) {
            let hint = "name a scenario with `websocket:` and `heartbeat:`";
            self.problems.add(at, format!("'{named}' has no heartbeat"), hint);
            return None;
        }
        Some(Threshold { scope: Some(format!("{named}.heartbeat")), ..threshold })
    }

    /// A promise about the connections of a scenario or the messages on them, which are counted where connections are made; without a
    /// scenario about those of all.
    fn of_connections(&self, threshold: Threshold, what: &str, example: &str, at: &Path) -> Option<Threshold> {
        let Some(workload) = self.workload else { return Some(threshold) };
        let found = match &threshold.scope {
            None if !workload.sockets.is_empty() => return Some(threshold),
            None => None,
            Some(named) => workload.sockets.iter().find(|scenario| scenario.name == *named),
        };
        let Some(scenario) = found else {
            let hint = format!("name a scenario with `websocket:`, as in live-feed.{example}");
            self.problems.add(at, format!("{what} are those of a scenario of WebSocket connections"), hint);
            return None;
        };
        Some(Threshold { scope: Some(format!("{}.connect", scenario.name)), ..threshold })
    }

    fn check_scope(&self, threshold: &Threshold, at: &Path) {
        let (Some(scope), Some(workload)) = (&threshold.scope, self.workload) else { return };
        let endpoints = workload.measured_endpoints().map(|endpoint| endpoint.name.as_str());
        let scenarios = workload.scenarios.iter().map(|scenario| scenario.name.as_str());
        let scenarios = scenarios.chain(workload.sockets.iter().map(|scenario| scenario.name.as_str()));
        let mut known: Vec<&str> = endpoints.chain(scenarios).collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&scope.as_str()) {
            let hint = nearest_hint(scope, known, "endpoints and scenarios");
            self.problems.add(at, format!("'{scope}' is neither an endpoint nor a scenario"), hint);
        }
    }

    /// How many connections are lost is known in the end, and how long they lived is no latency.
    fn check_connections(&self, threshold: &Threshold, aborts: bool, at: &Path) {
        let (Some(scope), Some(workload)) = (&threshold.scope, self.workload) else { return };
        let is_it = |id: usize| workload.is_untimed(id) && workload.endpoints[id].name == *scope;
        if !(0..workload.endpoints.len()).any(is_it) {
            return;
        }
        if threshold.metric.unit() == MetricUnit::Micros {
            let hint = format!("promise how many of them are lost: {scope}.error_rate < 1%");
            self.problems.add(at, format!("'{scope}' counts connections, which have no latency"), hint);
        } else if aborts {
            let message = format!("'{}' can't abort the run: what becomes of connections is known in the end", threshold.expr);
            self.problems.add(at, message, "remove `abort: true`");
        }
    }

    /// `errors.CLASS` must name a class, or a family of classes such as `timeout`.
    fn check_class(&self, threshold: &Threshold, at: &Path) {
        let Metric::Errors(class) = &threshold.metric else { return };
        let families = ErrorClass::ALL.iter().filter_map(|known| known.name().split_once('.')).map(|(family, _)| family);
        let mut known: Vec<&str> = ErrorClass::ALL.iter().map(|known| known.name()).chain(families).collect();
        known.dedup();
        if !known.contains(&class.as_str()) {
            let hint = nearest_hint(class, known, "error classes");
            self.problems.add(at, format!("there is no error class '{class}'"), hint);
        }
    }
}
