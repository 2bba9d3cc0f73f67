//! The steps of a scenario on one open connection.

use std::time::Duration;

use bytes::Bytes;

use super::{
    board::Board,
    conversation::{CLOSE_NORMAL, Conversation, Event},
    notes::Outcome,
    one_way::{self, Way},
    rhythm::Rhythm,
    wanted::{is_wanted, rendered},
};
use crate::{
    clock,
    engine::{content::Content, render::pieces, user::User},
    mask::mask,
    plan::{Expect, Listen, Outgoing, SocketScenario, SocketStep, Templates},
    protocol::{Driver, Failure},
    record::ErrorClass,
    units,
};

/// How a connection came to its end.
#[derive(Debug)]
pub(super) enum End {
    /// It is to be closed with this code, and nothing follows.
    Close(u16),
    /// It is no more.
    Lost(Failure),
    /// It can't be used, as its setup failed: it is to be closed, and counts as lost.
    Useless(Failure),
}

/// How a list of steps ended before it was done.
pub(super) enum Broken {
    /// A step failed, and what follows would build on it.
    Failed(Failure),
    Ended(End),
}

/// Where in a list of steps a connection is.
#[derive(Clone, Copy, Debug)]
struct Walk {
    /// When the next step is due.
    due: Duration,
    /// When the last message was due and when it was sent: what a round trip is counted from.
    sent: Option<(Duration, Duration)>,
}

/// A player of one connection.
pub(super) struct Player<'a, D: Driver> {
    pub(super) conversation: &'a mut Conversation<D>,
    pub(super) user: &'a mut User<()>,
    pub(super) templates: &'a Templates,
    pub(super) scenario: &'a SocketScenario,
    pub(super) boards: &'a [Board],
}

impl<D: Driver> Player<'_, D> {
    /// Plays until the connection ends, or is to end.
    pub(super) async fn play(&mut self) -> End {
        let mut walk = Walk { due: self.conversation.now(), sent: None };
        match self.steps(&self.scenario.setup, &mut walk).await {
            Ok(()) => {}
            Err(Broken::Failed(failure)) => return End::Useless(self.conversation.lost(failure)),
            Err(Broken::Ended(end)) => return end,
        }
        self.conversation.set_up();
        if let Some(broadcast) = &self.scenario.broadcast {
            return self.broadcast(broadcast, self.boards).await;
        }
        match self.scenario.rate {
            None => self.once().await,
            Some(rate) => self.again_and_again(Duration::from_secs_f64(1.0 / rate.0)).await,
        }
    }

    /// Plays the steps once and stays.
    async fn once(&mut self) -> End {
        let mut walk = Walk { due: self.conversation.now(), sent: None };
        if let Err(Broken::Ended(end)) = self.steps(&self.scenario.steps, &mut walk).await {
            return end;
        }
        self.user.iteration += 1;
        loop {
            if let Some(code) = self.conversation.leaving {
                return End::Close(code);
            }
            match self.conversation.next(None).await {
                Event::Leave(code) => return End::Close(code),
                Event::Lost(failure) => return End::Lost(failure),
                Event::Message(_) | Event::Due => {}
            }
        }
    }

    /// Plays the steps at a rate: each time is due whatever became of the last one, and one that begins late is late.
    async fn again_and_again(&mut self, every: Duration) -> End {
        let mut rhythm = Rhythm::new(every, self.user.number, self.conversation.now());
        loop {
            let due = rhythm.next(&mut self.user.rng);
            let ready = self.conversation.now();
            loop {
                match self.conversation.next(Some(due)).await {
                    Event::Due => break,
                    Event::Leave(code) => return End::Close(code),
                    Event::Lost(failure) => return End::Lost(failure),
                    Event::Message(_) => {}
                }
            }
            // What the target kept us from is not the generator's lateness.
            self.conversation.notes.sent(due.max(ready), self.conversation.now());
            self.user.begin_connection_round();
            let mut walk = Walk { due, sent: None };
            if let Err(Broken::Ended(end)) = self.steps(&self.scenario.steps, &mut walk).await {
                return end;
            }
            if let Some(code) = self.conversation.leaving {
                return End::Close(code);
            }
            self.user.iteration += 1;
        }
    }

    async fn steps(&mut self, steps: &[SocketStep], walk: &mut Walk) -> Result<(), Broken> {
        for step in steps {
            match step {
                SocketStep::Send(outgoing) => self.send(outgoing, walk).await?,
                SocketStep::Expect(expect) => self.expect(expect, walk).await?,
                SocketStep::Listen(listen) => self.listen(listen, walk).await?,
                SocketStep::Think(think) => {
                    walk.due += think.draw(&mut self.user.rng);
                    self.wait(walk.due).await?;
                }
                SocketStep::Close(code) => return Err(Broken::Ended(End::Close(*code))),
            }
            // Told while a step was waiting that had to be done.
            if let Some(code) = self.conversation.leaving {
                return Err(Broken::Ended(End::Close(code)));
            }
        }
        Ok(())
    }

    async fn send(&mut self, outgoing: &Outgoing, walk: &mut Walk) -> Result<(), Broken> {
        walk.sent = Some((walk.due, self.conversation.now()));
        self.hand_over(outgoing).await
    }

    /// Renders a message and sends it.
    pub(super) async fn hand_over(&mut self, outgoing: &Outgoing) -> Result<(), Broken> {
        let bytes = if outgoing.rendered.is_empty() {
            outgoing.written.clone()
        } else {
            pieces("message", (self.templates, self.user.scope_now()), &outgoing.rendered).map_err(Broken::Failed)?
        };
        match self.conversation.socket.send(outgoing.is_text, bytes).await {
            Ok(()) => {
                self.conversation.count_message();
                Ok(())
            }
            Err(failure) => Err(Broken::Ended(End::Lost(self.conversation.lost(failure)))),
        }
    }

    /// Waits for a message. It is waited for also when the connection is to end: what was begun has an outcome.
    async fn expect(&mut self, expect: &Expect, walk: &mut Walk) -> Result<(), Broken> {
        let begun = self.conversation.now();
        let (due, sent) = walk.sent.take().unwrap_or((walk.due, begun));
        let notes = &self.conversation.notes;
        let ticket = if expect.measured { notes.begin(expect.endpoint, due) } else { None };
        let mut bytes = 0;
        let came = self.await_wanted(expect, begun + expect.within, &mut bytes).await;
        let failure = match &came {
            Ok(()) | Err(Broken::Ended(End::Close(_))) => None,
            Err(Broken::Failed(failure) | Broken::Ended(End::Lost(failure) | End::Useless(failure))) => Some(failure.clone()),
        };
        let done = self.conversation.now();
        let (response, service) = (done.saturating_sub(due), done.saturating_sub(sent));
        let outcome = Outcome { response, service, bytes, failure, ..Outcome::default() };
        self.conversation.notes.finish(ticket, expect.endpoint, outcome);
        walk.due = done;
        came
    }

    /// Waits until a moment of the run for the message that is wanted, and takes from it what later steps need. Adds up bytes.
    async fn await_wanted(&mut self, expect: &Expect, deadline: Duration, bytes: &mut u64) -> Result<(), Broken> {
        let wanted = match rendered(&expect.wanted, self.templates, self.user.scope_now()) {
            Ok(wanted) => wanted,
            Err(failure) => return Err(Broken::Failed(self.masked(failure, expect))),
        };
        loop {
            match self.conversation.next(Some(deadline)).await {
                Event::Message(message) => {
                    *bytes += message.len() as u64;
                    let message = Content::of_message(&message);
                    if is_wanted(&wanted, &message) {
                        return self.take(expect, &message).map_err(Broken::Failed);
                    }
                }
                Event::Due => {
                    let message = format!("{} did not come within {}", expect.wanted, units::duration(expect.within));
                    return Err(Broken::Failed(Failure::told(ErrorClass::TimeoutMessage, &message)));
                }
                Event::Leave(_) => {}
                Event::Lost(failure) => return Err(Broken::Ended(End::Lost(failure))),
            }
        }
    }

    /// Takes from a message what later steps need.
    fn take(&mut self, expect: &Expect, message: &Content<'_>) -> Result<(), Failure> {
        if expect.extract.is_empty() {
            return Ok(());
        }
        match message.extract(&expect.extract) {
            Ok(values) => {
                self.user.learn(values);
                Ok(())
            }
            Err(failure) => Err(self.masked(failure, expect)),
        }
    }

    /// A failure without what is private to the user, and without what came in `setup`.
    fn masked(&self, failure: Failure, expect: &Expect) -> Failure {
        let failure = if expect.is_setup { failure.without_find() } else { failure };
        let values = self.user.private_values();
        let message = mask(&failure.message, values.iter().map(String::as_str)).into();
        Failure { message, ..failure }
    }

    async fn listen(&mut self, listen: &Listen, walk: &mut Walk) -> Result<(), Broken> {
        let until = self.conversation.now() + listen.length;
        loop {
            match self.conversation.next(Some(until)).await {
                Event::Message(message) => self.heard(listen, &message),
                Event::Due => break,
                Event::Leave(code) => return Err(Broken::Ended(End::Close(code))),
                Event::Lost(failure) => return Err(Broken::Ended(End::Lost(failure))),
            }
        }
        walk.due = until;
        Ok(())
    }

    fn heard(&self, listen: &Listen, message: &Bytes) {
        let Some(one_way) = &listen.latency else { return };
        let (way, failure) = match one_way::way(one_way, message, clock::wall()) {
            Ok(way) => (way, None),
            Err(failure) => (Way::default(), Some(failure)),
        };
        self.conversation.notes.clock_ahead(way.ahead);
        let outcome = Outcome { bytes: message.len() as u64, ..Outcome::after(way.latency, failure) };
        self.conversation.notes.note(one_way.endpoint, self.conversation.now(), outcome);
    }

    /// A pause, in which whatever comes is let go by.
    async fn wait(&mut self, until: Duration) -> Result<(), Broken> {
        loop {
            match self.conversation.next(Some(until)).await {
                Event::Message(_) => {}
                Event::Due => return Ok(()),
                Event::Leave(code) => return Err(Broken::Ended(End::Close(code))),
                Event::Lost(failure) => return Err(Broken::Ended(End::Lost(failure))),
            }
        }
    }
}

/// What a connection is closed with whose setup failed.
pub(super) const CLOSE_USELESS: u16 = CLOSE_NORMAL;
