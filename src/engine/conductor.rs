//! Steers a run while it goes on: takes the pulses of all threads ten times a second and sets the controls that they read.

use std::time::Duration;

use super::{
    adaptive::AdaptiveRate,
    breaker::{Breaker, Seen, TRIALS},
    lane::Run,
    looks::{Look, Looks},
    overload::Overload,
};
use crate::{
    measure::{History, Live, Recent, StagePlace, Strain, StrainProbe},
    plan::{HttpSettings, OnSaturated, RequestStep, Scenario},
    record::{BreakerEvent, BreakerState, Generator, Side},
    units::Micros,
};

/// Time that the pulses are kept for whoever wants to show them.
const KEPT: Duration = Duration::from_secs(5);

/// How far a run has come, and how it goes.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Time since the first stage began.
    pub moment: Duration,
    /// The stage that is played, and where it stands; `None` when all are.
    pub stage: Option<(usize, StagePlace)>,
    /// When the last stage ends, as far as is known by now.
    pub end: Duration,
    /// Counters of all threads, of both versions where there are two.
    pub live: &'a Live,
    /// The last seconds of the candidate.
    pub history: &'a History,
    /// Those of the baseline, where it is played too.
    pub baseline: Option<&'a History>,
    /// What is changed about the load.
    pub steering: Steering,
}

/// What loadgate changes about the load just now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steering {
    /// State of the circuit breaker.
    pub breaker: BreakerState,
    /// That of the baseline's; each version has one.
    pub baseline_breaker: BreakerState,
    /// Share of the load that self-protection leaves.
    pub kept: f64,
    /// What `adaptive` multiplies the rate by.
    pub rate_factor: f64,
    /// Whether the generator was found to be the bottleneck.
    pub saturated: bool,
}

/// Steers one run.
#[derive(Debug)]
pub(super) struct Conductor<'a> {
    run: &'a Run,
    versions: Vec<Version>,
    /// Counters of all of them.
    live: Live,
    adaptive: Option<AdaptiveRate>,
    overload: Overload,
    probe: StrainProbe,
    looks: Looks,
    worst: Strain,
}

/// What is known of one version.
#[derive(Debug)]
struct Version {
    side: Side,
    history: History,
    breaker: Option<Breaker>,
}

impl Version {
    /// Switches the version's circuit breaker by what was seen. Returns why the run is to be given up, if it is.
    fn switch(&mut self, seen: Seen, run: &Run) -> Option<String> {
        let (breaker, controls) = (self.breaker.as_mut()?, &run.controls[self.side.number()]);
        match breaker.look(seen)? {
            BreakerState::Closed => controls.let_all_pass(),
            BreakerState::Open => controls.let_pass(0),
            BreakerState::HalfOpen => controls.let_pass(TRIALS),
        }
        let reason = breaker.gives_up()?;
        Some(if run.plan.baseline.is_some() { format!("{}: {reason}", self.side) } else { reason })
    }

    fn breaker_state(&self) -> BreakerState {
        self.breaker.as_ref().map_or(BreakerState::Closed, Breaker::state)
    }
}

impl<'a> Conductor<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        let control = &run.plan.control;
        let adaptive = control.adaptive.clone().map(AdaptiveRate::new);
        let kept = adaptive.as_ref().map_or(KEPT, |adaptive| adaptive.window().max(KEPT));
        let version = |side: &Side| Version {
            side: *side,
            history: History::of(kept),
            breaker: control.circuit_breaker.clone().map(|rules| Breaker::new(rules, longest_request(run))),
        };
        Self {
            run,
            versions: run.plan.sides().iter().map(version).collect(),
            live: Live(run.live.iter().flat_map(|live| live.0.iter().cloned()).collect()),
            adaptive,
            overload: Overload::new(control.self_protection.clone()),
            probe: StrainProbe::new(&run.live[0]),
            looks: Looks::new(control.self_protection.every),
            worst: Strain::default(),
        }
    }

    /// Takes the pulses and steers. Returns why the run is to be given up, if it is.
    pub(super) fn tick(&mut self, moment: Duration) -> Option<String> {
        let mut gives_up = None;
        for version in &mut self.versions {
            let (live, mut recent) = (&self.run.live[version.side.number()], Recent::default());
            live.0.iter().for_each(|thread| thread.pulse.take(&mut recent));
            let seen = Seen { moment, requests: recent.requests, errors: recent.errors, in_flight: live.in_flight() };
            version.history.push(recent);
            gives_up = gives_up.or(version.switch(seen, self.run));
        }
        self.adapt(moment);
        if let Some(look) = self.looks.at_pulse(&self.run.timeline, moment) {
            self.look(&look);
        }
        gives_up
    }

    /// How it goes just now.
    pub(super) fn progress(&self, moment: Duration) -> Progress<'_> {
        let (candidate, baseline) = (&self.versions[0], self.versions.get(1));
        let controls = &self.run.controls[0];
        let steering = Steering {
            breaker: candidate.breaker_state(),
            baseline_breaker: baseline.map_or(BreakerState::Closed, Version::breaker_state),
            kept: controls.kept(),
            rate_factor: controls.rate_factor(),
            saturated: self.overload.saturated.is_some(),
        };
        let timeline = &self.run.timeline;
        let stage = (0..timeline.len()).map(|number| (number, timeline.stage(number))).find(|(_, place)| moment < place.ends);
        let (live, history) = (&self.live, &candidate.history);
        let baseline = baseline.map(|version| &version.history);
        Progress { moment, stage, end: timeline.end(), live, history, baseline, steering }
    }

    /// All that is to be remembered of it: the circuit breaker's states by version, and the generator's part of the record.
    pub(super) fn end(mut self, moment: Duration) -> (Vec<Vec<BreakerEvent>>, Generator) {
        if let Some(look) = self.looks.at_end(&self.run.timeline, moment) {
            self.look(&look);
        }
        let generator = Generator {
            busy_share_max: self.worst.busy,
            memory_share_max: self.worst.memory,
            throttled_us: self.worst.throttled.map(|time| Micros::from_duration(time).0),
            steal_share_max: self.worst.stolen,
            saturated: self.overload.saturated,
            shed: self.overload.shed,
            ..Generator::default()
        };
        let events = |version: Version| version.breaker.map_or_else(Vec::new, |breaker| breaker.events);
        (self.versions.into_iter().map(events).collect(), generator)
    }

    fn adapt(&mut self, moment: Duration) {
        if let Some(adaptive) = self.adaptive.as_mut().filter(|adaptive| adaptive.is_due(moment)) {
            // Like all promises that are not relative, it is the candidate's; the rate is that of both versions all the same.
            // What came to an outcome before the last adjustment was looked at then.
            let recent = self.versions[0].history.last_busy(adaptive.window(), adaptive.every());
            let p95_ms = recent.quantile_ms_of_all(0.95);
            let factor = adaptive.adjust(moment, p95_ms);
            self.run.controls.iter().for_each(|controls| controls.set_rate_factor(factor));
        }
    }

    fn look(&mut self, look: &Look) {
        let (moment, length) = (look.span.end, look.span.end.saturating_sub(look.span.start));
        let strain = self.probe.look(&self.run.live[0], length);
        // What happens in a warm-up can't spoil a measurement.
        let judged = look.measured || self.run.plan.control.self_protection.on_saturated == OnSaturated::Shed;
        if look.counts && judged {
            let kept = self.overload.look(moment, length, &strain);
            self.run.controls.iter().for_each(|controls| controls.set_kept(kept));
        }
        if look.counts && look.measured {
            self.worst.worsen(&strain);
        }
    }
}

/// Longest time for which an outcome of what a run has sent may be awaited.
fn longest_request(run: &Run) -> Duration {
    longest_of(&run.plan.http, run.plan.workload.scenarios.iter().flat_map(Scenario::requests))
}

/// Longest time that any of these requests may take with all its repetitions and the pauses between them.
fn longest_of<'a>(http: &HttpSettings, steps: impl Iterator<Item = &'a RequestStep>) -> Duration {
    let longest = steps.filter_map(|step| step.timeout).fold(http.timeouts.request, Duration::max);
    let pauses = http.retries.backoff.max.saturating_mul(http.retries.max);
    longest.saturating_mul(http.retries.max.saturating_add(1)).saturating_add(pauses)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::plan::{Method, Request};

    #[test]
    fn a_request_may_take_as_long_as_the_slowest_step_with_all_its_repetitions() {
        let step = |timeout: Option<u64>| {
            let request =
                Request { target: 0, method: Method::GET, path: "/".to_owned(), headers: Vec::new(), body: Bytes::new() };
            RequestStep { timeout: timeout.map(Duration::from_secs), ..RequestStep::plain(0, request) }
        };
        let (mut http, steps) = (HttpSettings::default(), [step(None), step(Some(90)), step(Some(2))]);
        http.timeouts.request = Duration::from_secs(10);
        assert_eq!(longest_of(&http, steps[..1].iter()), Duration::from_secs(10));
        assert_eq!(longest_of(&http, steps.iter()), Duration::from_secs(90));
        (http.retries.max, http.retries.backoff.max) = (2, Duration::from_secs(5));
        assert_eq!(longest_of(&http, steps.iter()), Duration::from_secs(3 * 90 + 2 * 5));
    }
}
