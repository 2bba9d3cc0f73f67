//! One thread's measurements: what falls due, what is sent, what comes of it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use super::{
    ClosedWindow, FailureNote, Failures, Recent, Slowest, StageCounts, Timeline, Unmeasured,
    awaited::Ticket,
    connected::{Connected, Lives},
    live::LiveShard,
    open_windows::OpenWindows,
    unmeasured::UnmeasuredPlace,
};
use crate::{
    plan::{EndpointId, ScenarioId, SocketEndpoints},
    record::{ErrorClass, ExchangeSample, Latencies, Part, Phases, TraceId},
    units::Micros,
};

/// How often windows are looked through for some to close: this is asked at every arrival.
const LOOK_STEP: Duration = Duration::from_millis(10);

/// How much longer a pulse leaves a window open than its time, so that users who were to be woken in it have begun.
const SETTLED: Duration = Duration::from_millis(500);

/// A request that came to an outcome.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// When it was due, counted from the start of the run.
    pub due: Duration,
    /// Time from due to done.
    pub response: Duration,
    /// Time from sent to done.
    pub service: Duration,
    /// Body bytes received.
    pub bytes: u64,
    /// Where the time of the last attempt went.
    pub phases: Phases,
    /// Connections opened for it.
    pub connections: u64,
    /// Requests sent again: attempts beyond the first, and those whose connection turned out closed.
    pub retries: u64,
    /// Whether it was tried again because it had failed.
    pub retried: bool,
    /// Class and words of its failure, if it failed.
    pub failure: Option<(ErrorClass, Cow<'static, str>)>,
    /// The exchange that failed, where it is one of the few that are shown.
    pub sample: Option<Box<ExchangeSample>>,
    /// The id it was sent with, where traces are on; repeated attempts have the same.
    pub trace: Option<TraceId>,
}

/// What keeps an arrival from the target that was meant to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The circuit breaker, as the target fails.
    ByBreaker,
    /// Self-protection, as the generator has too much to do.
    BySelfProtection,
}

/// What a thread knows when all is over.
#[derive(Debug, Default)]
pub struct ShardEnd {
    /// What became of the arrivals of each stage.
    pub counts: Vec<StageCounts>,
    /// How late requests of measured stages were sent that waited for their time.
    pub late: Latencies,
    /// Sends of measured stages later than 1 ms.
    pub late_over_1ms: u64,
    /// How much too late the thread woke up for its pulses, in measured stages.
    pub lag: Latencies,
    /// By how much a target's clock is ahead at least, as its messages tell.
    pub clock_ahead: Duration,
    /// What became of connections, by the window they were opened in and the endpoint they are counted at.
    pub lives: BTreeMap<(usize, EndpointId), Lives>,
    /// The slowest requests of measured stages.
    pub slowest: Slowest,
    /// Failures in words.
    pub failures: Failures,
    /// Failures that no window counts.
    pub unmeasured: Unmeasured,
}

/// One thread's measurements.
#[derive(Debug)]
pub struct Shard {
    timeline: Arc<Timeline>,
    windows: OpenWindows,
    connected: Connected,
    /// Arrivals in play by stage: while there are any, the last window of the stage can still get requests.
    in_play: Vec<u64>,
    /// Moment of the run from which on it is worth looking for windows to close.
    look_again: Duration,
    live: Arc<LiveShard>,
    /// When the next arrival of an open loop falls due.
    expected: Duration,
    /// What happened since the last pulse.
    recent: Recent,
    end: ShardEnd,
}

impl Shard {
    /// An empty shard that hands its closed windows to `sink`.
    #[must_use]
    pub fn new(timeline: Arc<Timeline>, endpoints: usize, sink: Sender<ClosedWindow>, live: Arc<LiveShard>) -> Self {
        let stages = timeline.len();
        let end =
            ShardEnd { counts: vec![StageCounts::default(); stages], slowest: Slowest::new(endpoints), ..ShardEnd::default() };
        Self {
            windows: OpenWindows::new(Arc::clone(&timeline), endpoints, sink),
            timeline,
            connected: Connected::default(),
            in_play: vec![0; stages],
            look_again: Duration::ZERO,
            expected: Duration::MAX,
            live,
            recent: Recent::default(),
            end,
        }
    }

    /// An arrival fell due and is taken into play, its first request at `endpoint` where it begins with one that is measured.
    /// Returns its ticket as [`Self::begin`] does. From here on its window stays open, though its task may not have run yet.
    pub fn arrival_started(&mut self, stage: usize, due: Duration, endpoint: Option<EndpointId>) -> Option<Ticket> {
        let counts = &mut self.end.counts[stage];
        counts.offered += 1;
        counts.started += 1;
        self.in_play[stage] += 1;
        self.live.started.add(1);
        self.begin(stage, due, endpoint?)
    }

    /// A request goes out now, `late` after the time that it was due at and has waited for: the first one of an arrival, or one behind a
    /// pause.
    pub fn arrival_sent(&mut self, stage: usize, due: Duration, late: Duration) {
        if self.timeline.is_measured(stage) {
            self.end.late.record(Micros::from_duration(late).0);
            self.end.late_over_1ms += u64::from(late > Duration::from_millis(1));
            self.windows.note_late(stage, due, late);
        }
    }

    /// A message was sent on a connection of an endpoint, or has come.
    pub fn message(&mut self, stage: usize, moment: Duration, endpoint: EndpointId) {
        self.windows.count_message(stage, moment, endpoint);
    }

    /// A connection is open from now on, which is counted at an endpoint.
    pub fn connection_opened(&mut self, moment: Duration, endpoint: EndpointId) {
        self.connected.opened(endpoint, moment, &mut self.windows);
    }

    /// A connection that was open for that span of the run is no more: class and words of its loss, where it was lost. It counts to the window
    /// it was opened in, or to the first one that is measured.
    pub fn connection_gone(
        &mut self,
        endpoints: SocketEndpoints,
        open: &Range<Duration>,
        lost: Option<(ErrorClass, Cow<'static, str>)>,
    ) {
        self.connected.gone(endpoints.connect, open.end, &mut self.windows);
        let (Some(window), endpoint) = (self.timeline.window_from(open), endpoints.connection) else { return };
        let lives = self.end.lives.entry((window, endpoint)).or_default();
        lives.begun += 1;
        if let Some((class, message)) = lost {
            *lives.lost.entry(class).or_default() += 1;
            self.end.failures.keep(FailureNote { endpoint, class, message, sample: None, trace: None });
        }
    }

    /// A message seems to have come so long before it was sent.
    pub fn clock_ahead(&mut self, ahead: Duration) {
        self.end.clock_ahead = self.end.clock_ahead.max(ahead);
    }

    /// All steps of an arrival are done.
    pub fn arrival_finished(&mut self, stage: usize) {
        self.in_play[stage] -= 1;
        self.live.finished.add(1);
    }

    /// An arrival fell due and is not sent, because too many are in flight.
    pub fn arrival_dropped(&mut self, stage: usize, due: Duration, endpoint: EndpointId) {
        self.end.counts[stage].offered += 1;
        self.live.dropped.add(1);
        self.windows.drop_request(stage, due, endpoint);
    }

    /// An arrival is left in the middle: the request that is due now is not sent, because too many are in flight. It counts as
    /// dropped, and no longer as one that was sent.
    pub fn arrival_broken_off(&mut self, stage: usize, due: Duration, endpoint: EndpointId) {
        self.end.counts[stage].started -= 1;
        self.live.broken_off.add(1);
        self.windows.drop_request(stage, due, endpoint);
    }

    /// An arrival was due, and the circuit breaker or self-protection keeps it from the target.
    pub fn arrival_withheld(&mut self, stage: usize, by: Withheld) {
        let counts = &mut self.end.counts[stage];
        counts.withheld += 1;
        counts.withheld_by_breaker += u64::from(by == Withheld::ByBreaker);
        self.arrival_held_back(stage);
    }

    /// An arrival would have been due and is held back on purpose: nobody has meant it to be sent.
    pub fn arrival_held_back(&mut self, stage: usize) {
        self.end.counts[stage].held_back += 1;
        self.live.held_back.add(1);
    }

    /// A request is about to be made. Returns what its outcome must be handed in with; `None` where nothing is measured.
    pub fn begin(&mut self, stage: usize, due: Duration, endpoint: EndpointId) -> Option<Ticket> {
        self.windows.begin(stage, due, endpoint)
    }

    /// A request that was to be made is not made after all.
    pub fn give_back(&mut self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.windows.finish(ticket);
        }
    }

    /// A request failed that no window counts: it ends an iteration all the same.
    pub fn unmeasured_failure(&mut self, scenario: ScenarioId, part: Part, note: FailureNote) {
        self.end.unmeasured.add(UnmeasuredPlace { scenario, part, endpoint: note.endpoint, class: note.class }, 1);
        self.end.failures.keep(note);
    }

    /// So many users did not come to leave a scenario, which they would have begun to at `endpoint`.
    pub fn left_behind(&mut self, scenario: ScenarioId, endpoint: EndpointId, users: u64) {
        if users > 0 {
            let (part, class) = (Part::Teardown, ErrorClass::Unfinished);
            self.end.unmeasured.add(UnmeasuredPlace { scenario, part, endpoint, class }, users);
            let message = Cow::Borrowed("the run ended before it was made: load.graceful_stop is the time for it");
            self.end.failures.keep(FailureNote { endpoint, class, message, sample: None, trace: None });
        }
    }

    /// A request came to its outcome.
    pub fn finish(&mut self, ticket: Option<Ticket>, endpoint: EndpointId, finished: Finished) {
        self.live.requests.add(1);
        if finished.failure.is_some() {
            self.live.errors.add(1);
        }
        let response = Micros::from_duration(finished.response).0;
        self.recent.request(response, finished.failure.is_some());
        let Some(ticket) = ticket else { return };
        self.end.slowest.see(endpoint, &finished);
        let total = self.windows.finish(ticket);
        total.requests += 1;
        total.bytes += finished.bytes;
        total.connections += finished.connections;
        total.retries += finished.retries;
        total.retried += u64::from(finished.retried);
        match finished.failure {
            None => {
                total.phases.add(&finished.phases);
                total.response.record(response);
                total.service.record(Micros::from_duration(finished.service).0);
            }
            Some((class, message)) => {
                *total.errors.entry(class).or_default() += 1;
                total.failed.record(response);
                self.end.failures.keep(FailureNote { endpoint, class, message, sample: finished.sample, trace: finished.trace });
            }
        }
    }

    /// The next arrival of an open loop falls due at a moment of the run: until it is taken, its window stays open.
    pub fn expects(&mut self, due: Duration) {
        self.expected = due;
    }

    /// Hands over what happened since the last pulse, and closes the windows that nothing comes to any more. The thread woke up `lag` too late for it, at a moment of the run.
    pub fn pulse(&mut self, moment: Duration, lag: Duration) {
        // A thread to which nothing comes must not keep the windows of all others open.
        self.close_passed(moment.saturating_sub(SETTLED).min(self.expected));
        if self.timeline.measures(moment..moment + lag) {
            self.end.lag.record(Micros::from_duration(lag).0);
        }
        self.recent.lag = self.recent.lag.max(lag);
        self.live.tell_cpu_time();
        self.live.pulse.put(&mut self.recent);
    }

    /// Closes the windows that are over at a moment of the run. The last one of the run stays open until the [end](Self::end).
    pub fn close_passed(&mut self, moment: Duration) {
        if moment < self.look_again {
            return;
        }
        self.look_again = moment + LOOK_STEP;
        self.connected.settle(moment, &mut self.windows);
        self.windows.close_passed(moment, &self.in_play);
    }

    /// Closes what is left at the moment of the run from which on nothing is waited for any more. A request without an outcome is
    /// a failure that took from its due time until then.
    #[must_use]
    pub fn end(mut self, moment: Duration) -> ShardEnd {
        self.connected.settle(moment, &mut self.windows);
        for endpoint in self.windows.end(moment) {
            let (class, message) = (ErrorClass::Unfinished, Cow::Borrowed("there was no outcome when the run ended"));
            self.end.failures.keep(FailureNote { endpoint, class, message, sample: None, trace: None });
        }
        self.end
    }
}

#[cfg(test)]
mod tests;
