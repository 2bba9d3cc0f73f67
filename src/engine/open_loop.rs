//! Open loop: arrivals are sent when they are due, whatever became of those before them. So a slow target meets the load that
//! it would meet in production, and a late send shows in the latency instead of hiding in a gap.

use std::{rc::Rc, time::Duration};

use super::{
    alarm::Alarm,
    controls::Admission,
    iteration::{Arrival, Stagehand, play},
    worker::Stage,
};
use crate::{
    clock,
    plan::{Load, Schedule, Share},
    protocol::Driver,
};

/// Arrivals sent in one go when behind; then the other tasks get their turn, so that what was sent can be received.
const BURST_MAX: u32 = 16;

/// Sends this thread's share of all arrivals. Returns the moment of the run at which it stopped: the end of the last stage, or
/// earlier when it was asked to.
pub(super) async fn send_arrivals<D>(run: &Stage, share: Share, stagehand: &Rc<Stagehand<D>>) -> std::io::Result<Duration>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let Stage { plan, stop, controls, epoch, .. } = run;
    let (alarm, epoch) = (Alarm::new()?, *epoch);
    let max_in_flight = share.of(plan.limits.max_in_flight).max(1) as u64;
    let (mut first_arrival, mut burst) = (0, 0);
    for (number, (stage, place)) in plan.stages.iter().zip(run.timeline.stages()).enumerate() {
        let Load::Arrivals(shape) = stage.load else { continue };
        let schedule = shape.schedule(stage.duration);
        for n in (share.thread as u64..).step_by(share.threads) {
            let Some(offset) = schedule.due(n) else { break };
            let due = place.begins + offset;
            burst = if epoch + due > clock::now() { 0 } else { burst + 1 };
            if burst == BURST_MAX {
                burst = 0;
                tokio::task::yield_now().await;
            }
            if !alarm.until(epoch + due, || stop.is_asked()).await? {
                return Ok(clock::now().saturating_duration_since(epoch));
            }
            let admission = if controls.keeps(n) { controls.admit(due, place.ends) } else { Admission::HeldBack };
            let Admission::Send { at: due } = admission else {
                stagehand.shard.borrow_mut().arrival_held_back(number);
                continue;
            };
            if !alarm.until(epoch + due, || stop.is_asked()).await? {
                return Ok(clock::now().saturating_duration_since(epoch));
            }
            let scenario = plan.workload.scenario_of(plan.seed, first_arrival + n);
            let endpoint = stagehand.scripts[scenario].endpoint;
            let mut shard = stagehand.shard.borrow_mut();
            if run.live.0[share.thread].in_flight() >= max_in_flight {
                shard.arrival_dropped(number, due, endpoint);
            } else {
                let window = shard.arrival_started(number, due, endpoint);
                tokio::task::spawn_local(play(Rc::clone(stagehand), Arrival { stage: number, scenario, due, window }));
            }
            shard.close_passed(due);
        }
        first_arrival += schedule.count();
        if !alarm.until(epoch + place.ends, || stop.is_asked()).await? {
            return Ok(clock::now().saturating_duration_since(epoch));
        }
    }
    Ok(plan.duration())
}
