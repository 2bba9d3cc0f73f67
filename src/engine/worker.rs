//! One generator thread: a runtime, a driver, a shard, and its share of the arrivals.

use std::{io, rc::Rc, sync::Arc, time::Duration};

use tokio::{
    runtime::{Builder, LocalOptions},
    task::JoinSet,
    time,
};

use super::{
    alarm::Alarm,
    closed_loop,
    heartbeat::beat,
    lane::{Lane, Run},
    open_loop,
    stop::Stop,
    teardown::tear_down,
    websocket::ConnectionSet,
};
use crate::{
    clock::{self, Instant},
    measure::{CpuClock, Shard, ShardEnd},
    plan::{Load, Share},
    protocol::Driver,
};

/// How often the end of the last requests is looked for.
const DRAIN_STEP: Duration = Duration::from_millis(5);

/// What a thread came home with.
#[derive(Debug)]
pub(super) struct WorkerEnd {
    /// By version.
    pub(super) shards: Vec<ShardEnd>,
    /// Moment of the run at which no more arrivals were sent.
    pub(super) stopped_at: Duration,
    /// Processor time used, where the system tells.
    pub(super) cpu: Option<Duration>,
}

/// Plays this thread's share of the plan to its end, measured by a shard per version.
///
/// # Errors
/// The system gives no runtime or timer.
pub(super) fn work<D>(run: &Arc<Run>, share: Share, driver: D, shards: Vec<Shard>) -> io::Result<WorkerEnd>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let cpu = CpuClock::start();
    run.live[0].0[share.thread].introduce();
    let mut alarm_bell = StopsOthers { stop: run.stop.clone(), is_well: false };
    let (lanes, stopped_at, given_up_at) = runtime.block_on(async {
        let lanes = Lane::all(run, share, driver, shards)?;
        look_after(&lanes, beat(lanes.clone()));
        let connections = ConnectionSet::begin(&lanes);
        let stopped_at = play_stages(&lanes).await?;
        let drain_began = clock::now();
        connections.end(run.stop.is_asked());
        drain(&lanes, &connections, drain_began).await;
        // What users leave behind takes time of its own, in which nobody waits for the requests before.
        let (waited, given_up_at) = (clock::now().saturating_duration_since(drain_began), run.moment());
        tear_down_all(&lanes, run.plan.limits.graceful_stop.saturating_sub(waited)).await;
        io::Result::Ok((lanes, stopped_at, given_up_at))
    })?;
    if let Some(error) = lanes.iter().find_map(|lane| lane.lost.take()) {
        return Err(error);
    }
    // Dropping the tasks of unfinished iterations frees their hold on the shard.
    drop(runtime);
    let outlived = || io::Error::other("an iteration outlived its runtime");
    let end = |lane: Rc<Lane<D>>| Ok(Rc::into_inner(lane).ok_or_else(outlived)?.shard.into_inner().end(given_up_at));
    let shards = lanes.into_iter().map(end).collect::<io::Result<_>>()?;
    alarm_bell.is_well = true;
    Ok(WorkerEnd { shards, stopped_at, cpu: cpu.used() })
}

/// Asks the others to stop when a thread ends by an error or a panic: a run without one of its threads is none.
struct StopsOthers {
    stop: Stop,
    is_well: bool,
}

impl Drop for StopsOthers {
    fn drop(&mut self) {
        if !self.is_well {
            self.stop.ask();
        }
    }
}

/// Runs a helper of the thread beside its load. The run ends when it is lost: without it pauses would not end, or nobody would
/// know how the load goes.
fn look_after<D>(lanes: &[Rc<Lane<D>>], helper: impl Future<Output = io::Result<()>> + 'static)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (helper, lane) = (tokio::task::spawn_local(helper), Rc::clone(&lanes[0]));
    tokio::task::spawn_local(async move {
        let error = match helper.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(panic) => io::Error::other(format!("a helper of a generator thread was lost: {panic}")),
        };
        lane.lost.replace(Some(error));
        lane.run.stop.ask();
    });
}

/// Plays all stages in their order. Returns the moment of the run at which nothing more is sent: the end of the last stage, or
/// earlier when somebody asked to stop.
async fn play_stages<D>(lanes: &[Rc<Lane<D>>]) -> io::Result<Duration>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (run, alarm) = (&lanes[0].run, Alarm::new()?);
    let delays = Rc::clone(&lanes[0].delays);
    look_after(lanes, async move { delays.drive().await });
    for number in closed_loop::users(&run.plan, lanes[0].share) {
        let lane = &lanes[run.plan.side_of_user(number.into()).number()];
        tokio::task::spawn_local(closed_loop::live(Rc::clone(lane), number));
    }
    let mut first_arrival = 0;
    for (number, stage) in run.plan.stages.iter().enumerate() {
        if let Load::Arrivals(shape) = stage.load {
            open_loop::send_arrivals(lanes, &alarm, number, shape, first_arrival).await?;
            open_loop::expect(lanes, Duration::MAX);
            first_arrival += stage.arrivals();
        }
        // A stage may end before its time, so its end is looked at again and again.
        let over = || run.stop.is_asked() || run.moment() >= run.timeline.stage(number).ends;
        alarm.until(run.epoch + run.timeline.stage(number).ends, over).await?;
        lanes[0].delays.look_again();
        if run.stop.is_asked() {
            return Ok(run.moment().min(run.timeline.end()));
        }
    }
    Ok(run.timeline.end())
}

/// Waits for what has begun and for connections to close, as long as `graceful_stop` allows and nobody is in a hurry. Pauses are
/// over, but for those that only a wish to stop ends.
async fn drain<D: Driver>(lanes: &[Rc<Lane<D>>], connections: &ConnectionSet, began: Instant) {
    let (run, mut was_asked) = (&lanes[0].run, false);
    lanes.iter().for_each(|lane| lane.close());
    while (lanes.iter().any(|lane| lane.is_busy()) || !connections.is_gone())
        && clock::now().saturating_duration_since(began) < run.plan.limits.graceful_stop
        && !run.stop.is_urgent()
    {
        time::sleep(DRAIN_STEP).await;
        if run.stop.is_asked() && !std::mem::replace(&mut was_asked, true) {
            lanes[0].delays.look_again();
        }
    }
}

/// Lets the users of all versions leave at the same time: one that hangs must not take the time of the other.
async fn tear_down_all<D>(lanes: &[Rc<Lane<D>>], left: Duration)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let mut leaving = JoinSet::new();
    for lane in lanes {
        let lane = Rc::clone(lane);
        leaving.spawn_local(async move { tear_down(&lane, left).await });
    }
    while leaving.join_next().await.is_some() {}
}
