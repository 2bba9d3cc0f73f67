//! One connection of a scenario over all the sockets it takes: opened, played on, lost and opened again.

use std::{rc::Rc, sync::Arc, time::Duration};

use rand::{SeedableRng as _, rngs::SmallRng};

use super::{
    board::Board,
    connection_set::ConnectionSet,
    conversation::Conversation,
    notes::{Notes, Outcome},
    play::{CLOSE_USELESS, End, Player},
    probation::Probation,
};
use crate::{
    engine::{lane::Lane, render::render, user::User},
    plan::{SocketScenario, Templates},
    protocol::{
        Driver, Failure,
        websocket::{Dialer, Opened},
    },
    record::ErrorClass,
};

/// Time that a target is given to agree to a close while the run goes on.
const GOODBYE: Duration = Duration::from_secs(5);
/// How often a connection that may not be opened asks again.
const WAIT: Duration = Duration::from_millis(20);

/// What the connections of a scenario share on one thread.
pub(super) struct ConnectionContext<D: Driver> {
    pub(super) lane: Rc<Lane<D>>,
    pub(super) connection_set: Rc<ConnectionSet>,
    pub(super) scenario: SocketScenario,
    pub(super) dialer: Dialer,
    pub(super) templates: Templates,
    /// What the publishers of the scenario have sent.
    pub(super) boards: Arc<[Board]>,
}

/// A connection that was lost, or could not be had.
struct Loss {
    /// Moment of the run.
    at: Duration,
    failure: Failure,
    /// Attempts since then to have it back.
    attempts: u32,
    /// The pause before the last of them.
    pause: Duration,
}

impl<D: Driver> ConnectionContext<D> {
    /// Lives the life of connection `number`, which comes at one moment of the run and goes at another.
    pub(super) async fn live(self: Rc<Self>, number: u32, comes: Duration, leaves: Duration) {
        let _presence = self.connection_set.enter();
        let (lane, scenario) = (&self.lane, &self.scenario);
        let notes = Notes::new(lane);
        // Those of the warm-up have the same numbers, and are others.
        let part = if comes < scenario.connections.warmup { "warm-up of " } else { "" };
        let mut user = User::of_connection(number.into(), &format!("{part}{}", scenario.name), &lane.run.plan);
        user.learn(scenario.rows(number, &lane.run.plan));
        let (mut due, mut loss): (Duration, Option<Loss>) = (comes, None);
        while self.may_open(due, leaves).await {
            user.begin_connection_round();
            let ended = match self.open(&mut user, due, &notes).await {
                Ok(opened) => match self.converse(opened, &mut user, leaves, &mut loss).await {
                    Some(failure) => failure,
                    None => return,
                },
                Err(failure) => failure,
            };
            let now = lane.run.moment();
            let lost = loss.get_or_insert(Loss { at: now, failure: ended, attempts: 0, pause: Duration::ZERO });
            if lost.attempts >= scenario.reconnect.max {
                return self.give_up(&notes, lost.at, lost.failure.clone());
            }
            lost.pause = scenario.reconnect.backoff.pause(lost.attempts, &mut user.rng);
            due = now + lost.pause;
            lost.attempts += 1;
        }
        if let Some(loss) = loss {
            let message = "the run ended before there was a new connection";
            self.give_up(&notes, loss.at, Failure::new(ErrorClass::Unfinished, message));
        }
    }

    /// A connection that was lost at a moment of the run will not be had again.
    fn give_up(&self, notes: &Notes<D>, at: Duration, failure: Failure) {
        let now = self.lane.run.moment();
        notes.note(self.scenario.endpoints.reconnect, now, Outcome::after(now.saturating_sub(at), Some(failure)));
    }

    /// Waits until a connection is due, and longer while the circuit breaker keeps everything from the target. False when there is no
    /// time left for it.
    async fn may_open(&self, due: Duration, leaves: Duration) -> bool {
        let mut moment = due;
        loop {
            if moment >= leaves || !self.connection_set.wait_until(&self.lane, moment).await {
                return false;
            }
            if self.lane.controls().begin(true).is_some() {
                return true;
            }
            moment = self.lane.run.moment() + WAIT;
        }
    }

    /// Opens a connection that is due, and notes what came of it.
    async fn open(&self, user: &mut User<()>, due: Duration, notes: &Notes<D>) -> Result<Opened, Failure> {
        let (run, endpoint) = (&self.lane.run, self.scenario.endpoints.connect);
        let (ticket, sent) = (notes.begin(endpoint, due), run.moment());
        notes.sent(due, sent);
        let opened = match &self.scenario.rendered {
            None => self.dialer.open(&self.scenario, &self.scenario.opening).await,
            Some(rendered) => match render(&self.templates, &self.scenario.opening, rendered, user.scope_now()) {
                Ok(request) => self.dialer.open(&self.scenario, &request).await,
                Err(failure) => Err(failure),
            },
        };
        let done = run.moment();
        let (response, service) = (done.saturating_sub(due), done.saturating_sub(sent));
        let phases = opened.as_ref().map(|opened| opened.phases).unwrap_or_default();
        let failure = opened.as_ref().err().cloned();
        let connections = u64::from(failure.is_none());
        notes.finish(ticket, endpoint, Outcome { response, service, phases, connections, failure, bytes: 0 });
        if opened.is_err() {
            // An attempt that fails at once must not keep the thread from everybody else.
            tokio::task::yield_now().await;
        }
        opened
    }

    /// Plays on an open connection to its end. Returns why it was lost, if it was. The loss before it is over when it has lived for a while.
    async fn converse(&self, opened: Opened, user: &mut User<()>, leaves: Duration, loss: &mut Option<Loss>) -> Option<Failure> {
        let ending = self.connection_set.ending();
        let pings = SmallRng::from_rng(&mut user.rng);
        let probation = loss.as_ref().map(|loss| Probation::new(loss.at, self.lane.run.moment(), loss.pause));
        let mut conversation = Conversation::new(&self.lane, opened.socket, &self.scenario, leaves, ending, pings);
        conversation.put_on(probation);
        let since = conversation.now();
        conversation.notes.opened(self.scenario.endpoints, since);
        let (templates, scenario, boards) = (&self.templates, &self.scenario, &self.boards);
        let end = Player { conversation: &mut conversation, user, templates, scenario, boards }.play().await;
        if matches!(end, End::Close(_)) {
            conversation.prove();
        }
        if !conversation.is_on_probation() {
            *loss = None;
        }
        let lost = match &end {
            End::Close(_) => None,
            End::Lost(failure) | End::Useless(failure) => Some(failure.clone()),
        };
        conversation.notes.gone(scenario.endpoints, &(since..conversation.now()), lost);
        match end {
            End::Lost(failure) => Some(failure),
            End::Close(code) => {
                conversation.socket.close(code, GOODBYE).await;
                None
            }
            End::Useless(failure) => {
                conversation.socket.close(CLOSE_USELESS, GOODBYE).await;
                Some(failure)
            }
        }
    }
}
