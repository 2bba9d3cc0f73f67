//! The end of a run for its users: each that has begun a scenario leaves it, once.

use std::{rc::Rc, time::Duration};

use tokio::task::JoinSet;

use super::{cast::Cast, iteration::leave, user::User};
use crate::{clock, protocol::Driver};

/// Users who leave at the same time on one thread: the end of a run is no reason for a burst.
const AT_ONCE: usize = 16;
/// How often the wish to end without waiting is looked at.
const LOOK_STEP: Duration = Duration::from_millis(20);

/// Lets the users of this thread leave, for as long as `left` allows and nobody is in a hurry.
pub(super) async fn tear_down<D>(cast: &Rc<Cast<D>>, left: Duration)
where
    D: Driver + 'static,
    D::Request: 'static,
{
    if !cast.scripts.iter().any(super::iteration::Script::has_teardown) {
        return;
    }
    let (began, mut waiting) = (clock::now(), cast.take_users());
    // The first to come are the first to leave.
    waiting.sort_by_key(|user| std::cmp::Reverse(user.number));
    let mut leaving = JoinSet::new();
    loop {
        while leaving.len() < AT_ONCE
            && let Some(user) = waiting.pop()
        {
            leaving.spawn_local(leave_all(Rc::clone(cast), user));
        }
        if leaving.is_empty() || cast.run.stop.is_urgent() || clock::now().saturating_duration_since(began) >= left {
            return;
        }
        let _ = tokio::time::timeout(LOOK_STEP, leaving.join_next()).await;
    }
}

async fn leave_all<D: Driver>(cast: Rc<Cast<D>>, mut user: User<D::Session>) {
    for scenario in 0..cast.scripts.len() {
        leave(&cast, &mut user, scenario).await;
    }
}
