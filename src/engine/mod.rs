//! Makes a plan happen.
//!
//! One thread per core, each with its own runtime, connections and histograms; nothing is shared on the hot path. Arrival
//! `n` of a stage belongs to thread `n mod threads`, so that threads need no queue to share work by.

mod adaptive;
mod alarm;
mod answer;
mod breaker;
mod closed_loop;
mod conductor;
mod content;
mod controls;
mod feeds;
mod heartbeat;
mod iteration;
mod lane;
mod looks;
mod observed;
mod open_loop;
mod overload;
mod prepared_request;
mod ready;
mod render;
mod request_settings;
mod run;
mod samples;
mod seat;
mod setback;
mod stop;
mod teardown;
mod token_bucket;
mod traces;
mod user;
mod websocket;
mod worker;

pub use conductor::{Progress, Steering};
pub use observed::{Observed, ObservedBaseline};
pub use ready::{NotReady, wait_until_ready};
pub use run::{Ending, EngineError, run, run_watched};
pub use stop::Stop;
