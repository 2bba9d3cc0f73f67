//! Open loop: arrivals are sent when they are due, whatever became of those before them. So a slow target meets the load that
//! it would meet in production, and a late send shows in the latency instead of hiding in a gap.

use std::{io, rc::Rc, time::Duration};

use super::{
    alarm::Alarm,
    cast::Cast,
    controls::Admission,
    iteration::{Arrival, play},
    seat::Seat,
};
use crate::{
    clock,
    plan::{Pacer, ScenarioId, Shape, Stage},
    protocol::Driver,
};

/// Arrivals sent in one go when behind; then the other tasks get their turn, so that what was sent can be received.
const BURST_MAX: u32 = 16;

/// Sends this thread's share of the arrivals of one stage. `first` is the number of the stage's first arrival over the whole run.
pub(super) async fn send_arrivals<D>(
    cast: &Rc<Cast<D>>,
    alarm: &Alarm,
    (number, stage): (usize, &Stage),
    shape: Shape,
    first: u64,
) -> io::Result<()>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (place, controls) = (cast.run.timeline.stage(number), &cast.run.controls);
    let (begins, ends) = (place.begins, place.ends);
    let (arrivals, seed) = (cast.run.plan.control.arrivals, cast.run.plan.seed.wrapping_add(number as u64));
    let mut pacer = Pacer::new(shape, stage.duration, arrivals, cast.share, seed);
    let (mut n, mut burst) = (first + cast.share.thread as u64, 0);
    let gives_up = || cast.run.stop.is_asked() || cast.run.is_fed_up();
    while let Some(offset) = pacer.next(controls.rate_factor()) {
        if cast.run.is_fed_up() {
            cast.run.end_for_want_of_rows(number);
            return Ok(());
        }
        let due = begins + offset;
        cast.shard.borrow_mut().expects(due);
        burst = if cast.run.epoch + due > clock::now() { 0 } else { burst + 1 };
        if burst == BURST_MAX {
            burst = 0;
            tokio::task::yield_now().await;
        }
        if !alarm.until(cast.run.epoch + due, gives_up).await? {
            cast.run.end_for_want_of_rows(number);
            return Ok(());
        }
        let workload = &cast.run.plan.workload;
        let scenario = workload.scenario_of(cast.run.plan.seed, n);
        let admission = if controls.keeps(workload, scenario, n) { controls.admit(due, ends) } else { Admission::Withheld };
        match admission {
            Admission::HeldBack => cast.shard.borrow_mut().arrival_held_back(number),
            Admission::Withheld => cast.shard.borrow_mut().arrival_withheld(number),
            Admission::Send { at } => {
                cast.shard.borrow_mut().expects(at);
                if !alarm.until(cast.run.epoch + at, || cast.run.stop.is_asked()).await? {
                    return Ok(());
                }
                arrive(cast, number, at, scenario);
            }
        }
        n += cast.share.threads as u64;
    }
    Ok(())
}

/// Takes an arrival into play, or drops it when too many are.
fn arrive<D>(cast: &Rc<Cast<D>>, stage: usize, due: Duration, scenario: ScenarioId)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let script = &cast.scripts[scenario];
    let max_in_flight = cast.share.of(cast.run.plan.limits.max_in_flight).max(1) as u64;
    let (mut shard, controls) = (cast.shard.borrow_mut(), &cast.run.controls);
    if controls.is_silent() {
        // It became so while the arrival waited for the rate limit.
        shard.arrival_withheld(stage);
    } else if cast.in_flight() >= max_in_flight {
        shard.arrival_dropped(stage, due, script.endpoint);
    } else if let Some(row) = cast.run.feeds.take(&cast.run.plan, scenario) {
        // The pass is taken last, by those that send: what comes to nothing must not use up the trials.
        let Some(turn) = controls.begin(script.sends_at_once()) else {
            shard.arrival_withheld(stage);
            return;
        };
        let window = shard.arrival_started(stage, due, script.opening);
        let arrival = Arrival { stage, scenario, due, window, row, turn };
        match cast.free_user() {
            Some((user, seat)) => seat.call(user, arrival),
            None => drop(tokio::task::spawn_local(serve(Rc::clone(cast), arrival))),
        }
    } else {
        // Nobody has said that so many should come as there are no rows for.
        shard.arrival_held_back(stage);
    }
    shard.close_passed(due);
}

/// What a user of the open loop does: plays one arrival after another, those in turn that come when it is free.
async fn serve<D: Driver>(cast: Rc<Cast<D>>, mut arrival: Arrival) {
    let (mut user, seat) = (cast.new_user(), Rc::new(Seat::default()));
    loop {
        play(&cast, &mut user, arrival).await;
        cast.release(user, &seat);
        (user, arrival) = seat.wait().await;
    }
}
