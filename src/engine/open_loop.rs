//! Open loop: arrivals are sent when they are due, whatever became of those before them. So a slow target meets the load that
//! it would meet in production, and a late send shows in the latency instead of hiding in a gap.

use std::{io, rc::Rc, time::Duration};

use super::{
    alarm::Alarm,
    cast::Cast,
    controls::Admission,
    iteration::{Arrival, play},
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
    casts: &[Rc<Cast<D>>],
    alarm: &Alarm,
    (number, stage): (usize, &Stage),
    shape: Shape,
    first: u64,
) -> io::Result<()>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (run, share) = (&casts[0].run, casts[0].share);
    let (begins, ends) = (run.timeline.stage(number).begins, run.timeline.stage(number).ends);
    let (arrivals, seed) = (run.plan.control.arrivals, run.plan.seed.wrapping_add(number as u64));
    let mut pacer = Pacer::new(shape, stage.duration, arrivals, share, seed);
    let (mut n, mut burst) = (first + share.thread as u64, 0);
    let gives_up = || run.stop.is_asked() || run.is_fed_up();
    while let Some(offset) = pacer.next(casts[0].controls().rate_factor()) {
        if run.is_fed_up() {
            run.end_for_want_of_rows(number);
            return Ok(());
        }
        let due = begins + offset;
        expect(casts, due);
        burst = if run.epoch + due > clock::now() { 0 } else { burst + 1 };
        if burst == BURST_MAX {
            burst = 0;
            tokio::task::yield_now().await;
        }
        if !alarm.until(run.epoch + due, gives_up).await? {
            run.end_for_want_of_rows(number);
            return Ok(());
        }
        let (workload, cast) = (&run.plan.workload, &casts[run.plan.side_of_arrival(n).number()]);
        let (scenario, controls) = (workload.scenario_of(run.plan.seed, n), cast.controls());
        let admission = if controls.keeps(workload, scenario, n) { controls.admit(due, ends) } else { Admission::Withheld };
        match admission {
            Admission::HeldBack => cast.shard.borrow_mut().arrival_held_back(number),
            Admission::Withheld => cast.shard.borrow_mut().arrival_withheld(number),
            Admission::Send { at } => {
                expect(casts, at);
                if !alarm.until(run.epoch + at, || run.stop.is_asked()).await? {
                    return Ok(());
                }
                arrive(cast, number, at, scenario);
            }
        }
        n += share.threads as u64;
    }
    Ok(())
}

/// The next arrival falls due at a moment of the run, whichever version it goes to.
pub(super) fn expect<D: Driver>(casts: &[Rc<Cast<D>>], due: Duration) {
    casts.iter().for_each(|cast| cast.shard.borrow_mut().expects(due));
}

/// Takes an arrival into play, or drops it when too many are.
fn arrive<D>(cast: &Rc<Cast<D>>, stage: usize, due: Duration, scenario: ScenarioId)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let script = &cast.scripts[scenario];
    let (mut shard, controls) = (cast.shard.borrow_mut(), cast.controls());
    if controls.is_silent() {
        // It became so while the arrival waited for the rate limit.
        shard.arrival_withheld(stage);
    } else if cast.in_flight() >= cast.max_in_flight() {
        shard.arrival_dropped(stage, due, script.endpoint);
    } else if let Some(row) = cast.run.feeds.take(&cast.run.plan, scenario) {
        // The pass is taken last, by those that send: what comes to nothing must not use up the trials.
        let Some(turn) = controls.begin(script.sends_at_once()) else {
            shard.arrival_withheld(stage);
            return;
        };
        let window = shard.arrival_started(stage, due, script.opening);
        let (cast, arrival) = (Rc::clone(cast), Arrival { stage, scenario, due, window, row, turn });
        tokio::task::spawn_local(async move {
            let mut user = cast.user();
            play(&cast, &mut user, arrival).await;
            cast.release(user);
        });
    } else {
        // Nobody has said that so many should come as there are no rows for.
        shard.arrival_held_back(stage);
    }
    shard.close_passed(due);
}
