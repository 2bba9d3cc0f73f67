//! The windows of one thread that can still get requests. Each is held open until its time has passed and every request that was
//! due in it has come to an outcome; then it goes to the collector.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use super::{
    Timeline,
    awaited::{Awaited, AwaitedRequest, Ticket},
};
use crate::{
    plan::EndpointId,
    record::{ErrorClass, Late, Totals},
    units::Micros,
};

/// A window that is over on one thread.
#[derive(Debug)]
pub struct ClosedWindow {
    /// Its number in the [`Timeline`].
    pub number: usize,
    /// What was measured, by endpoint.
    pub endpoints: Vec<Totals>,
    /// How late requests were sent.
    pub late: Late,
}

/// One thread's open windows.
#[derive(Debug)]
pub(super) struct OpenWindows {
    timeline: Arc<Timeline>,
    endpoints: usize,
    /// The front one has the number `passed`.
    open: VecDeque<OpenWindow>,
    /// Windows that were closed or held.
    passed: usize,
    /// Last windows of stages that are over but for iterations that may still come to a next step. Those of later stages must not
    /// wait for them: a pause can be long.
    held: Vec<HeldWindow>,
    awaited: Awaited,
    sink: Sender<ClosedWindow>,
}

#[derive(Debug)]
struct OpenWindow {
    /// Requests that were due in it and have no outcome yet.
    pending: u64,
    endpoints: Vec<Totals>,
    late: Late,
}

#[derive(Debug)]
struct HeldWindow {
    stage: usize,
    number: usize,
    window: OpenWindow,
}

impl OpenWindows {
    pub(super) fn new(timeline: Arc<Timeline>, endpoints: usize, sink: Sender<ClosedWindow>) -> Self {
        Self { timeline, endpoints, open: VecDeque::new(), passed: 0, held: Vec::new(), awaited: Awaited::default(), sink }
    }

    /// A request is due whose outcome is awaited from now on; `None` where nothing is measured.
    pub(super) fn begin(&mut self, stage: usize, due: Duration, endpoint: EndpointId) -> Option<Ticket> {
        let window = self.number_of(stage, due)?;
        self.window(window).pending += 1;
        Some(self.awaited.add(AwaitedRequest { window, endpoint, due }))
    }

    /// A request is awaited no longer. Returns what was measured at its endpoint in its window, for adding it.
    pub(super) fn finish(&mut self, ticket: Ticket) -> &mut Totals {
        let request = self.awaited.take(ticket);
        let window = self.window(request.window);
        window.pending -= 1;
        &mut window.endpoints[request.endpoint]
    }

    /// A request was due and was not sent.
    pub(super) fn drop_request(&mut self, stage: usize, due: Duration, endpoint: EndpointId) {
        if let Some(number) = self.number_of(stage, due) {
            self.window(number).endpoints[endpoint].dropped += 1;
        }
    }

    /// A message was sent on a connection, or has come.
    pub(super) fn count_message(&mut self, stage: usize, moment: Duration, endpoint: EndpointId) {
        if let Some(number) = self.number_of(stage, moment) {
            self.window(number).endpoints[endpoint].messages += 1;
        }
    }

    /// So many connections were open for a span of the run. Windows before the open ones have had theirs.
    pub(super) fn add_connected(&mut self, endpoint: EndpointId, open: u64, span: &Range<Duration>) {
        let timeline = Arc::clone(&self.timeline);
        for number in self.passed..timeline.windows() {
            let Some(place) = timeline.window_place(number) else { continue };
            let (begins, ends) = (place.ends.saturating_sub(place.length), place.ends.min(span.end));
            if begins >= span.end {
                break;
            }
            // Whole microseconds of moments, not of lengths: so that parts add up to the whole.
            let [from, until] = [begins.max(span.start), ends].map(|moment| Micros::from_duration(moment).0);
            if until > from {
                self.window(number).endpoints[endpoint].connected_us += open * (until - from);
            }
        }
    }

    /// A request was sent so late after it was due.
    pub(super) fn note_late(&mut self, stage: usize, due: Duration, late: Duration) {
        if let Some(number) = self.number_of(stage, due) {
            self.window(number).late.note(late);
        }
    }

    /// The window that a moment of a stage counts to. A user who was woken late may come when the window of its time is closed; it
    /// counts to the last one of its stage then, where that is held, and else to the next one.
    fn number_of(&self, stage: usize, moment: Duration) -> Option<usize> {
        let number = self.timeline.window_of(stage, moment)?;
        if number >= self.passed {
            return Some(number);
        }
        Some(self.held.iter().find(|held| held.stage == stage).map_or(self.passed, |held| held.number))
    }

    fn window(&mut self, number: usize) -> &mut OpenWindow {
        let Some(place) = number.checked_sub(self.passed) else {
            let held = self.held.iter_mut().find(|held| held.number == number);
            return &mut held.expect("a window stays open while a request of it is awaited").window;
        };
        while self.open.len() <= place {
            self.open.push_back(OpenWindow::of(self.endpoints));
        }
        &mut self.open[place]
    }

    /// Closes the windows that are over at a moment of the run, when there are so many iterations `in_play` in each stage. The last
    /// window of the run stays open until the [end](Self::end).
    pub(super) fn close_passed(&mut self, moment: Duration, in_play: &[u64]) {
        let over = self.timeline.passed(moment).min(self.timeline.windows().saturating_sub(1));
        while self.passed < over {
            let stage = self.timeline.stage_of_window(self.passed);
            if in_play[stage] > 0 && self.timeline.last_window(stage) == Some(self.passed) {
                let (number, window) = self.pass_front();
                self.held.push(HeldWindow { stage, number, window });
            } else if self.open.front().is_none_or(|front| front.pending == 0) {
                let (number, window) = self.pass_front();
                self.close(number, window);
            } else {
                break;
            }
        }
        for place in (0..self.held.len()).rev().filter(|place| in_play[self.held[*place].stage] == 0).collect::<Vec<_>>() {
            let HeldWindow { number, window, .. } = self.held.remove(place);
            self.close(number, window);
        }
    }

    fn pass_front(&mut self) -> (usize, OpenWindow) {
        self.passed += 1;
        (self.passed - 1, self.open.pop_front().unwrap_or_else(|| OpenWindow::of(self.endpoints)))
    }

    fn close(&self, number: usize, window: OpenWindow) {
        // Handing over never blocks, and a collector that is gone needs none.
        let _ = self.sink.send(ClosedWindow { number, endpoints: window.endpoints, late: window.late });
    }

    /// Closes all windows at the moment of the run from which on nothing is waited for any more. Returns the endpoints of the
    /// requests that were still without an outcome: each is a failure that took until then.
    pub(super) fn end(mut self, moment: Duration) -> Vec<EndpointId> {
        let unfinished: Vec<AwaitedRequest> = self.awaited.take_all().collect();
        for request in &unfinished {
            let total = &mut self.window(request.window).endpoints[request.endpoint];
            total.requests += 1;
            *total.errors.entry(ErrorClass::Unfinished).or_default() += 1;
            total.failed.record(Micros::from_duration(moment.saturating_sub(request.due)).0);
        }
        for HeldWindow { number, window, .. } in std::mem::take(&mut self.held) {
            self.close(number, window);
        }
        while self.passed < self.timeline.windows() {
            let (number, window) = self.pass_front();
            self.close(number, window);
        }
        unfinished.into_iter().map(|request| request.endpoint).collect()
    }
}

impl OpenWindow {
    fn of(endpoints: usize) -> Self {
        Self { pending: 0, endpoints: vec![Totals::default(); endpoints], late: Late::default() }
    }
}
