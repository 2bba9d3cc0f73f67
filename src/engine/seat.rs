//! Where a user of the open loop waits for its next arrival. Its task lives as long as the run: to make one anew for each arrival
//! would cost a good part of what the request itself does.

use std::{
    cell::RefCell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use super::{iteration::Arrival, user::User};

/// A user of the open loop, and where its task waits, which it has from its first arrival on.
pub(super) type Seated<S> = (User<S>, Option<Rc<Seat<S>>>);

/// Takes one user and its arrival at a time from whoever sends to the task that sits here.
#[derive(Debug)]
pub(super) struct Seat<S> {
    next: RefCell<Option<(User<S>, Arrival)>>,
    sitting: RefCell<Option<Waker>>,
}

impl<S> Default for Seat<S> {
    fn default() -> Self {
        Self { next: RefCell::default(), sitting: RefCell::default() }
    }
}

impl<S> Seat<S> {
    /// Gives the task its next arrival, and the user back that it left when it sat down.
    pub(super) fn call(&self, user: User<S>, arrival: Arrival) {
        self.next.replace(Some((user, arrival)));
        if let Some(waker) = &*self.sitting.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Waits to be called.
    pub(super) async fn wait(&self) -> (User<S>, Arrival) {
        poll_fn(|context| {
            if let Some(called) = self.next.take() {
                return Poll::Ready(called);
            }
            let mut sitting = self.sitting.borrow_mut();
            if !sitting.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                *sitting = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}
