//! One arrival: the steps of a scenario, one after another.

use std::time::Duration;

use super::{cast::Cast, user::User, visit::Visit};
use crate::{
    clock,
    measure::Finished,
    plan::{EndpointId, Scenario, ScenarioId, Step, Think},
    protocol::Driver,
};

/// A scenario made ready for a driver.
#[derive(Debug)]
pub(super) struct Script<R> {
    lines: Vec<Line<R>>,
    /// Endpoint of the first step, where that is a request that is measured: it is due when the arrival is.
    pub(super) opening: Option<EndpointId>,
    /// Endpoint of the first request.
    pub(super) endpoint: EndpointId,
}

/// A step made ready for a driver.
#[derive(Debug)]
enum Line<R> {
    Visit(Visit<R>),
    Think(Think),
}

/// An arrival that is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) stage: usize,
    pub(super) scenario: ScenarioId,
    /// Counted from the start of the run.
    pub(super) due: Duration,
    /// Window of its first step, where that is known already.
    pub(super) window: Option<usize>,
}

impl<R> Script<R> {
    pub(super) fn new<D: Driver<Request = R>>(scenario: &Scenario, driver: &D, timeout: Duration) -> Self {
        let line = |step: &Step| match step {
            Step::Think(think) => Line::Think(*think),
            Step::Request(step) => Line::Visit(Visit {
                endpoint: step.endpoint,
                measured: step.measured,
                timeout: step.timeout.unwrap_or(timeout),
                check: step.check.clone(),
                request: driver.prepare(&step.request),
            }),
        };
        let endpoint = scenario.steps.iter().find_map(Step::request).map_or(0, |step| step.endpoint);
        let opening = scenario.steps.first().and_then(Step::request).filter(|step| step.measured).map(|step| step.endpoint);
        Self { lines: scenario.steps.iter().map(line).collect(), opening, endpoint }
    }
}

/// Plays an arrival; gives the moment of the run at which its user is free again.
///
/// The first step is due when the arrival is; each other step when the one before it is done, or the pause between them. A
/// failed step ends the iteration, as what follows would build on an answer that never came.
pub(super) async fn play<D: Driver>(cast: &Cast<D>, user: &mut User, arrival: Arrival) -> Duration {
    let Arrival { stage, scenario, mut due, window } = arrival;
    let script = &cast.scripts[scenario];
    cast.shard.borrow_mut().arrival_sent(stage, clock::now().saturating_duration_since(cast.run.epoch + due));
    for (number, line) in script.lines.iter().enumerate() {
        match line {
            Line::Think(think) => {
                due += think.draw(&mut user.rng);
                cast.pause_until(due).await;
            }
            Line::Visit(visit) => {
                // To a target that fails nothing is sent: what was begun ends here, too.
                if number > 0 && cast.run.controls.is_silent() {
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

/// Makes a request that is due and notes its outcome: when it was done, and whether it failed.
async fn make_visit<D: Driver>(
    cast: &Cast<D>,
    user: &mut User,
    visit: &Visit<D::Request>,
    due: Duration,
    window: Option<usize>,
) -> (Duration, bool) {
    let visited = visit.make(&cast.driver, user).await;
    let failed = visited.failure.is_some();
    let finished = Finished {
        response: visited.done.saturating_duration_since(cast.run.epoch + due),
        service: visited.done.saturating_duration_since(visited.sent),
        bytes: visited.bytes,
        phases: visited.phases,
        connections: visited.connections,
        retries: visited.retries,
        failure: visited.failure.map(|failure| (failure.class, failure.message)),
    };
    cast.shard.borrow_mut().finish(window, visit.endpoint, finished);
    (visited.done.saturating_duration_since(cast.run.epoch), failed)
}
