//! One arrival: the steps of a scenario, one after another.

use std::{rc::Rc, time::Duration};

use super::{cast::Cast, controls::Turn, feeds::Row, manners::Manners, user::User, visit::Visit};
use crate::{
    clock,
    measure::{FailureNote, Finished},
    plan::{EndpointId, Scenario, ScenarioId, Step, Think},
    protocol::Driver,
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
    /// Window of its first step, where that is known already.
    pub(super) window: Option<usize>,
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

/// Plays an arrival; gives the moment of the run at which its user is free again.
///
/// The first step is due when the arrival is; each other step when the one before it is done, or the pause between them. A
/// failed step ends the iteration, as what follows would build on an answer that never came.
pub(super) async fn play<D: Driver>(cast: &Cast<D>, user: &mut User<D::Session>, arrival: Arrival) -> Duration {
    let Arrival { stage, scenario, mut due, window, row, mut turn } = arrival;
    let script = &cast.scripts[scenario];
    if !script.is_static {
        user.begin(scenario, row);
    }
    cast.shard.borrow_mut().arrival_sent(stage, clock::now().saturating_duration_since(cast.run.epoch + due));
    if script.is_begun_and_left() && user.is_new_to(scenario) {
        match play_once(cast, user, &script.setup, Some((stage, &mut turn)), due).await {
            Ok(ready) => due = ready,
            Err(ready) => {
                let mut shard = cast.shard.borrow_mut();
                if let Some(endpoint) = script.opening {
                    shard.give_back(window, endpoint);
                }
                shard.arrival_finished(stage);
                user.iteration += 1;
                return ready;
            }
        }
        user.settle(scenario);
    }
    for (number, line) in script.lines.iter().enumerate() {
        match line {
            Line::Think(think) => {
                due += think.draw(&mut user.rng);
                cast.pause_until(due).await;
            }
            Line::Visit(visit) => {
                // To a target that fails nothing is sent: what was begun ends here, too.
                if !cast.run.controls.may_send(&mut turn) {
                    if number == 0 {
                        cast.shard.borrow_mut().give_back(window, visit.endpoint);
                    }
                    break;
                }
                let window = match (number, visit.measured) {
                    (_, false) => None,
                    (0, true) => window,
                    (_, true) => cast.shard.borrow_mut().begin(stage, due, visit.endpoint),
                };
                let (done, failed) = make_visit(cast, user, visit, due, window).await;
                due = done;
                if failed {
                    break;
                }
            }
        }
    }
    user.iteration += 1;
    cast.shard.borrow_mut().arrival_finished(stage);
    due
}

/// Plays what a user does once: its setup, in the turn of an iteration in a stage, or its teardown, in none. Gives the moment at
/// which it was done.
///
/// # Errors
/// The moment at which a step failed or was not to be sent, and the rest was left.
async fn play_once<D: Driver>(
    cast: &Cast<D>,
    user: &mut User<D::Session>,
    lines: &[Line<D::Request>],
    mut iteration: Option<(usize, &mut Turn)>,
    mut due: Duration,
) -> Result<Duration, Duration> {
    for line in lines {
        match line {
            Line::Think(think) => {
                due += think.draw(&mut user.rng);
                cast.pause_until(due).await;
            }
            Line::Visit(visit) => {
                let stage = iteration.as_ref().map(|(stage, _)| *stage);
                let may_send = |turn: &mut Turn| !cast.run.stop.is_asked() && cast.run.controls.may_send(turn);
                // What is set up is for iterations that will not be made; what is torn down must be, if it can.
                if iteration.as_mut().is_some_and(|(_, turn)| !may_send(turn)) {
                    return Err(due);
                }
                let window =
                    stage.filter(|_| visit.measured).and_then(|stage| cast.shard.borrow_mut().begin(stage, due, visit.endpoint));
                let (done, failed) = make_visit(cast, user, visit, due, window).await;
                due = done;
                if failed {
                    return Err(done);
                }
            }
        }
    }
    Ok(due)
}

/// Plays the end of a user's part in a scenario, if it ever had one.
pub(super) async fn leave<D: Driver>(cast: &Cast<D>, user: &mut User<D::Session>, scenario: ScenarioId) {
    if user.leave(scenario) {
        // A step that fails is told of; there is nobody left who would build on it.
        let _ = play_once(cast, user, &cast.scripts[scenario].teardown, None, cast.run.moment()).await;
    }
}

/// Makes a request that is due and notes its outcome: when it was done, and whether it failed.
async fn make_visit<D: Driver>(
    cast: &Cast<D>,
    user: &mut User<D::Session>,
    visit: &Visit<D::Request>,
    due: Duration,
    window: Option<usize>,
) -> (Duration, bool) {
    let is_told = window.is_some() || !visit.measured;
    let may_repeat = || !cast.run.stop.is_asked() && !cast.run.controls.is_silent();
    let visited = visit.make(&cast.driver, user, is_told, may_repeat).await;
    let failed = visited.failure.is_some();
    let finished = Finished {
        response: visited.done.saturating_duration_since(cast.run.epoch + due),
        service: visited.done.saturating_duration_since(visited.sent),
        bytes: visited.bytes,
        phases: visited.phases,
        connections: visited.connections,
        retries: visited.retries,
        failure: visited.failure.map(|failure| (failure.class, failure.message)),
        sample: visited.sample,
    };
    let mut shard = cast.shard.borrow_mut();
    if let (false, Some((class, message))) = (visit.measured, &finished.failure) {
        let (endpoint, class, message, sample) = (visit.endpoint, *class, message.clone(), finished.sample.clone());
        shard.note_failure(FailureNote { endpoint, class, message, sample });
    }
    shard.finish(window, visit.endpoint, finished);
    (visited.done.saturating_duration_since(cast.run.epoch), failed)
}
