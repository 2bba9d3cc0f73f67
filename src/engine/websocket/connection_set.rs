//! All connections of one thread: they come when they are due, and go when the run ends.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    conversation::{CLOSE_GOING_AWAY, CLOSE_NORMAL},
    life::ConnectionContext,
};
use crate::{
    engine::lane::Lane,
    plan::{Plan, Share, SocketConnections},
    protocol::Driver,
};

/// Connections begun in one go; then the others get their turn.
const BURST_MAX: usize = 16;

/// The connections of one thread.
#[derive(Debug)]
pub(in crate::engine) struct ConnectionSet {
    present: Cell<usize>,
    /// The code that all are to close with, once the run ends.
    ending: watch::Sender<Option<u16>>,
}

impl ConnectionSet {
    /// Lets the connections of all scenarios begin in their time.
    pub(in crate::engine) fn begin<D>(lanes: &[Rc<Lane<D>>]) -> Rc<Self>
    where
        D: Driver + 'static,
        D::Request: 'static,
    {
        let connection_set = Rc::new(Self { present: Cell::new(0), ending: watch::Sender::new(None) });
        let run = &lanes[0].run;
        for (scenario, boards) in run.plan.workload.sockets.iter().zip(&run.boards) {
            let contexts = lanes.iter().filter_map(|lane| {
                Some(Rc::new(ConnectionContext {
                    lane: Rc::clone(lane),
                    connection_set: Rc::clone(&connection_set),
                    scenario: scenario.with(&run.plan, lane.side),
                    dialer: lane.driver.websocket()?,
                    boards: Arc::clone(boards),
                    templates: run.plan.workload.templates.clone(),
                }))
            });
            let contexts: Vec<_> = contexts.collect();
            if contexts.len() == lanes.len() {
                let coming = coming(&run.plan, lanes[0].share, scenario.connections);
                tokio::task::spawn_local(open_when_due(contexts, coming));
            }
        }
        connection_set
    }

    /// Asks all connections to close: as those that have done their work, or as those of a run that was stopped.
    pub(in crate::engine) fn end(&self, is_stopped: bool) {
        self.ending.send_replace(Some(if is_stopped { CLOSE_GOING_AWAY } else { CLOSE_NORMAL }));
    }

    /// Whether no connection is left.
    pub(in crate::engine) fn is_gone(&self) -> bool {
        self.present.get() == 0
    }

    pub(super) fn ending(&self) -> watch::Receiver<Option<u16>> {
        self.ending.subscribe()
    }

    /// One more connection is present, until what this returns is dropped.
    pub(super) fn enter(self: &Rc<Self>) -> Presence {
        self.present.set(self.present.get() + 1);
        Presence(Rc::clone(self))
    }

    /// Waits until a moment of the run. False when the run ends before it.
    pub(super) async fn wait_until<D: Driver>(&self, lane: &Lane<D>, moment: Duration) -> bool {
        let mut ending = self.ending();
        if ending.borrow_and_update().is_some() {
            return false;
        }
        tokio::select! {
            () = lane.wait_until(moment) => true,
            _ = ending.changed() => false,
        }
    }
}

/// A connection that is present.
#[derive(Debug)]
pub(super) struct Presence(Rc<ConnectionSet>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.present.set(self.0.present.get() - 1);
    }
}

/// A connection that comes: its number, and from when to when it is there.
type Coming = (u32, Duration, Duration);

/// The connections of a scenario that live on one thread, in the order they come. Those of two versions that come at the same time live on
/// the same thread: what it suffers happens to both versions.
fn coming(plan: &Plan, share: Share, connections: SocketConnections) -> Vec<Coming> {
    let sides = plan.sides().len() as u32;
    let of_thread = (0..connections.peak()).filter(|number| (number / sides) as usize % share.threads == share.thread);
    let lives =
        |number| [connections.rehearsal(number), connections.presence(number)].map(|life| life.map(|life| (number, life)));
    let lives = of_thread.flat_map(lives).flatten();
    let mut coming: Vec<Coming> = lives.map(|(number, (from, until))| (number, from, until)).collect();
    coming.sort_by_key(|(_, from, _)| *from);
    coming
}

/// Lets connections begin when they are due, each with its version.
async fn open_when_due<D>(contexts: Vec<Rc<ConnectionContext<D>>>, coming: Vec<Coming>)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (lane, connection_set) = (Rc::clone(&contexts[0].lane), Rc::clone(&contexts[0].connection_set));
    for (n, (number, from, until)) in coming.into_iter().enumerate() {
        if n % BURST_MAX == BURST_MAX - 1 {
            tokio::task::yield_now().await;
        }
        if !connection_set.wait_until(&lane, from).await {
            return;
        }
        let context = &contexts[lane.run.plan.side_of_user(number.into()).number()];
        tokio::task::spawn_local(Rc::clone(context).live(number, from, until));
    }
}
