//! Charts as coordinates: everything is placed here, the template only draws.

mod connections;
mod failed;
mod forest;
mod histogram;
mod lanes;
mod percentiles;
mod phase_bars;
mod rates;
mod scale;
mod time_axis;
mod timeline;

pub use forest::{Forest, ForestRow};
pub use histogram::{Histogram, ShareRow};
pub use lanes::{Band, Lane, LaneLine, LaneMark, Lanes};
pub use percentiles::Percentiles;
pub use phase_bars::{PhaseBar, PhaseBars, PhasePart};
pub use scale::Tick;
pub use timeline::{Bar, Key, Label, Line, Timeline, Trouble};

pub(super) use connections::connections;
pub(super) use failed::failed;
pub(super) use forest::{ForestInput, ForestOf, forest};
pub(super) use histogram::histogram;
pub(super) use lanes::{lanes, seconds};
pub(super) use percentiles::percentiles;
pub(super) use phase_bars::phase_bars;
pub(super) use rates::rates;
pub(super) use time_axis::Slot;
pub(super) use timeline::timeline;

/// The rectangle that data is drawn in, in SVG units.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    /// Upper edge.
    pub top: f64,
    /// Lower edge.
    pub bottom: f64,
}

/// To a tenth of a unit: finer is not seen and makes the file larger.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
