//! One generator thread: a runtime, a driver, a shard, and its share of the arrivals.

use std::{cell::RefCell, io, rc::Rc, sync::Arc, time::Duration};

use tokio::{
    runtime::{Builder, LocalOptions},
    time,
};

use super::{
    Stop,
    controls::Controls,
    heartbeat::beat,
    iteration::{Script, Stagehand},
    open_loop::send_arrivals,
};
use crate::{
    clock::{self, Instant},
    measure::{CpuClock, Live, Shard, ShardEnd, Timeline},
    plan::{Plan, Share},
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

/// What all threads of a run share, none of it written on the hot path.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) plan: Plan,
    pub(super) timeline: Arc<Timeline>,
    pub(super) live: Live,
    pub(super) stop: Stop,
    pub(super) controls: Arc<Controls>,
    /// Start of the run.
    pub(super) epoch: Instant,
}

impl Stage {
    /// Time since the run began.
    pub(super) fn moment(&self) -> Duration {
        clock::now().saturating_duration_since(self.epoch)
    }
}

/// Plays this thread's share of the plan to its end.
///
/// # Errors
/// The system gives no runtime or timer.
pub(super) fn work<D>(stage: &Stage, share: Share, driver: D, shard: Shard) -> io::Result<WorkerEnd>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let cpu = CpuClock::start();
    let stagehand = Rc::new(Stagehand {
        scripts: scripts(&stage.plan, &driver),
        driver,
        shard: RefCell::new(shard),
        controls: Arc::clone(&stage.controls),
        epoch: stage.epoch,
    });
    stage.live.0[share.thread].introduce();
    let (stopped_at, drain_began) = runtime.block_on(async {
        tokio::task::spawn_local(beat(Rc::clone(&stagehand)));
        let stopped_at = send_arrivals(stage, share, &stagehand).await?;
        let drain_began = clock::now();
        drain(stage, share, drain_began).await;
        io::Result::Ok((stopped_at, drain_began))
    })?;
    let waited = clock::now().saturating_duration_since(drain_began);
    // Dropping the tasks of unfinished iterations frees their hold on the shard.
    drop(runtime);
    let stagehand = Rc::into_inner(stagehand).ok_or_else(|| io::Error::other("an iteration outlived its runtime"))?;
    Ok(WorkerEnd { shard: stagehand.shard.into_inner().end(waited), stopped_at, cpu: cpu.used() })
}

fn scripts<D: Driver>(plan: &Plan, driver: &D) -> Vec<Script<D::Request>> {
    plan.workload.scenarios.iter().map(|scenario| Script::new(scenario, driver, plan.http.timeouts.request)).collect()
}

/// Waits for the requests in flight, as long as `graceful_stop` allows and nobody is in a hurry.
async fn drain(stage: &Stage, share: Share, began: Instant) {
    let mine = &stage.live.0[share.thread];
    while mine.in_flight() > 0
        && clock::now().saturating_duration_since(began) < stage.plan.limits.graceful_stop
        && !stage.stop.is_urgent()
    {
        time::sleep(DRAIN_STEP).await;
    }
}
