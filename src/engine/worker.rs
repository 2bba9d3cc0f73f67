//! One generator thread: a runtime, a driver, a shard, and its share of the arrivals.

use std::{io, rc::Rc, sync::Arc, time::Duration};

use tokio::{
    runtime::{Builder, LocalOptions},
    time,
};

use super::{
    alarm::Alarm,
    cast::{Cast, Run},
    closed_loop,
    heartbeat::beat,
    open_loop,
    stop::Stop,
    teardown::tear_down,
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
    pub(super) shard: ShardEnd,
    /// Moment of the run at which no more arrivals were sent.
    pub(super) stopped_at: Duration,
    /// Processor time used, where the system tells.
    pub(super) cpu: Option<Duration>,
}

/// Plays this thread's share of the plan to its end.
///
/// # Errors
/// The system gives no runtime or timer.
pub(super) fn work<D>(run: Arc<Run>, share: Share, driver: D, shard: Shard) -> io::Result<WorkerEnd>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let cpu = CpuClock::start();
    run.live.0[share.thread].introduce();
    let mut alarm_bell = StopsOthers { stop: run.stop.clone(), is_well: false };
    let (cast, stopped_at, given_up_at) = runtime.block_on(async {
        let cast = Rc::new(Cast::new(run, share, driver, shard)?);
        look_after(&cast, beat(Rc::clone(&cast)));
        let stopped_at = play_stages(&cast).await?;
        let drain_began = clock::now();
        drain(&cast.run, share, drain_began).await;
        // What users leave behind takes time of its own, in which nobody waits for the requests before.
        let (waited, given_up_at) = (clock::now().saturating_duration_since(drain_began), cast.run.moment());
        tear_down(&cast, cast.run.plan.limits.graceful_stop.saturating_sub(waited)).await;
        io::Result::Ok((cast, stopped_at, given_up_at))
    })?;
    if let Some(error) = cast.lost.take() {
        return Err(error);
    }
    // Dropping the tasks of unfinished iterations frees their hold on the shard.
    drop(runtime);
    let cast = Rc::into_inner(cast).ok_or_else(|| io::Error::other("an iteration outlived its runtime"))?;
    alarm_bell.is_well = true;
    Ok(WorkerEnd { shard: cast.shard.into_inner().end(given_up_at), stopped_at, cpu: cpu.used() })
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
fn look_after<D>(cast: &Rc<Cast<D>>, helper: impl Future<Output = io::Result<()>> + 'static)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (helper, cast) = (tokio::task::spawn_local(helper), Rc::clone(cast));
    tokio::task::spawn_local(async move {
        let error = match helper.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(panic) => io::Error::other(format!("a helper of a generator thread was lost: {panic}")),
        };
        cast.lost.replace(Some(error));
        cast.run.stop.ask();
    });
}

/// Plays all stages in their order. Returns the moment of the run at which nothing more is sent: the end of the last stage, or
/// earlier when somebody asked to stop.
async fn play_stages<D>(cast: &Rc<Cast<D>>) -> io::Result<Duration>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (run, alarm) = (&cast.run, Alarm::new()?);
    let delays = Rc::clone(cast);
    look_after(cast, async move { delays.delays.drive().await });
    for number in closed_loop::users(&run.plan, cast.share) {
        tokio::task::spawn_local(closed_loop::live(Rc::clone(cast), number));
    }
    let mut first_arrival = 0;
    for (number, stage) in run.plan.stages.iter().enumerate() {
        if let Load::Arrivals(shape) = stage.load {
            open_loop::send_arrivals(cast, &alarm, number, shape, first_arrival).await?;
            cast.shard.borrow_mut().expects(Duration::MAX);
            first_arrival += stage.arrivals();
        }
        // A stage may end before its time, so its end is looked at again and again.
        let over = || run.stop.is_asked() || run.moment() >= run.timeline.stage(number).ends;
        alarm.until(run.epoch + run.timeline.stage(number).ends, over).await?;
        if run.stop.is_asked() {
            return Ok(run.moment().min(run.timeline.end()));
        }
    }
    Ok(run.timeline.end())
}

/// Waits for the requests in flight, as long as `graceful_stop` allows and nobody is in a hurry.
async fn drain(run: &Run, share: Share, began: Instant) {
    let mine = &run.live.0[share.thread];
    while mine.in_flight() > 0
        && clock::now().saturating_duration_since(began) < run.plan.limits.graceful_stop
        && !run.stop.is_urgent()
    {
        time::sleep(DRAIN_STEP).await;
    }
}
