//! One arrival: the steps of a scenario, one after another.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use super::{controls::Controls, user::User, visit::Visit};
use crate::{
    clock::{self, Instant},
    measure::{Finished, Shard},
    plan::{EndpointId, Scenario, ScenarioId, Step, Think},
    protocol::Driver,
};

/// A scenario made ready for a driver.
#[derive(Debug)]
pub(super) struct Script<R> {
    lines: Vec<Line<R>>,
    /// Endpoint of the first request.
    pub(super) endpoint: EndpointId,
}

/// A step made ready for a driver.
#[derive(Debug)]
enum Line<R> {
    Visit(Visit<R>),
    Think(Think),
}

/// What the iterations of one thread share.
#[derive(Debug)]
pub(super) struct Stagehand<D: Driver> {
    pub(super) driver: D,
    pub(super) scripts: Vec<Script<D::Request>>,
    pub(super) shard: RefCell<Shard>,
    pub(super) controls: Arc<Controls>,
    /// Start of the run; the origin of all its moments.
    pub(super) epoch: Instant,
}

/// An arrival that is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) stage: usize,
    pub(super) scenario: ScenarioId,
    /// Counted from the start of the run.
    pub(super) due: Duration,
    /// Window of its first step.
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
        Self { lines: scenario.steps.iter().map(line).collect(), endpoint }
    }
}

/// Plays an arrival. Its first step is due when the arrival is; each other step when the one before it is done. A failed step
/// ends the iteration, as what follows would build on an answer that never came.
pub(super) async fn play<D: Driver>(stagehand: Rc<Stagehand<D>>, arrival: Arrival) {
    let Stagehand { driver, scripts, shard, epoch, controls } = &*stagehand;
    let mut user = User::new(0);
    let (mut due, mut window) = (arrival.due, arrival.window);
    shard.borrow_mut().arrival_sent(arrival.stage, clock::now().saturating_duration_since(*epoch + due));
    for (number, line) in scripts[arrival.scenario].lines.iter().enumerate() {
        let Line::Visit(visit) = line else { continue };
        if number > 0 {
            // To a target that fails nothing is sent: what was begun ends here, too.
            if controls.is_silent() {
                break;
            }
            window = shard.borrow_mut().begin(arrival.stage, due, visit.endpoint);
        }
        let visited = visit.make(driver, &mut user).await;
        let failed = visited.failure.is_some();
        let finished = Finished {
            response: visited.done.saturating_duration_since(*epoch + due),
            service: visited.done.saturating_duration_since(visited.sent),
            bytes: visited.bytes,
            phases: visited.phases,
            connections: visited.connections,
            retries: visited.retries,
            failure: visited.failure.map(|failure| (failure.class, failure.message)),
        };
        shard.borrow_mut().finish(window, visit.endpoint, finished);
        if failed {
            break;
        }
        due = visited.done.saturating_duration_since(*epoch);
    }
    shard.borrow_mut().arrival_finished(arrival.stage);
}
