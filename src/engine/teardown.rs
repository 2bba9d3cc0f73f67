//! The end of a run for its users: each that has begun a scenario leaves it, once.

use std::{rc::Rc, time::Duration};

use tokio::task::JoinSet;

use super::{iteration::leave, lane::Lane, user::User};
use crate::{clock, protocol::Driver};

/// Users who leave at the same time on one thread: the end of a run is no reason for a burst.
const AT_ONCE: usize = 16;
/// How often the wish to end without waiting is looked at.
const LOOK_STEP: Duration = Duration::from_millis(20);

/// Lets the users of this thread leave, for as long as `left` allows and nobody is in a hurry. Those that did not come to it are
/// counted: what they have begun is still open at the target.
pub(super) async fn tear_down<D>(lane: &Rc<Lane<D>>, left: Duration)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    if lane.scenarios.iter().any(super::iteration::PreparedScenario::has_teardown) {
        see_off(lane, left).await;
        lane.note_who_stayed();
    }
}

async fn see_off<D>(lane: &Rc<Lane<D>>, left: Duration)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    let (began, mut waiting) = (clock::now(), lane.take_users());
    // The first to come are the first to leave.
    waiting.sort_by_key(|user| std::cmp::Reverse(user.number));
    let mut leaving = JoinSet::new();
    loop {
        while leaving.len() < AT_ONCE
            && let Some(user) = waiting.pop()
        {
            leaving.spawn_local(leave_all(Rc::clone(lane), user));
        }
        if leaving.is_empty() || lane.run.stop.is_urgent() || clock::now().saturating_duration_since(began) >= left {
            return;
        }
        let _ = tokio::time::timeout(LOOK_STEP, leaving.join_next()).await;
    }
}

async fn leave_all<D: Driver>(lane: Rc<Lane<D>>, mut user: User<D::Session>) {
    for scenario in 0..lane.scenarios.len() {
        leave(&lane, &mut user, scenario).await;
    }
}
