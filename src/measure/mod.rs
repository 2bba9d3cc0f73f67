//! The hot path: numbers in, histograms out. One [`Shard`] per thread, no locks; a [`Collector`] puts closed windows of all
//! threads together and keeps them encoded, so that memory does not grow with the number of requests.

mod awaited;
mod collector;
mod connected;
mod failures;
mod live;
mod machine;
mod open_windows;
mod pulse;
mod shard;
mod slowest;
mod stage_counts;
mod strain;
mod timeline;
mod unmeasured;

pub use awaited::Ticket;
pub use collector::{Collector, Measured};
pub use connected::Lives;
pub use failures::{FailureNote, Failures};
pub use live::{Live, LiveShard};
pub use machine::{CpuClock, environment, max_rss_bytes, raise_open_files_limit};
pub use open_windows::ClosedWindow;
pub use pulse::{History, PULSE, PulseSlot, Recent};
pub use shard::{Finished, Shard, ShardEnd, Withheld};
pub use slowest::Slowest;
pub use stage_counts::StageCounts;
pub use strain::{Strain, StrainProbe};
pub use timeline::{StagePlace, Timeline};
pub use unmeasured::Unmeasured;
