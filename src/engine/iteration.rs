//! One arrival: the steps of a scenario, one after another.

use std::{cell::RefCell, rc::Rc, time::Duration};

use crate::{
    clock::{self, Instant},
    measure::{Finished, Shard},
    plan::{EndpointId, ScenarioId},
    protocol::Driver,
};

/// A scenario made ready for a driver.
#[derive(Debug)]
pub(super) struct Script<R>(pub(super) Vec<Line<R>>);

/// A step made ready for a driver.
#[derive(Debug)]
pub(super) struct Line<R> {
    pub(super) endpoint: EndpointId,
    pub(super) timeout: Duration,
    pub(super) request: R,
}

/// What the iterations of one thread share.
#[derive(Debug)]
pub(super) struct Stagehand<D: Driver> {
    pub(super) driver: D,
    pub(super) scripts: Vec<Script<D::Request>>,
    pub(super) shard: RefCell<Shard>,
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

/// Plays an arrival. Its first step is due when the arrival is; each other step when the one before it is done. A failed step
/// ends the iteration, as what follows would build on an answer that never came.
pub(super) async fn play<D: Driver>(stagehand: Rc<Stagehand<D>>, arrival: Arrival) {
    let Stagehand { driver, scripts, shard, epoch } = &*stagehand;
    let (mut due, mut window) = (arrival.due, arrival.window);
    shard.borrow_mut().arrival_sent(arrival.stage, clock::now().saturating_duration_since(*epoch + due));
    for (number, line) in scripts[arrival.scenario].0.iter().enumerate() {
        if number > 0 {
            window = shard.borrow_mut().begin(arrival.stage, due, line.endpoint);
        }
        let exchange = driver.exchange(&line.request, line.timeout).await;
        let failed = exchange.failure.is_some();
        let finished = Finished {
            response: exchange.done.saturating_duration_since(*epoch + due),
            service: exchange.done.saturating_duration_since(exchange.sent),
            bytes: exchange.bytes,
            failure: exchange.failure.map(|failure| (failure.class, failure.message)),
        };
        shard.borrow_mut().finish(window, line.endpoint, finished);
        if failed {
            break;
        }
        due = exchange.done.saturating_duration_since(*epoch);
    }
    shard.borrow_mut().arrival_finished(arrival.stage);
}
