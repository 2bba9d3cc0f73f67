//! Closed loop: each user begins anew when the last answer has come. The target sets the pace, and a slow one meets less load:
//! that is how a fixed number of clients behaves, and why latencies of a closed loop say nothing about a rate.

use std::{rc::Rc, time::Duration};

use super::{
    controls::Admission,
    feeds::{Feeds, Row},
    iteration::{Arrival, play},
    lane::Lane,
    user::User,
};
use crate::{
    clock,
    measure::Withheld,
    plan::{Load, Plan, ScenarioId, Share},
    protocol::Driver,
};

/// How long a user waits that is kept from the target before it asks again, and one whose request has failed at once.
const WAIT: Duration = Duration::from_millis(20);
/// More users than so many wait longer, or asking would be all that threads do: ten thousand times a second together.
const USERS_PER_WAIT: u32 = 200;
/// How often a user who waits looks whether a stage begins earlier than planned.
const LOOK_STEP: Duration = Duration::from_millis(50);
/// An iteration that failed within this time has waited for nothing: for a name that is dead, say, or in a time in which no
/// connection is tried.
const AT_ONCE: Duration = Duration::from_millis(10);

/// Lives the life of user `number` through all stages that have users.
pub(super) async fn live<D: Driver>(lane: Rc<Lane<D>>, number: u32) {
    let mut user = lane.welcome(number);
    let mut ready = Duration::ZERO;
    for (stage, facts) in lane.run.plan.stages.iter().enumerate() {
        let Load::Users(crowd) = facts.load else { continue };
        let Some((from, until)) = crowd.presence(number, facts.duration) else { continue };
        await_begin(&lane, stage, from).await;
        let begins = lane.run.timeline.stage(stage).begins;
        let stay = Stay { stage, until: begins + until };
        ready = take_part(&lane, &mut user, stay, ready.max(begins + from)).await;
        if lane.run.stop.is_asked() {
            break;
        }
    }
    lane.retire(user);
}

/// A user's time in a stage.
#[derive(Clone, Copy, Debug)]
struct Stay {
    stage: usize,
    /// Moment of the run.
    until: Duration,
}

/// Plays one iteration after another until the user's time in a stage is over. Gives the moment at which it is ready for another.
async fn take_part<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>, stay: Stay, mut ready: Duration) -> Duration {
    let wait = wait_among(lane.run.plan.peak_users());
    let mut lasted = Duration::ZERO;
    while let Some(now) = comes_to_its_turn(lane, stay, ready).await {
        // What self-protection sheds is spread over users and iterations alike.
        let n = user.number.wrapping_add(user.iteration);
        let admission = lane.controls().decide(&lane.run.plan.workload, scenario_of(lane, user), n, ready, stay.until);
        let at = match admission {
            Admission::Send { at } => at,
            Admission::Withheld(Withheld::BySelfProtection) => {
                // The iteration is passed over, and its time with it: the next one may be of a scenario that is not shed.
                user.iteration += 1;
                ready = now + lasted.max(wait);
                continue;
            }
            // Everybody waits while the circuit breaker is open.
            Admission::HeldBack | Admission::Withheld(Withheld::ByBreaker) => {
                ready = now + wait;
                continue;
            }
        };
        if at > ready {
            lane.wait_until_or(at, || !is_on(lane, stay, at)).await;
            if !is_on(lane, stay, at) {
                break;
            }
            // The circuit breaker may have opened meanwhile; then the user waits with all others.
            if lane.controls().is_silent() {
                ready = at;
                continue;
            }
        }
        match begin(lane, user, stay.stage, at) {
            Begin::Plays(arrival) => {
                ready = iterate(lane, user, arrival, now.max(at)).await;
                lasted = ready.saturating_sub(at);
            }
            Begin::Waits => ready = at,
            Begin::IsOver => break,
        }
    }
    ready
}

/// What comes of an iteration that is due.
#[derive(Debug)]
enum Begin {
    /// It is played.
    Plays(Arrival),
    /// Another thread has taken the last pass of the circuit breaker since it was looked at.
    Waits,
    /// There is none left in the stage.
    IsOver,
}

/// Takes all that an iteration needs. The iteration itself comes last, as it can't be given back.
fn begin<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>, stage: usize, due: Duration) -> Begin {
    let run = &lane.run;
    if !run.has_iterations(stage) {
        run.timeline.end_early(stage, run.moment());
        return Begin::IsOver;
    }
    let Some((scenario, row)) = next_iteration(lane, user) else {
        run.end_for_want_of_rows(stage);
        return Begin::IsOver;
    };
    let Some(standing) = lane.controls().begin(lane.scenarios[scenario].sends_at_once()) else { return Begin::Waits };
    if !run.claim_iteration(stage) {
        // Another thread has taken the last one since it was looked at.
        run.timeline.end_early(stage, run.moment());
        return Begin::IsOver;
    }
    Begin::Plays(Arrival { stage, scenario, due, ticket: None, row, standing })
}

/// The scenario that is a user's turn.
fn scenario_of<D: Driver>(lane: &Lane<D>, user: &User<D::Session>) -> ScenarioId {
    lane.run.plan.workload.scenario_of(lane.run.plan.seed, user.number << 32 | user.iteration)
}

/// What a user does next: the scenario and the rows it takes. A scenario that has no rows left for it is passed over; `None` when
/// all have none.
fn next_iteration<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>) -> Option<(ScenarioId, Row)> {
    let plan = &lane.run.plan;
    let feeds = &lane.run.feeds;
    loop {
        let scenario = scenario_of(lane, user);
        if let Some(row) = feeds.take(&plan.workload, plan.seed, scenario, &mut user.kept) {
            return Some((scenario, row));
        }
        if !feeds.has_any(&plan.workload, &user.kept) {
            return None;
        }
        user.iteration += 1;
    }
}

/// Waits until a stage has begun and the user's own time in it has come, unless that never comes.
async fn await_begin<D: Driver>(lane: &Lane<D>, stage: usize, from: Duration) {
    let plan = &lane.run.plan;
    let may_move = Feeds::may_end(&plan.workload) || plan.stages[..stage].iter().any(|before| before.iterations.is_some());
    loop {
        let place = lane.run.timeline.stage(stage);
        // No moment of the run: those of before its start are none.
        let (begin, now) = (lane.run.epoch + place.begins + from, clock::now());
        if now >= begin || place.begins + from >= place.ends || lane.run.stop.is_asked() {
            return;
        }
        let look = if may_move { begin.min(now + LOOK_STEP) } else { begin };
        lane.delays.until_or(look, || lane.run.stop.is_asked()).await;
    }
}

/// Whether a user who is ready at a moment still has time in the stage. One that comes late to a stage, because its last
/// iteration took long, begins at once.
fn is_on<D: Driver>(lane: &Lane<D>, stay: Stay, ready: Duration) -> bool {
    !lane.run.stop.is_asked() && ready < stay.until.min(lane.run.timeline.stage(stay.stage).ends)
}

/// Waits until a user is ready. The moment at which it is, if it still has time in the stage then.
async fn comes_to_its_turn<D: Driver>(lane: &Lane<D>, stay: Stay, ready: Duration) -> Option<Duration> {
    while is_on(lane, stay, ready) {
        let now = lane.run.moment();
        if now >= ready {
            return Some(now);
        }
        // The stage may end before its time, or the run.
        lane.wait_until_or(ready, || !is_on(lane, stay, ready)).await;
    }
    None
}

/// Plays an iteration that begins at a moment of the run. When its user is ready for the next one.
async fn iterate<D: Driver>(lane: &Lane<D>, user: &mut User<D::Session>, mut arrival: Arrival, begins: Duration) -> Duration {
    {
        let mut shard = lane.shard.borrow_mut();
        arrival.ticket = shard.arrival_started(arrival.stage, arrival.due, lane.scenarios[arrival.scenario].opening);
        shard.close_passed(arrival.due);
    }
    let (ready, has_failed) = play(lane, user, arrival).await;
    // Users whose requests fail without waiting for anything would fail as fast as the processor allows.
    if has_failed && ready.saturating_sub(begins) < AT_ONCE { ready + WAIT } else { ready }
}

/// How long each of so many users waits before it asks again.
fn wait_among(users: u32) -> Duration {
    WAIT * (users / USERS_PER_WAIT).max(1)
}

/// The users of a plan that live on one thread. Those of two versions that come at the same time live on the same one: what a
/// thread suffers happens to both versions.
pub(super) fn users(plan: &Plan, share: Share) -> impl Iterator<Item = u32> + use<> {
    let sides = plan.sides().len() as u32;
    (0..plan.peak_users()).filter(move |number| (number / sides) as usize % share.threads == share.thread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_users_wait_the_longer_each_of_them_does() {
        let waits = [1, 200, 399, 1_000, 10_000].map(|users| wait_among(users).as_millis());
        assert_eq!(waits, [20, 20, 20, 100, 1_000]);
    }
}
