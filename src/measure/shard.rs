//! One thread's measurements. Windows are held open until their time has passed and every request that was due in them has
//! come to an outcome; then they go to the collector.

use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use super::{FailureNote, Failures, Recent, Timeline, live::LiveShard};
use crate::{
    plan::EndpointId,
    record::{ErrorClass, Errors, ExchangeSample, Latencies, Phases, Totals},
    units::Micros,
};

/// How often windows are looked through for some to close: this is asked at every arrival.
const LOOK_STEP: Duration = Duration::from_millis(10);

/// How much longer a pulse leaves a window open than its time, so that users who were to be woken in it have begun.
const SETTLED: Duration = Duration::from_millis(500);

/// A request that came to an outcome.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// Time from due to done.
    pub response: Duration,
    /// Time from sent to done.
    pub service: Duration,
    /// Body bytes received.
    pub bytes: u64,
    /// Where the time went.
    pub phases: Phases,
    /// Connections opened for it.
    pub connections: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// Class and words of its failure, if it failed.
    pub failure: Option<(ErrorClass, Cow<'static, str>)>,
    /// The exchange that failed, where it is one of the few that are shown.
    pub sample: Option<Box<ExchangeSample>>,
}

/// A window that is over on one thread.
#[derive(Debug)]
pub struct ClosedWindow {
    /// Its number in the [`Timeline`].
    pub number: usize,
    /// What was measured, by endpoint.
    pub endpoints: Vec<Totals>,
}

/// What a thread knows when all is over.
#[derive(Debug, Default)]
pub struct ShardEnd {
    /// Arrivals that fell due, by stage.
    pub offered: Vec<u64>,
    /// Arrivals that were sent, by stage.
    pub started: Vec<u64>,
    /// Arrivals that were held back on purpose, by stage.
    pub held_back: Vec<u64>,
    /// Those of them that were meant to be sent, by stage.
    pub withheld: Vec<u64>,
    /// How late arrivals of measured stages were sent.
    pub late: Latencies,
    /// Sends of measured stages later than 1 ms.
    pub late_over_1ms: u64,
    /// How much too late the thread woke up for its pulses, in measured stages.
    pub lag: Latencies,
    /// Failures in words.
    pub failures: Failures,
}

/// One thread's measurements.
#[derive(Debug)]
pub struct Shard {
    timeline: Arc<Timeline>,
    endpoints: usize,
    /// Open windows; the front one has the number `closed`.
    open: VecDeque<OpenWindow>,
    closed: usize,
    /// Arrivals in play by stage: while there are any, the last window of the stage can still get requests.
    in_play: Vec<u64>,
    /// Moment of the run from which on it is worth looking for windows to close.
    look_again: Duration,
    sink: Sender<ClosedWindow>,
    live: Arc<LiveShard>,
    /// When the next arrival of an open loop falls due.
    expected: Duration,
    /// What happened since the last pulse.
    recent: Recent,
    end: ShardEnd,
}

#[derive(Debug)]
struct OpenWindow {
    pending: Vec<u64>,
    endpoints: Vec<Totals>,
}

impl Shard {
    /// An empty shard that hands its closed windows to `sink`.
    #[must_use]
    pub fn new(timeline: Arc<Timeline>, endpoints: usize, sink: Sender<ClosedWindow>, live: Arc<LiveShard>) -> Self {
        let stages = timeline.len();
        let end = ShardEnd {
            offered: vec![0; stages],
            started: vec![0; stages],
            held_back: vec![0; stages],
            withheld: vec![0; stages],
            ..ShardEnd::default()
        };
        Self {
            timeline,
            endpoints,
            open: VecDeque::new(),
            closed: 0,
            in_play: vec![0; stages],
            look_again: Duration::ZERO,
            expected: Duration::MAX,
            sink,
            live,
            recent: Recent::default(),
            end,
        }
    }

    /// An arrival fell due and is taken into play, its first request at `endpoint` where it begins with one that is measured.
    /// Returns the window as [`Self::begin`] does. From here on its window stays open, though its task may not have run yet.
    pub fn arrival_started(&mut self, stage: usize, due: Duration, endpoint: Option<EndpointId>) -> Option<usize> {
        self.end.offered[stage] += 1;
        self.end.started[stage] += 1;
        self.in_play[stage] += 1;
        self.live.started.add(1);
        self.begin(stage, due, endpoint?)
    }

    /// The first request of an arrival goes out now, `late` after its time.
    pub fn arrival_sent(&mut self, stage: usize, late: Duration) {
        if self.timeline.is_measured(stage) {
            self.end.late.record(Micros::from_duration(late).0);
            self.end.late_over_1ms += u64::from(late > Duration::from_millis(1));
        }
    }

    /// All steps of an arrival are done.
    pub fn arrival_finished(&mut self, stage: usize) {
        self.in_play[stage] -= 1;
        self.live.finished.add(1);
    }

    /// An arrival fell due and is not sent, because too many are in flight.
    pub fn arrival_dropped(&mut self, stage: usize, due: Duration, endpoint: EndpointId) {
        self.end.offered[stage] += 1;
        self.live.dropped.add(1);
        if let Some(number) = self.timeline.window_of(stage, due).map(|number| number.max(self.closed)) {
            self.window(number).endpoints[endpoint].dropped += 1;
        }
    }

    /// An arrival was due, and the circuit breaker or self-protection keeps it from the target.
    pub fn arrival_withheld(&mut self, stage: usize) {
        self.end.withheld[stage] += 1;
        self.arrival_held_back(stage);
    }

    /// An arrival would have been due and is held back on purpose: nobody has meant it to be sent.
    pub fn arrival_held_back(&mut self, stage: usize) {
        self.end.held_back[stage] += 1;
        self.live.held_back.add(1);
    }

    /// A request is about to be made. Returns the window its outcome must be given to; `None` where nothing is measured.
    pub fn begin(&mut self, stage: usize, due: Duration, endpoint: EndpointId) -> Option<usize> {
        // A user who was woken late may come when the window of its time is closed; it counts to the next one then.
        let number = self.timeline.window_of(stage, due)?.max(self.closed);
        self.window(number).pending[endpoint] += 1;
        Some(number)
    }

    /// A request that was expected in a window is not made after all.
    pub fn give_back(&mut self, window: Option<usize>, endpoint: EndpointId) {
        if let Some(number) = window {
            self.window(number).pending[endpoint] -= 1;
        }
    }

    /// Tells of a failure that is counted nowhere, being of a step that is not measured: it ends an iteration all the same.
    pub fn note_failure(&mut self, note: FailureNote) {
        self.end.failures.keep(note);
    }

    /// A request came to its outcome.
    pub fn finish(&mut self, window: Option<usize>, endpoint: EndpointId, finished: Finished) {
        self.live.requests.add(1);
        if finished.failure.is_some() {
            self.live.errors.add(1);
        }
        let response = Micros::from_duration(finished.response).0;
        self.recent.request(response, finished.failure.is_some());
        let Some(number) = window else { return };
        let open = self.window(number);
        open.pending[endpoint] -= 1;
        let total = &mut open.endpoints[endpoint];
        total.requests += 1;
        total.bytes += finished.bytes;
        total.connections += finished.connections;
        total.retries += finished.retries;
        match finished.failure {
            None => {
                total.phases.add(&finished.phases);
                total.response.record(response);
                total.service.record(Micros::from_duration(finished.service).0);
            }
            Some((class, message)) => {
                *total.errors.entry(class).or_default() += 1;
                total.failed.record(response);
                self.end.failures.keep(FailureNote { endpoint, class, message, sample: finished.sample });
            }
        }
    }

    /// Windows that are held open.
    #[cfg(test)]
    pub(super) fn open_windows(&self) -> usize {
        self.open.len()
    }

    fn window(&mut self, number: usize) -> &mut OpenWindow {
        let place = number - self.closed;
        while self.open.len() <= place {
            self.open
                .push_back(OpenWindow { pending: vec![0; self.endpoints], endpoints: vec![Totals::default(); self.endpoints] });
        }
        &mut self.open[place]
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

    /// Closes the windows that are over at a moment of the run. The last one stays open until the [end](Self::end).
    pub fn close_passed(&mut self, moment: Duration) {
        if moment < self.look_again {
            return;
        }
        self.look_again = moment + LOOK_STEP;
        let passed = self.timeline.passed(moment).min(self.timeline.windows().saturating_sub(1));
        while self.closed < passed && self.is_settled(self.closed) {
            self.close_front();
        }
    }

    /// Whether no request can come to the window any more, its time being over.
    fn is_settled(&self, number: usize) -> bool {
        let stage = self.timeline.stage_of_window(number);
        // Windows behind the last one that was played stay open no longer than it: they are empty, and none may be skipped.
        let is_last = self.timeline.last_window(stage).is_none_or(|last| number >= last);
        let quiet = self.open.front().is_none_or(|open| open.pending.iter().all(|&pending| pending == 0));
        quiet && !(is_last && self.in_play[stage] > 0)
    }

    fn close_front(&mut self) {
        let endpoints = self.open.pop_front().map_or_else(|| vec![Totals::default(); self.endpoints], |open| open.endpoints);
        // The channel has room for every window of the run, so this never blocks; a collector that is gone needs none.
        let _ = self.sink.send(ClosedWindow { number: self.closed, endpoints });
        self.closed += 1;
    }

    /// Closes what is left. Requests still without an outcome count as request timeouts of length `waited`.
    #[must_use]
    pub fn end(mut self, waited: Duration) -> ShardEnd {
        for open in &mut self.open {
            for (total, pending) in open.endpoints.iter_mut().zip(&open.pending).filter(|(_, pending)| **pending > 0) {
                total.requests += pending;
                let errors: &mut Errors = &mut total.errors;
                *errors.entry(ErrorClass::TimeoutRequest).or_default() += pending;
                (0..*pending).for_each(|_| total.failed.record(Micros::from_duration(waited).0));
            }
        }
        while self.closed < self.timeline.windows() {
            self.close_front();
        }
        self.end
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::plan::{Load, Shape, Stage};

    /// A stage of two seconds and another of two, in windows of one, one endpoint.
    fn shard() -> (Shard, Receiver<ClosedWindow>) {
        let stage = Stage {
            name: "steady".to_owned(),
            load: Load::Arrivals(Shape::Constant(crate::units::PerSecond(10.0))),
            duration: Duration::from_secs(2),
            iterations: None,
            measured: true,
            step_of: None,
        };
        let (sink, source) = channel();
        let timeline = Arc::new(Timeline::new(&[stage.clone(), stage], Duration::from_secs(1)));
        (Shard::new(timeline, 1, sink, Arc::default()), source)
    }

    fn finished(ms: u64) -> Finished {
        let response = Duration::from_millis(ms);
        Finished {
            response,
            service: response,
            bytes: 0,
            phases: Phases::default(),
            connections: 0,
            retries: 0,
            failure: None,
            sample: None,
        }
    }

    #[test]
    fn a_window_waits_for_an_arrival_whose_task_has_not_run_yet() {
        let (mut shard, source) = shard();
        let window = shard.arrival_started(0, Duration::from_millis(990), Some(0));
        // The generator was frozen and catches up: the next window's arrivals are taken before the first task runs.
        shard.close_passed(Duration::from_millis(1_010));
        assert!(source.try_recv().is_err(), "the first window is still open");
        shard.finish(window, 0, finished(400));
        shard.arrival_finished(0);
        shard.close_passed(Duration::from_millis(1_020));
        let closed = source.try_recv().unwrap();
        assert_eq!((closed.number, closed.endpoints[0].requests), (0, 1));
    }

    #[test]
    fn a_pulse_closes_the_windows_that_no_arrival_closes_but_not_that_of_the_next_one() {
        let (mut shard, source) = shard();
        let closed = || source.try_iter().map(|closed| closed.number).collect::<Vec<_>>();
        let pulse = |shard: &mut Shard, ms| shard.pulse(Duration::from_millis(ms), Duration::ZERO);
        pulse(&mut shard, 1_100);
        assert_eq!(closed(), [] as [usize; 0], "users of its last moment may still be woken");
        pulse(&mut shard, 1_600);
        assert_eq!(closed(), [0]);
        shard.expects(Duration::from_millis(1_900));
        pulse(&mut shard, 3_600);
        assert_eq!(closed(), [] as [usize; 0], "the thread is behind: an arrival of this window is still to be sent");
        shard.expects(Duration::MAX);
        pulse(&mut shard, 3_700);
        assert_eq!(closed(), [1, 2]);
    }

    #[test]
    fn the_last_window_of_a_stage_waits_for_steps_that_may_still_come() {
        let (mut shard, source) = shard();
        let window = shard.arrival_started(0, Duration::from_millis(1_900), Some(0));
        shard.finish(window, 0, finished(300));
        shard.close_passed(Duration::from_secs(3));
        assert_eq!(source.try_iter().map(|closed| closed.number).collect::<Vec<_>>(), [0], "a second step may follow");
        shard.arrival_finished(0);
        shard.close_passed(Duration::from_millis(3_020));
        assert_eq!(source.try_iter().map(|closed| closed.number).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn an_arrival_that_comes_when_its_window_is_closed_counts_to_the_next_and_at_the_end_to_the_last() {
        let (mut shard, _source) = shard();
        shard.close_passed(Duration::from_millis(1_500));
        assert_eq!(shard.arrival_started(0, Duration::from_millis(990), Some(0)), Some(1));
        let (mut shard, _source) = self::shard();
        shard.close_passed(Duration::from_secs(9));
        assert_eq!(shard.arrival_started(1, Duration::from_millis(3_990), Some(0)), Some(3));
    }

    #[test]
    fn what_has_no_outcome_at_the_end_is_a_timeout() {
        let (mut shard, source) = shard();
        let _ = shard.arrival_started(0, Duration::from_millis(100), Some(0));
        let _ = shard.end(Duration::from_secs(5));
        let closed: Vec<ClosedWindow> = source.try_iter().collect();
        assert_eq!(closed.len(), 4);
        assert_eq!(closed[0].endpoints[0].errors, Errors::from([(ErrorClass::TimeoutRequest, 1)]));
    }
}
