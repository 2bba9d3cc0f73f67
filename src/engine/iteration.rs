//! One arrival: the steps of a scenario, one after another.

use std::{rc::Rc, time::Duration};

use super::{cast::Cast, controls::Turn, feeds::Row, manners::Manners, user::User, visit::Visit};
use crate::{
    clock,
    measure::{FailureNote, Finished, Ticket},
    plan::{EndpointId, Load, Scenario, ScenarioId, Step, Think},
    protocol::Driver,
    record::Part,
};

/// A scenario made ready for a driver.
#[derive(Debug)]
pub(super) struct Script<R> {
    /// What a user does before its first iteration.
    setup: Vec<Line<R>>,
    lines: Vec<Line<R>>,
    /// What a user does at the end of the run.
    teardown: Vec<Line<R>>,
    /// Endpoint of the first step, where that is a request that is measured: it is due when the arrival is.
    pub(super) opening: Option<EndpointId>,
    /// Endpoint of the first request.
    pub(super) endpoint: EndpointId,
    /// Whether it is the same for every user and each time.
    is_static: bool,
}

/// A step made ready for a driver.
#[derive(Debug)]
enum Line<R> {
    Visit(Box<Visit<R>>),
    Think(Think),
}

/// An arrival that is due.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) stage: usize,
    pub(super) scenario: ScenarioId,
    /// Counted from the start of the run.
    pub(super) due: Duration,
    /// Ticket of its first request, where that is measured.
    pub(super) ticket: Option<Ticket>,
    /// Rows it has taken.
    pub(super) row: Row,
    /// Whether its first request has its pass.
    pub(super) turn: Turn,
}

impl<R> Script<R> {
    pub(super) fn new<D: Driver<Request = R>>(scenario: &Scenario, driver: &D, manners: &Rc<Manners>) -> Self {
        let line = |step: &Step| match step {
            Step::Think(think) => Line::Think(*think),
            Step::Request(step) => Line::Visit(Box::new(Visit::new(step, manners, driver))),
        };
        let lines = |steps: &[Step]| steps.iter().map(line).collect();
        let endpoint = scenario.steps.iter().find_map(Step::request).map_or(0, |step| step.endpoint);
        let opening = scenario.steps.first().and_then(Step::request).filter(|step| step.measured).map(|step| step.endpoint);
        let (setup, teardown) = (lines(&scenario.setup), lines(&scenario.teardown));
        let is_static = scenario.requests().all(|step| step.rendered.is_none() && step.extract.is_empty());
        Self { setup, lines: lines(&scenario.steps), teardown, opening, endpoint, is_static }
    }

    /// Whether an iteration begins with a request and not with a pause.
    pub(super) fn sends_at_once(&self) -> bool {
        matches!(self.lines.first(), Some(Line::Visit(_)))
    }

    /// Whether users do anything at the end of the run.
    pub(super) fn has_teardown(&self) -> bool {
        !self.teardown.is_empty()
    }

    /// Whether a user has something to do only once.
    fn is_begun_and_left(&self) -> bool {
        !self.setup.is_empty() || !self.teardown.is_empty()
    }
}

/// What goes along from step to step.
#[derive(Debug)]
struct Walk {
    scenario: ScenarioId,
    part: Part,
    /// The stage it belongs to; none at the end of the run.
    stage: Option<usize>,
    turn: Turn,
    /// Ticket of the first request, where that is in the book already.
    ticket: Option<Ticket>,
    /// When the next step is due.
    due: Duration,
    /// Whether the last step was a pause.
    has_paused: bool,
    /// Whether a request has failed.
    has_failed: bool,
}

impl Walk {
    fn new(scenario: ScenarioId, part: Part, stage: Option<usize>, due: Duration) -> Self {
        Self { scenario, part, stage, turn: Turn::Begun, ticket: None, due, has_paused: false, has_failed: false }
    }

    /// Whether the next request may be made. To a target that fails nothing is sent, and what was begun ends there, too; what is
    /// set up is for iterations that will not be made when the run is to end; what is torn down must be, if it can.
    fn may_send<D: Driver>(&mut self, cast: &Cast<D>) -> bool {
        match self.part {
            Part::Setup => !cast.run.stop.is_asked() && cast.controls().may_send(&mut self.turn),
            Part::Steps => cast.controls().may_send(&mut self.turn),
            Part::Teardown => true,
        }
    }

    /// Whether it comes back from a pause while too many arrivals are in flight. Users of a closed loop come back in any case: as
    /// many as there are were asked for.
    fn is_too_much<D: Driver>(&self, cast: &Cast<D>) -> bool {
        let is_arrival = |stage: usize| matches!(cast.run.plan.stages[stage].load, Load::Arrivals(_));
        self.has_paused && self.stage.is_some_and(is_arrival) && cast.is_overfull()
    }
}

/// Plays an arrival; gives the moment of the run at which its user is free again.
///
/// The first step is due when the arrival is; each other step when the one before it is done, or the pause between them. A
/// failed step ends the iteration, as what follows would build on an answer that never came.
pub(super) async fn play<D: Driver>(cast: &Cast<D>, user: &mut User<D::Session>, arrival: Arrival) -> Duration {
    let Arrival { stage, scenario, due, ticket, row, turn } = arrival;
    let script = &cast.scripts[scenario];
    if !script.is_static {
        user.begin(scenario, row);
    }
    cast.shard.borrow_mut().arrival_sent(stage, clock::now().saturating_duration_since(cast.run.epoch + due));
    let mut walk = Walk::new(scenario, Part::Steps, Some(stage), due);
    (walk.turn, walk.ticket) = (turn, ticket);
    if set_up(cast, user, scenario, &mut walk).await {
        play_lines(cast, user, &script.lines, &mut walk).await;
    }
    user.iteration += 1;
    let mut shard = cast.shard.borrow_mut();
    shard.give_back(walk.ticket);
    shard.arrival_finished(stage);
    walk.due.max(user.setback.until())
}

/// Plays what a user does before its first iteration of a scenario, if this is it. False when the iteration can't begin.
async fn set_up<D: Driver>(cast: &Cast<D>, user: &mut User<D::Session>, scenario: ScenarioId, walk: &mut Walk) -> bool {
    let script = &cast.scripts[scenario];
    if !script.is_begun_and_left() || !user.is_new_to(scenario) {
        return true;
    }
    // The ticket is that of the iteration's own first request.
    let ticket = walk.ticket.take();
    walk.part = Part::Setup;
    let is_set_up = play_lines(cast, user, &script.setup, walk).await;
    (walk.part, walk.ticket) = (Part::Steps, ticket);
    if is_set_up {
        user.settle(scenario);
    } else if walk.has_failed {
        user.set_back(cast.run.moment());
    }
    is_set_up
}

/// Plays steps one after another. False when one of them failed or was not to be sent, and the rest was left.
async fn play_lines<D: Driver>(cast: &Cast<D>, user: &mut User<D::Session>, lines: &[Line<D::Request>], walk: &mut Walk) -> bool {
    for line in lines {
        match line {
            Line::Think(think) => {
                walk.due += think.draw(&mut user.rng);
                cast.pause_until(walk.due).await;
                walk.has_paused = true;
            }
            Line::Visit(visit) => {
                if !walk.may_send(cast) {
                    return false;
                }
                if walk.is_too_much(cast)
                    && let Some(stage) = walk.stage
                {
                    cast.shard.borrow_mut().arrival_broken_off(stage, walk.due, visit.endpoint);
                    return false;
                }
                let (done, failed) = make_visit(cast, user, visit, walk).await;
                (walk.due, walk.has_paused, walk.has_failed) = (done, false, failed);
                if failed {
                    return false;
                }
            }
        }
    }
    true
}

/// Plays the end of a user's part in a scenario, if it ever had one.
pub(super) async fn leave<D: Driver>(cast: &Cast<D>, user: &mut User<D::Session>, scenario: ScenarioId) {
    if user.leave(scenario) {
        let mut walk = Walk::new(scenario, Part::Teardown, None, cast.run.moment());
        // A step that fails is told of; there is nobody left who would build on it.
        play_lines(cast, user, &cast.scripts[scenario].teardown, &mut walk).await;
    }
}

/// Makes a request that is due and notes its outcome: when it was done, and whether it failed.
async fn make_visit<D: Driver>(
    cast: &Cast<D>,
    user: &mut User<D::Session>,
    visit: &Visit<D::Request>,
    walk: &mut Walk,
) -> (Duration, bool) {
    let due = walk.due;
    let begin = |stage: usize| cast.shard.borrow_mut().begin(stage, due, visit.endpoint);
    let ticket = walk.ticket.take().or_else(|| walk.stage.filter(|_| visit.measured).and_then(begin));
    // A step that is measured and plays in a warm-up is of no interest; but who is not set up will ask for nothing later on.
    let is_told = ticket.is_some() || !visit.measured || walk.part != Part::Steps;
    let may_repeat = || !cast.run.stop.is_asked() && !cast.controls().is_silent();
    let visited = visit.make(&*cast.driver, user, is_told, may_repeat).await;
    let failed = visited.failure.is_some();
    let finished = Finished {
        response: visited.done.saturating_duration_since(cast.run.epoch + due),
        service: visited.done.saturating_duration_since(visited.sent),
        bytes: visited.bytes,
        phases: visited.phases,
        connections: visited.connections,
        retries: visited.retries,
        retried: visited.retried,
        failure: visited.failure.map(|failure| (failure.class, failure.message)),
        sample: visited.sample,
    };
    let mut shard = cast.shard.borrow_mut();
    if let (None, true, Some((class, message))) = (&ticket, is_told, &finished.failure) {
        let (endpoint, class, message, sample) = (visit.endpoint, *class, message.clone(), finished.sample.clone());
        shard.unmeasured_failure(walk.scenario, walk.part, FailureNote { endpoint, class, message, sample });
    }
    shard.finish(ticket, visit.endpoint, finished);
    (visited.done.saturating_duration_since(cast.run.epoch), failed)
}
