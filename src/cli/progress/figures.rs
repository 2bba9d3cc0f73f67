//! What a live view shows of a moment: numbers first, then words. Pure.

use std::{collections::VecDeque, fmt::Write as _, time::Duration};

use crate::{
    engine::Progress,
    measure::{Recent, StagePlace},
    plan::{Load, Plan, Replicate, Scenario},
    record::BreakerState,
    units::{self, Micros, PerSecond},
};

/// How a run goes just now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figures {
    /// Which part of a run with several this is.
    pub(super) replicate: Option<Replicate>,
    /// Time since the run, or this part of it, began, and its whole length.
    pub(super) moment: Duration,
    pub(super) length: Duration,
    /// Name of the stage, its number from 1, and how many there are; `None` when all are played.
    pub(super) stage: Option<(String, usize, usize)>,
    /// Users of a closed loop.
    pub(super) users: Option<u32>,
    /// What arrivals are called: `due` where each is one request.
    pub(super) pace: Pace,
    /// Arrivals that fell due, or iterations of users, and requests that came to an outcome, per second of the last seconds.
    pub(super) due: f64,
    pub(super) done: f64,
    /// Response times of the last seconds: p50, p95, p99.
    pub(super) quantiles: [Option<Micros>; 3],
    /// Failed share of the last seconds.
    pub(super) error_rate: Option<f64>,
    /// The same of the baseline, where it is played beside the candidate.
    pub(super) baseline: Option<Recently>,
    /// Since the run began.
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) dropped: u64,
    pub(super) held_back: u64,
    pub(super) in_flight: u64,
    pub(super) breaker: BreakerState,
    pub(super) baseline_breaker: BreakerState,
    /// Share of the load that self-protection leaves.
    pub(super) kept: f64,
    /// What `adaptive` multiplies the rate by; `None` without it.
    pub(super) rate_factor: Option<f64>,
    pub(super) saturated: bool,
}

/// How one version has answered in the last seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recently {
    /// Response times: p50, p95, p99.
    pub(super) quantiles: [Option<Micros>; 3],
    /// Failed share.
    pub(super) error_rate: Option<f64>,
}

impl From<Recent> for Recently {
    fn from(recent: Recent) -> Self {
        let error_rate = (recent.requests > 0).then(|| recent.errors as f64 / recent.requests as f64);
        Self { quantiles: [0.5, 0.95, 0.99].map(|q| recent.quantile(q)), error_rate }
    }
}

/// How the pace of a stage is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Each arrival is one request: both rates should be equal.
    Requests,
    /// Arrivals fall due, and each makes several requests.
    Arrivals,
    /// Users begin when they are ready: nothing falls due.
    Users,
    /// Connections are there, and what comes of them is counted.
    Connections,
}

/// Counts of a moment, for rates.
#[derive(Clone, Copy, Debug)]
struct Counts {
    moment: Duration,
    due: u64,
    done: u64,
}

/// Makes figures of the moments of one run.
pub(super) struct Figurer {
    replicate: Option<Replicate>,
    stages: Vec<Named>,
    adaptive: bool,
    /// Time over which rates and latencies are taken.
    span: Duration,
    counts: VecDeque<Counts>,
}

struct Named {
    name: String,
    load: Load,
    pace: Pace,
}

impl Pace {
    fn of(plan: &Plan, load: Load) -> Self {
        let is_one = |scenario: &Scenario| scenario.requests().count() == 1;
        match load {
            Load::Users(_) => Self::Users,
            Load::Connections(_) => Self::Connections,
            Load::Arrivals(_) if plan.workload.scenarios.iter().all(is_one) => Self::Requests,
            Load::Arrivals(_) => Self::Arrivals,
        }
    }

    /// `200/s due`, `199/s done`
    fn words(self, due: f64, done: f64) -> Vec<String> {
        let rate = |rate: f64| PerSecond(rate.round()).to_string();
        match self {
            Self::Requests => vec![format!("{} due", rate(due)), format!("{} done", rate(done))],
            Self::Arrivals => vec![format!("{} iterations/s due", due.round()), format!("{} requests/s done", done.round())],
            Self::Users => vec![format!("{} iterations/s", due.round()), format!("{} requests/s", done.round())],
            Self::Connections => vec![format!("{} requests/s", done.round())],
        }
    }
}

impl Figurer {
    pub(super) fn new(plan: &Plan, replicate: Option<Replicate>, span: Duration) -> Self {
        let named = |stage: &crate::plan::Stage| {
            let name = if stage.measured { stage.name.clone() } else { format!("{} (not measured)", stage.name) };
            Named { name, load: stage.load, pace: Pace::of(plan, stage.load) }
        };
        let stages = plan.stages.iter().map(named).collect();
        Self { replicate, stages, adaptive: plan.control.adaptive.is_some(), span, counts: VecDeque::new() }
    }

    /// Takes note of the counts of a moment: rates are those since the oldest one that is kept.
    pub(super) fn note(&mut self, progress: &Progress<'_>) {
        let live = progress.live;
        let span = self.span;
        self.counts.push_back(Counts { moment: progress.moment, due: live.due(), done: live.requests() });
        while self.counts.len() > 2 && self.counts[1].moment + span <= progress.moment {
            self.counts.pop_front();
        }
    }

    /// The figures of the moment that was noted last.
    pub(super) fn figures(&self, progress: &Progress<'_>) -> Figures {
        let (moment, live, steering) = (progress.moment, progress.live, progress.steering);
        let Recently { quantiles, error_rate } = progress.history.last(self.span).into();
        let stage = progress.stage.and_then(|(number, place)| Some((number, place, self.stages.get(number)?)));
        let per_second = |count: fn(&Counts) -> u64| match (self.counts.front(), self.counts.back()) {
            (Some(first), Some(last)) if last.moment > first.moment => {
                (count(last) - count(first)) as f64 / (last.moment - first.moment).as_secs_f64()
            }
            _ => 0.0,
        };
        Figures {
            replicate: self.replicate,
            moment,
            length: progress.end,
            stage: stage.map(|(number, _, named)| (named.name.clone(), number + 1, self.stages.len())),
            users: stage.and_then(|(_, place, named)| users(named.load, place, moment)),
            pace: stage.map(|(_, _, named)| named.pace).or(self.stages.last().map(|named| named.pace)).unwrap_or(Pace::Requests),
            due: per_second(|counts| counts.due),
            done: per_second(|counts| counts.done),
            quantiles,
            error_rate,
            baseline: progress.baseline.map(|history| history.last(self.span).into()),
            requests: live.requests(),
            errors: live.errors(),
            dropped: live.dropped(),
            held_back: live.held_back(),
            in_flight: live.in_flight(),
            breaker: steering.breaker,
            baseline_breaker: steering.baseline_breaker,
            kept: steering.kept,
            rate_factor: self.adaptive.then_some(steering.rate_factor),
            saturated: steering.saturated,
        }
    }
}

/// Users that a closed loop is to have at a moment of the run, or connections that there are to be.
fn users(load: Load, place: StagePlace, moment: Duration) -> Option<u32> {
    let (Load::Users(crowd) | Load::Connections(crowd)) = load else { return None };
    let since = moment.saturating_sub(place.begins).as_secs_f64();
    let share = since / place.ends.saturating_sub(place.begins).as_secs_f64().max(1e-9);
    let (from, to) = (f64::from(crowd.from), f64::from(crowd.to));
    Some((from + (to - from) * share.clamp(0.0, 1.0)).round() as u32)
}

impl Figures {
    /// `replicate 3 of 6, steady (2 of 4)  42s of 2m, 1m18s left`, and what is not as it should be.
    pub(super) fn place(&self) -> String {
        let seconds = |time: Duration| units::duration(Duration::from_secs(time.as_secs()));
        let stage = match &self.stage {
            Some((name, _, 1)) => name.clone(),
            Some((name, number, of)) => format!("{name} ({number} of {of})"),
            None => "finishing".to_owned(),
        };
        let replicate = self.replicate.map_or_else(String::new, |replicate| format!("{replicate}, "));
        let mut text = format!("{replicate}{stage}  {} of {}", seconds(self.moment.min(self.length)), seconds(self.length));
        if self.moment < self.length {
            let _ = write!(text, ", {} left", seconds(self.length - self.moment + Duration::from_millis(999)));
        }
        for state in self.states() {
            let _ = write!(text, "  {state}");
        }
        text
    }

    /// `200/s due  199/s done  p50 12.1 ms  p95 30 ms  p99 41 ms  0.2% failed  14 in flight`; of two versions, figures of answers are
    /// those of the candidate and, behind a bar, of the baseline.
    pub(super) fn going(&self) -> String {
        [self.pace.words(self.due, self.done), self.answers(), self.under_way()].concat().join("  ")
    }

    /// The same in two lines, so that nothing of it is cut off at the usual 80 columns: the load, and what comes of it.
    pub(super) fn going_in_lines(&self) -> [String; 2] {
        let load = [self.pace.words(self.due, self.done), self.under_way()].concat();
        [load, self.answers()].map(|parts| parts.join("  "))
    }

    /// Latencies and failures of the last seconds.
    fn answers(&self) -> Vec<String> {
        let latency = |value: Option<Micros>| value.map_or_else(|| "-".to_owned(), |us| us.to_string());
        let share = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), units::percent);
        let beside = |text: Option<String>| text.map_or_else(String::new, |text| format!(" | {text}"));
        let mut parts = Vec::new();
        for (n, name) in ["p50", "p95", "p99"].into_iter().enumerate() {
            let baseline = beside(self.baseline.map(|baseline| latency(baseline.quantiles[n])));
            parts.push(format!("{name} {}{baseline}", latency(self.quantiles[n])));
        }
        let baseline = beside(self.baseline.map(|baseline| share(baseline.error_rate)));
        parts.push(format!("{}{baseline} failed", share(self.error_rate)));
        parts
    }

    /// What is on its way, and what was kept from it.
    fn under_way(&self) -> Vec<String> {
        let kind = if self.pace == Pace::Connections { "connections" } else { "users" };
        let mut parts = Vec::new();
        parts.extend((self.pace != Pace::Connections).then(|| format!("{} in flight", self.in_flight)));
        parts.extend(self.users.map(|users| format!("{users} {kind}")));
        parts.extend((self.dropped > 0).then(|| format!("{} dropped", self.dropped)));
        parts.extend((self.held_back > 0).then(|| format!("{} held back", self.held_back)));
        parts
    }

    fn states(&self) -> Vec<String> {
        let mut states = Vec::new();
        if self.breaker != BreakerState::Closed {
            states.push(format!("circuit breaker {}", self.breaker.name()));
        }
        if self.baseline_breaker != BreakerState::Closed {
            states.push(format!("circuit breaker of the baseline {}", self.baseline_breaker.name()));
        }
        if self.kept < 1.0 {
            states.push(format!("load shed to {}", units::percent(self.kept)));
        }
        if self.saturated {
            states.push("generator saturated".to_owned());
        }
        states.extend(self.rate_factor.map(|factor| format!("rate x {}", units::significant(factor, 3))));
        states
    }

    /// The same for programs.
    pub(super) fn json(&self) -> String {
        let us = |value: Option<Micros>| value.map(|us| us.0);
        serde_json::json!({
            "event": "progress",
            "replicate": self.replicate.map(|replicate| replicate.number),
            "replicates": self.replicate.map(|replicate| replicate.of),
            "moment_s": (self.moment.as_secs_f64() * 10.0).round() / 10.0,
            "length_s": self.length.as_secs_f64(),
            "stage": self.stage.as_ref().map_or("finishing", |stage| stage.0.as_str()),
            "users": self.users.filter(|_| self.pace != Pace::Connections),
            "due_per_s": (!matches!(self.pace, Pace::Users | Pace::Connections)).then(|| self.due.round()),
            "iterations_per_s": self.due.round(),
            "rate_per_s": self.done.round(),
            "p50_us": us(self.quantiles[0]),
            "p95_us": us(self.quantiles[1]),
            "p99_us": us(self.quantiles[2]),
            "error_rate": self.error_rate,
            "requests": self.requests,
            "errors": self.errors,
            "dropped": self.dropped,
            "held_back": self.held_back,
            "in_flight": self.in_flight,
            "breaker": self.breaker,
            "kept": self.kept,
            "rate_factor": self.rate_factor,
            "saturated": self.saturated,
            "baseline": self.baseline.map(|baseline| serde_json::json!({
                "p50_us": us(baseline.quantiles[0]),
                "p95_us": us(baseline.quantiles[1]),
                "p99_us": us(baseline.quantiles[2]),
                "error_rate": baseline.error_rate,
                "breaker": self.baseline_breaker,
            })),
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests;
