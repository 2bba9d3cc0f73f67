//! One arrival: the steps of a scenario, one after another.

use std::{rc::Rc, time::Duration};

use super::{
    controls::Standing,
    feeds::Row,
    lane::Lane,
    prepared_request::{Attempt, PreparedRequest, RequestOutcome},
    request_settings::RequestSettings,
    user::User,
};
use crate::{
    clock,
    measure::{FailureNote, Finished, Ticket},
    plan::{EndpointId, Load, Pause, Scenario, ScenarioId, Stage, Step},
    protocol::Driver,
    record::Part,
};

/// A scenario made ready for a driver.
#[derive(Debug)]
pub(super) struct PreparedScenario<R> {
    /// What a user does before its first iteration.
    setup: Vec<PreparedStep<R>>,
    steps: Vec<PreparedStep<R>>,
    /// What a user does at the end of the run.
    teardown: Vec<PreparedStep<R>>,
    /// Endpoint of the first step, where that is a request that is measured: it is due when the arrival is.
    pub(super) opening: Option<EndpointId>,
    /// Endpoint of the first request.
    pub(super) endpoint: EndpointId,
    /// Endpoint of the first request that a user makes at the end of the run.
    pub(super) farewell: Option<EndpointId>,
    /// Whether it is the same for every user and each time.
    is_static: bool,
}

/// A step made ready for a driver.
#[derive(Debug)]
enum PreparedStep<R> {
    Request(Box<PreparedRequest<R>>),
    Think(Pause),
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
    pub(super) standing: Standing,
}

impl<R> PreparedScenario<R> {
    pub(super) fn new<D: Driver<Request = R>>(scenario: &Scenario, driver: &D, settings: &Rc<RequestSettings>) -> Self {
        let step = |step: &Step| match step {
            Step::Think(think) => PreparedStep::Think(*think),
            Step::Request(step) => PreparedStep::Request(Box::new(PreparedRequest::new(step, settings, driver))),
        };
        let steps = |steps: &[Step]| steps.iter().map(step).collect();
        let endpoint = scenario.steps.iter().find_map(Step::request).map_or(0, |step| step.endpoint);
        let opening = scenario.steps.first().and_then(Step::request).filter(|step| step.measured).map(|step| step.endpoint);
        let farewell = scenario.teardown.iter().find_map(Step::request).map(|step| step.endpoint);
        let (setup, teardown) = (steps(&scenario.setup), steps(&scenario.teardown));
        let is_static = scenario.requests().all(|step| step.rendered.is_none() && step.extract.is_empty());
        Self { setup, steps: steps(&scenario.steps), teardown, opening, endpoint, farewell, is_static }
    }

    /// Whether an iteration begins with a request and not with a pause.
    pub(super) fn sends_at_once(&self) -> bool {
        matches!(self.steps.first(), Some(PreparedStep::Request(_)))
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
    standing: Standing,
    /// Ticket of the first request, where that is in the book already.
    ticket: Option<Ticket>,
    /// When the next step is due.
    due: Duration,
    /// Whether nothing was sent yet.
    is_first: bool,
    /// Whether the last step was a pause.
    has_paused: bool,
    /// Whether a request has failed.
    has_failed: bool,
}

impl Walk {
    fn new(scenario: ScenarioId, part: Part, stage: Option<usize>, due: Duration) -> Self {
        let (is_first, has_paused, has_failed) = (true, false, false);
        Self { scenario, part, stage, standing: Standing::Begun, ticket: None, due, is_first, has_paused, has_failed }
    }

    /// Notes how late the next request goes out, where it has waited for a time of its own. Each other one is due when the one
    /// before it is done, and never late.
    fn note_lateness<D: Driver>(&self, lane: &Lane<D>) {
        if let Some(stage) = self.stage.filter(|_| self.is_first || self.has_paused) {
            let late = clock::now().saturating_duration_since(lane.run.epoch + self.due);
            lane.shard.borrow_mut().arrival_sent(stage, self.due, late);
        }
    }

    /// Whether the next request may be made. To a target that fails nothing is sent, and what was begun ends there, too; what is
    /// set up is for iterations that will not be made when the run is to end; what is torn down must be, if it can.
    fn may_send<D: Driver>(&mut self, lane: &Lane<D>) -> bool {
        match self.part {
            Part::Setup => !lane.run.stop.is_asked() && lane.controls().may_send(&mut self.standing),
            Part::Steps => lane.controls().may_send(&mut self.standing),
            Part::Teardown => true,
        }
    }

    /// Whether there is nothing to pause for, as the run is over. Iterations of which users make a certain number are played to
    /// their end, unless somebody has asked to stop; what is torn down in any case.
    fn is_over<D: Driver>(&self, lane: &Lane<D>) -> bool {
        let is_counted = |stage: &Stage| matches!(stage.load, Load::Users(_)) && stage.iterations.is_some();
        let is_over_in = |stage: usize| lane.is_over() && !is_counted(&lane.run.plan.stages[stage]);
        self.stage.is_some_and(|stage| lane.run.stop.is_asked() || is_over_in(stage))
    }

    /// Whether it comes back from a pause while too many arrivals are in flight. Users of a closed loop come back in any case: as
    /// many as there are were asked for.
    fn is_too_much<D: Driver>(&self, lane: &Lane<D>) -> bool {
        let is_arrival = |stage: usize| matches!(lane.run.plan.stages[stage].load, Load::Arrivals(_));
        self.has_paused && self.stage.is_some_and(is_arrival) && lane.is_overfull()
    }
}

/// Plays an arrival; gives the moment of the run at which its user is free again, and whether a request of it failed.
///
/// The first step is due when the arrival is; each other step when the one before it is done, or the pause between them. A
/// failed step ends the iteration, as what follows would build on an answer that never came.
pub(super) async fn play<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>, arrival: Arrival) -> (Duration, bool) {
    let Arrival { stage, scenario, due, ticket, row, standing } = arrival;
    let prepared = &lane.scenarios[scenario];
    if !prepared.is_static {
        user.begin(scenario, row);
    }
    let mut walk = Walk::new(scenario, Part::Steps, Some(stage), due);
    (walk.standing, walk.ticket) = (standing, ticket);
    if set_up(lane, user, scenario, &mut walk).await {
        play_steps(lane, user, &prepared.steps, &mut walk).await;
    }
    user.iteration += 1;
    let mut shard = lane.shard.borrow_mut();
    shard.give_back(walk.ticket);
    shard.arrival_finished(stage);
    (walk.due.max(user.setback.until()), walk.has_failed)
}

/// Plays what a user does before its first iteration of a scenario, if this is it. False when the iteration can't begin.
async fn set_up<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>, scenario: ScenarioId, walk: &mut Walk) -> bool {
    let prepared = &lane.scenarios[scenario];
    if !prepared.is_begun_and_left() || !user.is_new_to(scenario) {
        return true;
    }
    // The ticket is that of the iteration's own first request.
    let ticket = walk.ticket.take();
    walk.part = Part::Setup;
    let is_set_up = play_steps(lane, user, &prepared.setup, walk).await;
    (walk.part, walk.ticket) = (Part::Steps, ticket);
    if is_set_up {
        lane.settle(user, scenario);
    } else if walk.has_failed {
        user.set_back(lane.run.moment());
    }
    is_set_up
}

/// Plays steps one after another. False when one of them failed or was not to be sent, or the run was over in a pause, and the
/// rest was left.
async fn play_steps<D: Driver>(
    lane: &Lane<D>,
    user: &mut User<D::Session>,
    steps: &[PreparedStep<D::Request>],
    walk: &mut Walk,
) -> bool {
    for step in steps {
        match step {
            PreparedStep::Think(think) => {
                walk.due += think.draw(&mut user.rng);
                lane.pause_until_or(walk.due, || walk.is_over(lane)).await;
                walk.has_paused = true;
                if walk.is_over(lane) {
                    return false;
                }
            }
            PreparedStep::Request(request) => {
                if !walk.may_send(lane) {
                    return false;
                }
                if walk.is_too_much(lane)
                    && let Some(stage) = walk.stage
                {
                    lane.shard.borrow_mut().arrival_broken_off(stage, walk.due, request.endpoint);
                    return false;
                }
                walk.note_lateness(lane);
                let (done, failed) = make_request(lane, user, request, walk).await;
                (walk.due, walk.is_first, walk.has_paused, walk.has_failed) = (done, false, false, failed);
                if failed {
                    return false;
                }
            }
        }
    }
    true
}

/// Plays the end of a user's part in a scenario, if it ever had one.
pub(super) async fn leave<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>, scenario: ScenarioId) {
    if user.leave(scenario) {
        let mut walk = Walk::new(scenario, Part::Teardown, None, lane.run.moment());
        // A step that fails is told of; there is nobody left who would build on it.
        play_steps(lane, user, &lane.scenarios[scenario].teardown, &mut walk).await;
        lane.has_left(scenario);
    }
}

/// Makes a request that is due and notes its outcome: when it was done, and whether it failed.
async fn make_request<D: Driver>(
    lane: &Lane<D>,
    user: &mut User<D::Session>,
    request: &PreparedRequest<D::Request>,
    walk: &mut Walk,
) -> (Duration, bool) {
    let due = walk.due;
    let begin = |stage: usize| lane.shard.borrow_mut().begin(stage, due, request.endpoint);
    let ticket = walk.ticket.take().or_else(|| walk.stage.filter(|_| request.measured).and_then(begin));
    // A step that is measured and plays in a warm-up is of no interest; but who is not set up will ask for nothing later on.
    let is_told = ticket.is_some() || !request.measured || walk.part != Part::Steps;
    let may_repeat = |attempt: Attempt| match attempt {
        _ if lane.run.stop.is_asked() => false,
        Attempt::Later => !lane.controls().is_silent(),
        Attempt::Now => lane.controls().may_repeat(),
    };
    let RequestOutcome { done, finished } = request.make(&*lane.driver, user, is_told, may_repeat).await;
    let failed = finished.failure.is_some();
    let response = done.saturating_duration_since(lane.run.epoch + due);
    let finished = Finished { due, response, ..finished };
    let mut shard = lane.shard.borrow_mut();
    if let (None, true, Some((class, message))) = (&ticket, is_told, &finished.failure) {
        let (endpoint, class, message) = (request.endpoint, *class, message.clone());
        let (sample, trace) = (finished.sample.clone(), finished.trace);
        shard.unmeasured_failure(walk.scenario, walk.part, FailureNote { endpoint, class, message, sample, trace });
    }
    shard.finish(ticket, request.endpoint, finished);
    (done.saturating_duration_since(lane.run.epoch), failed)
}
