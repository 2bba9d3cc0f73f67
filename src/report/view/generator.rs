//! How the load generator fared, and what it changed about the load by itself.

use std::time::Duration;

use serde::Serialize;

use super::{facts::Fact, text};
use crate::{
    record::{Latencies, RunRecord},
    report::escape::capped,
    units::{self, Micros},
};

/// How the load generator fared in the measured stages.
#[derive(Clone, Debug, Serialize)]
pub struct GeneratorView {
    /// Lateness that 99 % of the sends kept.
    pub late_p99_us: Option<u64>,
    /// Largest lateness.
    pub late_max_us: Option<u64>,
    /// Sends later than 1 ms.
    pub late_over_1ms: u64,
    /// Largest processor share of any run.
    pub cpu_share: Option<f64>,
    /// Largest memory of any run.
    pub max_rss_bytes: Option<u64>,
    /// Largest share of the time that a thread was busy, in the worst look.
    pub busy_share_max: Option<f64>,
    /// Largest share of the memory.
    pub memory_share_max: Option<f64>,
    /// How much too late threads woke up: 99 % of the times.
    pub sched_lag_p99_us: Option<u64>,
    /// The same at worst.
    pub sched_lag_max_us: Option<u64>,
    /// Standstill for want of processor quota, all runs together.
    pub throttled_us: Option<u64>,
    /// Largest share of the processors' time that the hypervisor gave to others.
    pub steal_share_max: Option<f64>,
    /// Why it was the bottleneck, if it was.
    pub saturated: Option<String>,
    /// The same in words.
    pub facts: Vec<Fact>,
}

/// The load was changed while it was made.
#[derive(Clone, Debug, Serialize)]
pub struct EventView {
    /// When, from the start of the run.
    pub at_us: u64,
    /// The same for people: `12.3s`.
    pub at: String,
    /// `circuit breaker open`, `load shed to 64%`.
    pub what: String,
    /// Why, with the figures.
    pub reason: String,
}

/// The generator of all runs together.
pub(super) fn of_runs(runs: &[RunRecord]) -> GeneratorView {
    let generators = || runs.iter().map(|run| &run.generator);
    let mut late = Latencies::default();
    generators().for_each(|generator| late.add(&generator.late.decode()));
    let share = |of: fn(&crate::record::Generator) -> Option<f64>| generators().filter_map(of).reduce(f64::max);
    let most = |of: fn(&crate::record::Generator) -> Option<u64>| generators().filter_map(of).max();
    let mut view = GeneratorView {
        late_p99_us: late.quantile(0.99),
        late_max_us: late.max(),
        late_over_1ms: generators().map(|generator| generator.late_over_1ms).sum(),
        cpu_share: share(|generator| generator.cpu_share),
        max_rss_bytes: most(|generator| generator.max_rss_bytes),
        busy_share_max: share(|generator| generator.busy_share_max),
        memory_share_max: share(|generator| generator.memory_share_max),
        sched_lag_p99_us: most(|generator| generator.sched_lag_p99_us),
        sched_lag_max_us: most(|generator| generator.sched_lag_max_us),
        throttled_us: generators().filter_map(|generator| generator.throttled_us).reduce(|sum, us| sum + us),
        steal_share_max: share(|generator| generator.steal_share_max),
        saturated: generators().find_map(|generator| generator.saturated.as_deref()).map(capped),
        facts: Vec::new(),
    };
    view.facts = facts(&view, late.count());
    view
}

fn facts(view: &GeneratorView, sent: u64) -> Vec<Fact> {
    let time = |us: Option<u64>| us.map_or_else(|| text::NONE.to_owned(), |us| Micros(us).to_string());
    let memory = view.max_rss_bytes.map(|bytes| {
        let share =
            view.memory_share_max.map_or_else(String::new, |share| format!(" ({} of what there is)", units::percent(share)));
        format!("{} MB{share}", units::significant(bytes as f64 / 1e6, 3))
    });
    let mut facts = vec![
        Fact::new("sent late by, 99% of requests", time(view.late_p99_us)),
        Fact::new("sent late by, worst request", time(view.late_max_us)),
        Fact::new("sent more than 1 ms late", counted_share(view.late_over_1ms, sent)),
        Fact::new("processor share of its threads", text::share(view.cpu_share)),
        Fact::new("largest memory", memory.unwrap_or_else(|| text::NONE.to_owned())),
    ];
    let mut known = |name, value: Option<String>| facts.extend(value.map(|value| Fact::new(name, value)));
    known("busiest thread, on a processor or waiting for one", view.busy_share_max.map(units::percent));
    known("woke up late by, 99% of the times", view.sched_lag_p99_us.map(|us| Micros(us).to_string()));
    known("woke up late by, worst time", view.sched_lag_max_us.map(|us| Micros(us).to_string()));
    known("stood still for want of processor quota", view.throttled_us.map(|us| Micros(us).to_string()));
    known("processor time given to other machines", view.steal_share_max.map(units::percent));
    known("was the bottleneck", view.saturated.clone());
    facts
}

fn counted_share(part: u64, all: u64) -> String {
    if all == 0 { text::count(part) } else { format!("{} ({})", text::count(part), units::percent(part as f64 / all as f64)) }
}

/// What was changed about the load of all runs, in order of time.
pub(super) fn events(runs: &[RunRecord]) -> Vec<EventView> {
    let mut found: Vec<(u64, String, &str)> = Vec::new();
    for run in runs {
        let breaker =
            run.breaker.iter().map(|event| (event.at_us, format!("circuit breaker {}", event.state.name()), &event.reason));
        let shed = run.generator.shed.iter().map(|event| (event.at_us, shed_to(event.kept), &event.reason));
        let mut of_run: Vec<(u64, String, &str)> = breaker.chain(shed).map(|(at, what, why)| (at, what, why.as_str())).collect();
        of_run.sort_by_key(|event| event.0);
        found.extend(of_run);
    }
    let at = |us: u64| units::duration(Duration::from_millis(us / 100_000 * 100));
    found.into_iter().map(|(us, what, reason)| EventView { at_us: us, at: at(us), what, reason: capped(reason) }).collect()
}

fn shed_to(kept: f64) -> String {
    if kept < 1.0 { format!("load shed to {}", units::percent(kept)) } else { "whole load again".to_owned() }
}
