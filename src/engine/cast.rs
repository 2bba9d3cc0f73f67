//! What the users of one thread share, and who of them is free.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Stop, controls::Controls, feeds::Feeds, iteration::Script, manners::Manners, user::User};
use crate::{
    clock::{self, Delays, Instant},
    measure::{Live, Shard, Timeline},
    plan::{Plan, Share},
    protocol::Driver,
};

/// What all threads of a run share, none of it written on the hot path but for the claims of stages that count.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) plan: Plan,
    pub(super) timeline: Arc<Timeline>,
    pub(super) live: Live,
    pub(super) stop: Stop,
    pub(super) controls: Controls,
    /// Start of the run; the origin of all its moments.
    pub(super) epoch: Instant,
    /// Iterations that are still to be begun, of each stage that counts them.
    pub(super) claims: Vec<Option<AtomicU64>>,
    /// How far the feeders have come.
    pub(super) feeds: Feeds,
}

/// Everything the tasks of one thread work with.
#[derive(Debug)]
pub(super) struct Cast<D: Driver> {
    pub(super) run: Arc<Run>,
    pub(super) share: Share,
    pub(super) driver: D,
    /// One per scenario.
    pub(super) scripts: Vec<Script<D::Request>>,
    pub(super) shard: RefCell<Shard>,
    pub(super) delays: Delays,
    /// Why a helper of this thread was lost, if one was.
    pub(super) lost: RefCell<Option<io::Error>>,
    /// Users who have nothing to do: those of the open loop between two arrivals, and of a closed loop at its end.
    free: RefCell<Vec<User<D::Session>>>,
    /// Users of the open loop there are.
    users: Cell<u64>,
    /// Iterations that pause between two steps.
    pausing: Cell<u64>,
}

impl Run {
    pub(super) fn new(plan: Plan, live: Live, stop: Stop, epoch: Instant) -> Self {
        let timeline = Arc::new(Timeline::new(&plan.stages, plan.window));
        let claims = plan.stages.iter().map(|stage| stage.iterations.map(AtomicU64::new)).collect();
        let (controls, feeds) = (Controls::new(&plan), Feeds::new(&plan));
        Self { plan, timeline, live, stop, controls, epoch, claims, feeds }
    }

    /// Takes one of the iterations a stage has left; always succeeds where it does not count them.
    pub(super) fn claim_iteration(&self, stage: usize) -> bool {
        let Some(left) = &self.claims[stage] else { return true };
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Whether no iteration can begin any more, because every scenario has taken the last row of a feeder that ends.
    pub(super) fn is_fed_up(&self) -> bool {
        self.feeds.ended(&self.plan).is_some()
    }

    /// Ends a stage early when no iteration can begin any more; those behind it end as soon as they begin.
    pub(super) fn end_for_want_of_rows(&self, stage: usize) {
        if self.is_fed_up() {
            self.timeline.end_early(stage, self.moment().max(self.timeline.stage(stage).begins));
        }
    }

    /// Now, counted from the start of the run.
    pub(super) fn moment(&self) -> Duration {
        clock::now().saturating_duration_since(self.epoch)
    }
}

impl<D: Driver> Cast<D> {
    /// A thread's cast, within its runtime.
    ///
    /// # Errors
    /// The system gives no timer.
    pub(super) fn new(run: Arc<Run>, share: Share, driver: D, shard: Shard) -> io::Result<Self> {
        let manners = Rc::new(Manners::new(&run.plan));
        let scripts = run.plan.workload.scenarios.iter().map(|scenario| Script::new(scenario, &driver, &manners)).collect();
        Ok(Self {
            run,
            share,
            driver,
            scripts,
            shard: RefCell::new(shard),
            delays: Delays::new()?,
            lost: RefCell::default(),
            free: RefCell::default(),
            users: Cell::new(0),
            pausing: Cell::new(0),
        })
    }

    /// A user for an arrival of the open loop: one who has been here before, if one is free.
    pub(super) fn user(&self) -> User<D::Session> {
        self.free.borrow_mut().pop().unwrap_or_else(|| {
            // Those of stages with `vus` have the first numbers.
            let closed = u64::from(self.run.plan.peak_users());
            let number = closed + self.users.get() * self.share.threads as u64 + self.share.thread as u64;
            self.users.set(self.users.get() + 1);
            User::new(number, &self.run.plan)
        })
    }

    /// All users who have nothing to do.
    pub(super) fn take_users(&self) -> Vec<User<D::Session>> {
        self.free.take()
    }

    /// A user has finished.
    pub(super) fn release(&self, user: User<D::Session>) {
        self.free.borrow_mut().push(user);
    }

    /// Iterations that wait for an answer. Those that pause load nothing and count to no limit.
    pub(super) fn in_flight(&self) -> u64 {
        self.run.live.0[self.share.thread].in_flight().saturating_sub(self.pausing.get())
    }

    /// Waits until a moment of the run; not at all when it has come.
    pub(super) async fn wait_until(&self, moment: Duration) {
        self.delays.until(self.run.epoch + moment).await;
    }

    /// Waits between two steps until a moment of the run.
    pub(super) async fn pause_until(&self, moment: Duration) {
        self.pausing.set(self.pausing.get() + 1);
        self.wait_until(moment).await;
        self.pausing.set(self.pausing.get() - 1);
    }
}
