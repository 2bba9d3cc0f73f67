//! What each generator thread does ten times a second beside its load: tells how it goes, and how late it woke up for it.

use std::{io, rc::Rc};

use super::lane::Lane;
use crate::{
    clock::{self, Timer},
    measure::PULSE,
    protocol::Driver,
};

/// Beats until it is dropped.
///
/// # Errors
/// The system gives no timer.
pub(super) async fn beat<D: Driver>(lanes: Vec<Rc<Lane<D>>>) -> io::Result<()> {
    let timer = Timer::new()?;
    loop {
        // Counted from now each time: beats that were missed in a standstill were one delay, not many.
        let due = clock::now() + PULSE;
        timer.set(PULSE)?;
        timer.gone_off().await?;
        let lag = clock::now().saturating_duration_since(due);
        for lane in &lanes {
            lane.shard.borrow_mut().pulse(due.saturating_duration_since(lane.run.epoch), lag);
        }
        if let Some(lane) = lanes.first() {
            lane.driver.tidy_up();
        }
    }
}
