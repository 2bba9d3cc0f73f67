//! What connections measure, written into the shard of their thread.

use std::{ops::Range, rc::Rc, time::Duration};

use crate::{
    engine::lane::Lane,
    measure::{Finished, Ticket},
    plan::{EndpointId, SocketEndpoints},
    protocol::{Driver, Failure},
    record::Phases,
};

/// Notes of one version on one thread.
pub(super) struct Notes<D: Driver>(Rc<Lane<D>>);

impl<D: Driver> Notes<D> {
    pub(super) fn new(lane: &Rc<Lane<D>>) -> Self {
        Self(Rc::clone(lane))
    }

    /// The stage that a moment of the run lies in. Connections know nothing of stages.
    fn stage(&self, moment: Duration) -> usize {
        let timeline = &self.0.run.timeline;
        (0..timeline.len()).find(|stage| moment < timeline.stage(*stage).ends).unwrap_or(timeline.len().saturating_sub(1))
    }

    /// Something is due whose outcome is awaited from now on.
    pub(super) fn begin(&self, endpoint: EndpointId, due: Duration) -> Option<Ticket> {
        self.0.shard.borrow_mut().begin(self.stage(due), due, endpoint)
    }

    /// What was awaited has come, or not: `response` after it was due and `service` after it was sent.
    pub(super) fn finish(&self, ticket: Option<Ticket>, endpoint: EndpointId, outcome: Outcome) {
        let Outcome { response, service, bytes, phases, connections, failure } = outcome;
        let failure = failure.map(|failure| (failure.class, failure.message));
        let finished = Finished { response, service, bytes, phases, connections, failure, ..Finished::default() };
        self.0.shard.borrow_mut().finish(ticket, endpoint, finished);
    }

    /// Something is known in full now that was not awaited, or for so long that no window could be held open for it: it counts to the
    /// window of this moment.
    pub(super) fn note(&self, endpoint: EndpointId, now: Duration, outcome: Outcome) {
        let ticket = self.begin(endpoint, now);
        self.finish(ticket, endpoint, outcome);
    }

    /// A message was sent now, or has come.
    pub(super) fn message(&self, endpoint: EndpointId, now: Duration) {
        self.0.shard.borrow_mut().message(self.stage(now), now, endpoint);
    }

    /// A connection is open from now on.
    pub(super) fn opened(&self, endpoints: SocketEndpoints, now: Duration) {
        self.0.shard.borrow_mut().connection_opened(now, endpoints.connect);
    }

    /// A connection that was open for that span of the run is no more: why, where it was lost.
    pub(super) fn gone(&self, endpoints: SocketEndpoints, open: &Range<Duration>, lost: Option<Failure>) {
        let lost = lost.map(|failure| (failure.class, failure.message));
        self.0.shard.borrow_mut().connection_gone(endpoints, open, lost);
    }

    /// The target's clock is ahead by so much, as a message tells.
    pub(super) fn clock_ahead(&self, ahead: Duration) {
        if !ahead.is_zero() {
            self.0.shard.borrow_mut().clock_ahead(ahead);
        }
    }

    /// Something that was due at a moment is sent now.
    pub(super) fn sent(&self, due: Duration, now: Duration) {
        self.0.shard.borrow_mut().arrival_sent(self.stage(due), due, now.saturating_sub(due));
    }
}

/// An outcome of anything.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) response: Duration,
    pub(super) service: Duration,
    pub(super) bytes: u64,
    pub(super) phases: Phases,
    pub(super) connections: u64,
    pub(super) failure: Option<Failure>,
}

impl Outcome {
    /// One that took so long from whenever it began.
    pub(super) fn after(time: Duration, failure: Option<Failure>) -> Self {
        Self { response: time, service: time, failure, ..Self::default() }
    }
}
