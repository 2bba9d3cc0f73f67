//! Makes a plan happen.
//!
//! One thread per core, each with its own runtime, connections and histograms; nothing is shared on the hot path. Arrival
//! `n` of a stage belongs to thread `n mod threads`, so that threads need no queue to share work by.

mod alarm;
mod cast;
mod closed_loop;
mod controls;
mod iteration;
mod open_loop;
mod ready;
mod run;
mod stop;
mod token_bucket;
mod user;
mod visit;
mod worker;

pub use ready::{NotReady, wait_until_ready};
pub use run::{EngineError, Observed, Progress, run};
pub use stop::Stop;
