//! What the users of one thread and one version share, and who of them is free.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{
    Stop,
    controls::Controls,
    feeds::{Feeds, Kept, Row},
    iteration::PreparedScenario,
    request_settings::RequestSettings,
    seat::Seated,
    user::User,
    websocket::Board,
};
use crate::{
    clock::{self, Delays, Instant},
    measure::{Live, LiveShard, Shard, Timeline},
    plan::{Plan, ScenarioId, Share, SocketScenario},
    protocol::Driver,
    record::Side,
};

/// What all threads of a run share, none of it written on the hot path but for the claims of stages that count.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) plan: Plan,
    pub(super) timeline: Arc<Timeline>,
    /// Counters of all threads, by version.
    pub(super) live: Vec<Live>,
    pub(super) stop: Stop,
    /// What steers the load of each version.
    pub(super) controls: Vec<Controls>,
    /// Start of the run; the origin of all its moments.
    pub(super) epoch: Instant,
    /// Iterations that are still to be begun, of each stage that counts them.
    pub(super) claims: Vec<Option<AtomicU64>>,
    /// How far the feeders have come.
    pub(super) feeds: Feeds,
    /// What publishers have sent, by scenario of WebSocket connections.
    pub(super) boards: Vec<Arc<[Board]>>,
}

/// Everything the tasks of one thread work with that play one version. Two versions have all of their own but the thread: they
/// share its driver, whose connections are apart by target, and its timers.
#[derive(Debug)]
pub(super) struct Lane<D: Driver> {
    pub(super) run: Arc<Run>,
    pub(super) share: Share,
    pub(super) side: Side,
    pub(super) driver: Rc<D>,
    /// One per scenario.
    pub(super) scenarios: Vec<PreparedScenario<D::Request>>,
    pub(super) shard: RefCell<Shard>,
    pub(super) delays: Rc<Delays>,
    /// Why a helper of this thread was lost, if one was.
    pub(super) lost: Rc<RefCell<Option<io::Error>>>,
    /// Users of the open loop between two arrivals, and where their tasks wait.
    free: RefCell<VecDeque<Seated<D::Session>>>,
    /// Users of a closed loop that have come to their end.
    retired: RefCell<Vec<User<D::Session>>>,
    /// Users of the open loop there are.
    users: Cell<u64>,
    /// Users of a closed loop that have not come to their end.
    living: Cell<u64>,
    /// By scenario, users who have begun it and not left it: its teardown is still to be made.
    staying: Vec<Cell<u64>>,
    /// Whether nothing more is begun.
    is_over: Cell<bool>,
}

impl Run {
    pub(super) fn new(plan: Plan, live: Vec<Live>, stop: Stop, epoch: Instant) -> Self {
        let timeline = Arc::new(Timeline::new(&plan.stages, plan.window));
        let claims = plan.stages.iter().map(|stage| stage.iterations.map(AtomicU64::new)).collect();
        let (controls, feeds) = (Controls::of_sides(&plan), Feeds::new(&plan.workload));
        let sides = plan.sides().len();
        let of_scenario = |scenario: &SocketScenario| {
            scenario.broadcast.iter().flat_map(|of| (0..of.boards(sides)).map(|_| Board::new(of))).collect()
        };
        let boards = plan.workload.sockets.iter().map(of_scenario).collect();
        Self { plan, timeline, live, stop, controls, epoch, claims, feeds, boards }
    }

    /// Takes one of the iterations a stage has left; always succeeds where it does not count them.
    pub(super) fn claim_iteration(&self, stage: usize) -> bool {
        let Some(left) = &self.claims[stage] else { return true };
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Whether a stage has iterations left; always where it does not count them. One that was taken is never given back: another
    /// thread may have ended the stage for want of it.
    pub(super) fn has_iterations(&self, stage: usize) -> bool {
        self.claims[stage].as_ref().is_none_or(|left| left.load(Ordering::Relaxed) > 0)
    }

    /// Whether no iteration can begin any more, because every scenario has taken the last row of a feeder that ends.
    pub(super) fn is_fed_up(&self) -> bool {
        self.feeds.ended(&self.plan.workload).is_some()
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

impl<D: Driver> Lane<D> {
    /// A thread's lanes within its runtime, one per version: of each, the shard.
    ///
    /// # Errors
    /// The system gives no timer.
    pub(super) fn all(run: &Arc<Run>, share: Share, driver: D, shards: Vec<Shard>) -> io::Result<Vec<Rc<Self>>> {
        let (driver, delays, lost) = (Rc::new(driver), Rc::new(Delays::new()?), Rc::default());
        let lane = |(side, shard): (&Side, Shard)| {
            let settings = Rc::new(RequestSettings::new(&run.plan));
            let scenarios = run.plan.workload.scenarios.iter().map(|scenario| run.plan.scenario_with(scenario, *side));
            Rc::new(Self {
                run: Arc::clone(run),
                share,
                side: *side,
                scenarios: scenarios.map(|scenario| PreparedScenario::new(&scenario, &*driver, &settings)).collect(),
                driver: Rc::clone(&driver),
                shard: RefCell::new(shard),
                delays: Rc::clone(&delays),
                lost: Rc::clone(&lost),
                free: RefCell::default(),
                retired: RefCell::default(),
                users: Cell::new(0),
                living: Cell::new(0),
                staying: run.plan.workload.scenarios.iter().map(|_| Cell::new(0)).collect(),
                is_over: Cell::new(false),
            })
        };
        Ok(run.plan.sides().iter().zip(shards).map(lane).collect())
    }

    /// What steers the load of this version.
    pub(super) fn controls(&self) -> &Controls {
        &self.run.controls[self.side.number()]
    }

    /// Counters of this thread and version.
    pub(super) fn live(&self) -> &LiveShard {
        &self.run.live[self.side.number()].0[self.share.thread]
    }

    /// A user for an arrival of the open loop, and the rows it takes: one who has been here before and is free, or a new one.
    /// `None` when there is no row left for any.
    pub(super) fn user_for(&self, scenario: ScenarioId) -> Option<(Seated<D::Session>, Row)> {
        let (feeds, plan) = (&self.run.feeds, &self.run.plan);
        let has_rows = |kept: &Kept| feeds.has_rows(&plan.workload, scenario, kept);
        let place = self.free.borrow().iter().position(|(user, _)| has_rows(&user.kept));
        let free = place.and_then(|place| self.free.borrow_mut().remove(place));
        let (mut user, seat) = match free {
            Some(free) => free,
            None if has_rows(&Kept::new()) => (self.new_user(), None),
            None => return None,
        };
        match feeds.take(&plan.workload, plan.seed, scenario, &mut user.kept) {
            Some(row) => Some(((user, seat), row)),
            None => {
                // Another thread has taken the last row since it was looked at.
                self.release((user, seat));
                None
            }
        }
    }

    fn new_user(&self) -> User<D::Session> {
        let turn = self.users.get() * self.share.threads as u64 + self.share.thread as u64;
        let number = self.run.plan.user_of_open_loop(turn, self.side);
        self.users.set(self.users.get() + 1);
        self.user(number)
    }

    /// User `number`, of whatever loop, before its first iteration.
    pub(super) fn user(&self, number: u64) -> User<D::Session> {
        User::new(number, &self.run.plan, self.driver.session(self.side))
    }

    /// A user of the open loop is free for another arrival.
    pub(super) fn release(&self, seated: Seated<D::Session>) {
        let mut free = self.free.borrow_mut();
        // One that could not be set up comes last, or it would be the next to be called each time.
        if seated.0.setback.is_there() { free.push_back(seated) } else { free.push_front(seated) }
    }

    /// A user of a closed loop begins its life.
    pub(super) fn welcome(&self, number: u32) -> User<D::Session> {
        self.living.set(self.living.get() + 1);
        self.user(number.into())
    }

    /// A user of a closed loop has come to its end.
    pub(super) fn retire(&self, user: User<D::Session>) {
        self.living.set(self.living.get() - 1);
        self.retired.borrow_mut().push(user);
    }

    /// A user has begun a scenario, and is to leave it at the end of the run if that has a teardown.
    pub(super) fn settle(&self, user: &mut User<D::Session>, scenario: ScenarioId) {
        user.settle(scenario);
        self.staying[scenario].set(self.staying[scenario].get() + 1);
    }

    /// A user has left a scenario.
    pub(super) fn has_left(&self, scenario: ScenarioId) {
        self.staying[scenario].set(self.staying[scenario].get() - 1);
    }

    /// Nobody leaves any more: notes the teardowns that were not made.
    pub(super) fn note_who_stayed(&self) {
        for (scenario, (prepared, staying)) in self.scenarios.iter().zip(&self.staying).enumerate() {
            if let Some(endpoint) = prepared.farewell {
                self.shard.borrow_mut().left_behind(scenario, endpoint, staying.get());
            }
        }
    }

    /// Nothing more is begun from now on. Who waits for a moment that will not be used looks again.
    pub(super) fn close(&self) {
        self.is_over.set(true);
        self.delays.look_again();
    }

    /// Whether nothing more is begun.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Whether anybody is still at it: an iteration in play, or a user of a closed loop on the way to its end.
    pub(super) fn is_busy(&self) -> bool {
        self.in_play() > 0 || self.living.get() > 0
    }

    /// All users who have nothing to do.
    pub(super) fn take_users(&self) -> Vec<User<D::Session>> {
        let free = self.free.take().into_iter().map(|(user, _)| user);
        free.chain(self.retired.take()).collect()
    }

    /// Whether one more arrival may be taken into play. Those that pause load nothing and are not in flight; but there are limits
    /// to them, too.
    pub(super) fn has_room(&self) -> bool {
        let (in_play, limits) = (self.in_play(), &self.run.plan.limits);
        in_play.saturating_sub(self.live().pausing.get()) < self.part_of(limits.max_in_flight)
            && in_play < self.part_of(limits.max_in_play())
    }

    /// Whether more arrivals are in flight than may be, as when many have ended their pauses at a time.
    pub(super) fn is_overfull(&self) -> bool {
        self.in_play().saturating_sub(self.live().pausing.get()) > self.part_of(self.run.plan.limits.max_in_flight)
    }

    fn in_play(&self) -> u64 {
        self.live().in_play()
    }

    /// The part of a limit that this thread has for its version, at least one: an equal part of all, so that a version that hangs
    /// leaves the other one its own.
    fn part_of(&self, limit: usize) -> u64 {
        self.share.of(limit / self.run.plan.sides().len()).max(1) as u64
    }

    /// Waits until a moment of the run; not at all when it has come.
    pub(super) async fn wait_until(&self, moment: Duration) {
        self.delays.until(self.run.epoch + moment).await;
    }

    /// The same, or until `is_over`, which is asked when a stage ends or the run.
    pub(super) async fn wait_until_or(&self, moment: Duration, is_over: impl Fn() -> bool) {
        self.delays.until_or(self.run.epoch + moment, is_over).await;
    }

    /// The same, between two steps.
    pub(super) async fn pause_until_or(&self, moment: Duration, is_over: impl Fn() -> bool) {
        let pausing = &self.live().pausing;
        pausing.add(1);
        self.wait_until_or(moment, is_over).await;
        pausing.set(pausing.get() - 1);
    }
}
