//! A simulated world in which the gate is tried out: services whose truth is known, on machines that disturb them, judged by the
//! product's own comparison and verdict, and beside it by the rules people use instead.
//!
//! A seed makes a case, and always the same one. `service` says what is called, `machine` and `process` what disturbs it, `lognormal`
//! and `queue` are two unrelated ways to make latencies, `run` makes records of them; `side_by_side` and `stored` are the two
//! experiments, `rivals` the other rules, `rounds` says how many cases are played, `tally` counts, `table`, `targets` and `words`
//! write down.

pub(crate) mod gate;
mod lognormal;
mod machine;
pub(crate) mod plan;
mod process;
mod queue;
pub(crate) mod rivals;
pub(crate) mod rounds;
mod run;
mod service;
mod side_by_side;
mod stored;
mod streams;
pub(crate) mod table;
pub(crate) mod tally;
pub(crate) mod targets;
pub(crate) mod words;

pub(crate) use machine::Runners;
pub(crate) use process::ProcessNoise;
pub(crate) use rivals::Rival;
pub(crate) use service::{Change, Family};
pub(crate) use side_by_side::SideBySide;
pub(crate) use stored::Stored;
