//! Open loop: arrivals are sent when they are due, whatever became of those before them. So a slow target meets the load that
//! it would meet in production, and a late send shows in the latency instead of hiding in a gap.

use std::{io, rc::Rc, time::Duration};

use super::{
    alarm::Alarm,
    controls::Admission,
    iteration::{Arrival, play},
    lane::Lane,
    seat::Seat,
    user::User,
};
use crate::{
    clock,
    measure::Withheld,
    plan::{Pacer, ScenarioId, Shape},
    protocol::Driver,
};

/// Arrivals sent in one go when behind; then the other tasks get their turn, so that what was sent can be received.
const BURST_MAX: u32 = 16;

/// Sends this thread's share of the arrivals of one stage. `first` is the number of the stage's first arrival over the whole run.
pub(super) async fn send_arrivals<D>(
    lanes: &[Rc<Lane<D>>],
    alarm: &Alarm,
    number: usize,
    shape: Shape,
    first: u64,
) -> io::Result<()>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (run, share, stage) = (&lanes[0].run, lanes[0].share, &lanes[0].run.plan.stages[number]);
    let begins = run.timeline.stage(number).begins;
    let seed = run.plan.seed.wrapping_add(number as u64);
    let mut pacer = Pacer::new(shape, stage.duration, &run.plan.control, share, seed);
    let (mut n, mut burst) = (first + share.thread as u64, 0);
    let is_over = || run.stop.is_asked() || run.is_fed_up() || run.timeline.is_cut(number);
    while let Some(offset) = pacer.next(lanes[0].controls().rate_factor()) {
        let due = begins + offset;
        expect(lanes, due);
        burst = if run.epoch + due > clock::now() { 0 } else { burst + 1 };
        if burst == BURST_MAX {
            burst = 0;
            tokio::task::yield_now().await;
        }
        if !alarm.until(run.epoch + due, is_over).await? || !meet(lanes, alarm, number, due, n).await? {
            run.end_for_want_of_rows(number);
            break;
        }
        n += share.threads as u64;
    }
    Ok(())
}

/// The next arrival falls due at a moment of the run, whichever version it goes to.
pub(super) fn expect<D: Driver>(lanes: &[Rc<Lane<D>>], due: Duration) {
    lanes.iter().for_each(|lane| lane.shard.borrow_mut().expects(due));
}

/// Sends arrival `n` of the run, which is due now, to its version, or keeps it from the target. False when the stage is over
/// before it.
async fn meet<D>(lanes: &[Rc<Lane<D>>], alarm: &Alarm, stage: usize, due: Duration, n: u64) -> io::Result<bool>
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (run, lane) = (&lanes[0].run, &lanes[lanes[0].run.plan.side_of_arrival(n).number()]);
    let (workload, controls) = (&run.plan.workload, lane.controls());
    let scenario = workload.scenario_of(run.plan.seed, n);
    let ends = run.timeline.stage(stage).ends;
    let (at, withheld) = match controls.decide(workload, scenario, n, due, ends) {
        Admission::HeldBack => {
            lane.shard.borrow_mut().arrival_held_back(stage);
            return Ok(true);
        }
        Admission::Withheld(by) => (due, Some(by)),
        Admission::Send { at } => (at, None),
    };
    // What is held back is not counted: nobody has meant it to be sent.
    let is_counted = run.claim_iteration(stage);
    expect(lanes, at);
    if !alarm.until(run.epoch + at, || run.stop.is_asked() || (!is_counted && run.timeline.is_cut(stage))).await? {
        return Ok(false);
    }
    if !is_counted {
        // A stage lasts until the first arrival beyond its count would be due.
        run.timeline.end_early(stage, run.moment());
        return Ok(false);
    }
    match withheld {
        None => arrive(lane, stage, at, scenario),
        Some(by) => lane.shard.borrow_mut().arrival_withheld(stage, by),
    }
    Ok(true)
}

/// Takes an arrival into play, or drops it when too many are.
fn arrive<D>(lane: &Rc<Lane<D>>, stage: usize, due: Duration, scenario: ScenarioId)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let prepared = &lane.scenarios[scenario];
    let (mut shard, controls) = (lane.shard.borrow_mut(), lane.controls());
    if controls.is_silent() {
        // It became so while the arrival waited for the rate limit.
        shard.arrival_withheld(stage, Withheld::ByBreaker);
    } else if !lane.has_room() {
        shard.arrival_dropped(stage, due, prepared.endpoint);
    } else if let Some(((user, seat), row)) = lane.user_for(scenario) {
        // The pass is taken last, by those that send: what comes to nothing must not use up the trials.
        let Some(standing) = controls.begin(prepared.sends_at_once()) else {
            shard.arrival_withheld(stage, Withheld::ByBreaker);
            lane.release((user, seat));
            return;
        };
        let ticket = shard.arrival_started(stage, due, prepared.opening);
        let arrival = Arrival { stage, scenario, due, ticket, row, standing };
        match seat {
            Some(seat) => seat.call(user, arrival),
            None => drop(tokio::task::spawn_local(serve(Rc::clone(lane), user, arrival))),
        }
    } else {
        // Nobody has said that so many should come as there are no rows for.
        shard.arrival_held_back(stage);
    }
    shard.close_passed(due);
}

/// What a user of the open loop does: plays one arrival after another, those in turn that come when it is free.
async fn serve<D: Driver>(lane: Rc<Lane<D>>, mut user: User<D::Session>, mut arrival: Arrival) {
    let seat = Rc::new(Seat::default());
    loop {
        play(&lane, &mut user, arrival).await;
        lane.release((user, Some(Rc::clone(&seat))));
        (user, arrival) = seat.wait().await;
    }
}
