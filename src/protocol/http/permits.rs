//! How many connections there may be, and who waits for one more.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Wait;
use crate::protocol::Failure;

/// A number of connections that are in use at a time; who wants one more waits in line. Clones share the number. All of it
/// belongs to one thread; only a driver that is made on another one needs it to be `Send`.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// The right to use one connection. Whoever is next in line gets it when this is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    _held: OwnedSemaphorePermit,
}

/// One who stands in line.
struct Waiting<'l>(&'l AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Limit {
    /// At least one, without which a thread could send nothing; there are no more threads than connections.
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(most)), waiting: Arc::default(), most }
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// How many may be opened at once.
    pub(super) fn free(&self) -> usize {
        self.permits.available_permits()
    }

    pub(super) fn in_use(&self) -> usize {
        self.most - self.free()
    }

    /// Whether somebody stands in line: then who holds a permit without using it gives it up.
    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    /// A permit. Before it is waited for, `give_way` lets those go that nobody uses.
    ///
    /// # Errors
    /// There was none in time.
    pub(super) async fn permit(&self, wait: &mut Wait, give_way: impl FnOnce()) -> Result<Permit, Failure> {
        let permits = || Arc::clone(&self.permits);
        if let Ok(permit) = permits().try_acquire_owned() {
            return Ok(Permit { _held: permit });
        }
        self.waiting.fetch_add(1, Relaxed);
        let _waiting = Waiting(&self.waiting);
        give_way();
        match wait.on(permits().acquire_owned()).await? {
            Ok(permit) => Ok(Permit { _held: permit }),
            // Nobody ever closes it.
            Err(_) => Err(super::limits::without_connection()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{clock, record::ErrorClass};

    #[test]
    fn who_stands_in_line_is_known_until_they_have_a_permit_or_go_away() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (limit, now) = (Limit::new(1), clock::now());
            let mut wait = Wait::new(now, Duration::ZERO, now + Duration::from_secs(60));
            let first = limit.permit(&mut wait, || panic!("one is free")).await.unwrap();
            assert!(!limit.is_wanted() && limit.in_use() == 1 && wait.at == now, "nobody waited");
            let mut asked = false;
            let failure = limit.permit(&mut wait, || asked = limit.is_wanted()).await.unwrap_err();
            assert!(asked && !limit.is_wanted() && failure.class == ErrorClass::TimeoutPool, "{failure:?}");
            drop(first);
            assert!(limit.permit(&mut wait, || {}).await.is_ok() && limit.free() == 1, "dropped at once");
        });
    }
}
