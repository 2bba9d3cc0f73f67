//! One open connection: waits for messages, for its next ping and for the end of its time, all at once and in one task.

use std::{rc::Rc, time::Duration};

use bytes::Bytes;
use rand::rngs::SmallRng;
use tokio::{sync::watch, time::Instant as Deadline};

use super::{
    heart::Heart,
    notes::{Notes, Outcome},
    probation::Probation,
};
use crate::{
    engine::lane::Lane,
    plan::{EndpointId, SocketEndpoints, SocketScenario},
    protocol::{
        Driver, Failure,
        websocket::{Incoming, Socket},
    },
    record::ErrorClass,
    units,
};

/// The runtime's own timer moves in steps of a millisecond: what is left of a wait is the exact timer's.
const TIMER_STEP: Duration = Duration::from_millis(2);

/// What a connection was waiting for.
#[derive(Debug)]
pub(super) enum Event {
    /// A message.
    Message(Bytes),
    /// The moment that was waited for.
    Due,
    /// It is time to go, and to close with this code. Told once.
    Leave(u16),
    /// The connection is no more.
    Lost(Failure),
}

/// One open connection.
pub(super) struct Conversation<D: Driver> {
    pub(super) lane: Rc<Lane<D>>,
    pub(super) notes: Notes<D>,
    pub(super) socket: Socket,
    heart: Option<(Heart, EndpointId)>,
    /// Where it replaces one that was lost, until it is sure that it does.
    probation: Option<Probation>,
    endpoints: SocketEndpoints,
    /// Moment of the run at which it goes.
    leaves: Duration,
    ending: watch::Receiver<Option<u16>>,
    /// The code it is to go with, once that is known.
    pub(super) leaving: Option<u16>,
}

impl<D: Driver> Conversation<D> {
    pub(super) fn new(
        lane: &Rc<Lane<D>>,
        socket: Socket,
        scenario: &SocketScenario,
        leaves: Duration,
        ending: watch::Receiver<Option<u16>>,
        rng: SmallRng,
    ) -> Self {
        let heart = scenario.heartbeat.map(|rules| Heart::new(rules, lane.run.moment(), rng)).zip(scenario.endpoints.heartbeat);
        let (lane, notes, endpoints) = (Rc::clone(lane), Notes::new(lane), scenario.endpoints);
        Self { lane, notes, socket, heart, probation: None, endpoints, leaves, ending, leaving: None }
    }

    /// Begins as a replacement for one that was lost, which it has to prove to be.
    pub(super) fn put_on(&mut self, probation: Option<Probation>) {
        self.probation = probation;
    }

    /// Now, counted from the start of the run.
    pub(super) fn now(&self) -> Duration {
        self.lane.run.moment()
    }

    /// When it will end: when it goes, or all do.
    pub(super) fn ends(&self) -> Duration {
        let timeline = &self.lane.run.timeline;
        let over = timeline.len().checked_sub(1).map(|last| timeline.stage(last).ends);
        over.map_or(self.leaves, |over| over.min(self.leaves))
    }

    /// Its setup has succeeded.
    pub(super) fn set_up(&mut self) {
        self.probation.iter_mut().for_each(Probation::set_up);
    }

    /// Whether it has not yet replaced the one that was lost before it.
    pub(super) fn is_on_probation(&self) -> bool {
        self.probation.is_some()
    }

    /// If it was to replace another one, it has.
    pub(super) fn prove(&mut self) {
        if let Some(probation) = self.probation.take() {
            self.notes.note(self.endpoints.reconnect, self.now(), Outcome::after(probation.gap(), None));
        }
    }

    fn look_after_probation(&mut self, now: Duration) {
        if self.probation.is_some_and(|probation| probation.is_over(now)) {
            self.prove();
        }
    }

    /// Waits for a message, until a moment of the run if one is given. Pings go out and are answered meanwhile.
    pub(super) async fn next(&mut self, due: Option<Duration>) -> Event {
        loop {
            let now = self.now();
            self.look_after_probation(now);
            if self.leaving.is_none() {
                let asked = *self.ending.borrow();
                self.leaving = asked.or((now >= self.leaves).then_some(CLOSE_NORMAL));
                if let Some(code) = self.leaving {
                    return Event::Leave(code);
                }
            }
            let incoming = if self.is_peer_silent(now) {
                match self.late_word().await {
                    None => return Event::Lost(self.dead()),
                    late => late,
                }
            } else {
                if let Some(failure) = self.ping_when_due(now).await {
                    return Event::Lost(failure);
                }
                if due.is_some_and(|due| now >= due) {
                    return Event::Due;
                }
                self.wait(due, now).await
            };
            match incoming {
                Some(Ok(Incoming::Message(message))) => {
                    self.count_message();
                    return Event::Message(message);
                }
                Some(Ok(Incoming::Pong(sent_along))) => self.answered(&sent_along),
                Some(Ok(Incoming::Ping)) | None => {}
                Some(Err(failure)) => return Event::Lost(self.lost(failure)),
            }
        }
    }

    /// A message was sent, or has come.
    pub(super) fn count_message(&self) {
        self.notes.message(self.endpoints.connect, self.now());
    }

    /// Waits for whatever comes first; `None` when it is something to look at.
    async fn wait(&mut self, due: Option<Duration>, now: Duration) -> Option<Result<Incoming, Failure>> {
        let is_leaving = self.leaving.is_some();
        let leaves = Some(self.leaves).filter(|_| !is_leaving);
        let beats = self.heart.as_ref().map(|(heart, _)| heart.wakes());
        let proof = self.probation.and_then(|probation| probation.ends());
        let wakes = [due, leaves, beats, proof].into_iter().flatten().min();
        let delays = &self.lane.delays;
        let wakes_at = wakes.map(|wakes| self.lane.run.epoch + wakes);
        let timer = async {
            match (wakes, wakes_at) {
                (Some(wakes), Some(at)) if wakes.saturating_sub(now) <= TIMER_STEP => delays.until(at).await,
                (Some(_), Some(at)) => tokio::time::sleep_until(Deadline::from_std(at) - TIMER_STEP).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            incoming = self.socket.next() => Some(incoming),
            () = timer => None,
            changed = self.ending.changed(), if !is_leaving => {
                // Nobody is left to tell of an end: the thread is at its own.
                if changed.is_err() {
                    self.leaves = Duration::ZERO;
                }
                None
            }
        }
    }

    /// Whether a ping has been without an answer for too long.
    fn is_peer_silent(&self, now: Duration) -> bool {
        self.heart.as_ref().is_some_and(|(heart, _)| heart.has_stopped(now))
    }

    /// What has come from a peer that seems silent: where the generator itself stood still, the answer is there and nobody has looked.
    async fn late_word(&mut self) -> Option<Result<Incoming, Failure>> {
        // Lets the runtime look which sockets have something.
        tokio::task::yield_now().await;
        self.socket.next_now()
    }

    /// The peer is dead.
    fn dead(&mut self) -> Failure {
        let limit = self.heart.as_ref().map_or(Duration::ZERO, |(heart, _)| heart.timeout());
        let message = format!("no answer to a ping within {}", units::duration(limit));
        self.lost(Failure::told(ErrorClass::TimeoutPong, &message))
    }

    /// Sends a ping that is due. Returns why the connection is no more, if it can't be sent.
    async fn ping_when_due(&mut self, now: Duration) -> Option<Failure> {
        let (heart, _) = self.heart.as_mut()?;
        if !heart.is_due(now) {
            return None;
        }
        let number = heart.beat(now);
        let sent = self.socket.ping(Bytes::copy_from_slice(&number.to_be_bytes())).await;
        sent.err().map(|failure| self.lost(failure))
    }

    fn answered(&mut self, sent_along: &[u8]) {
        let now = self.lane.run.moment();
        let Some((heart, endpoint)) = &mut self.heart else { return };
        let Ok(number) = sent_along.try_into().map(u64::from_be_bytes) else { return };
        if let Some(time) = heart.answered(number, now) {
            self.notes.note(*endpoint, now, Outcome::after(time, None));
        }
    }

    /// The connection is no more: each ping that had no answer yet will never have one.
    pub(super) fn lost(&mut self, failure: Failure) -> Failure {
        let now = self.now();
        self.look_after_probation(now);
        if let Some((heart, endpoint)) = self.heart.take() {
            for waited in heart.open(now) {
                self.notes.note(endpoint, now, Outcome::after(waited, Some(failure.clone())));
            }
        }
        failure
    }
}

/// The code of a connection that has done what it was for (RFC 6455, section 7.4.1).
pub(super) const CLOSE_NORMAL: u16 = 1000;
/// The code of an endpoint that goes away: the run was stopped.
pub(super) const CLOSE_GOING_AWAY: u16 = 1001;
