//! Charts as coordinates: everything is placed here, the template only draws.

mod forest;
mod lanes;
mod scale;
mod timeline;

pub use forest::{Forest, ForestRow};
pub use lanes::{Band, Lane, LaneMark, Lanes};
pub use scale::Tick;
pub use timeline::{Label, Line, Mark, Timeline};

pub(super) use forest::{ForestInput, ForestOf, forest};
pub(super) use lanes::{lanes, seconds};
pub(super) use timeline::{Slot, timeline};

/// The rectangle that data is drawn in, in SVG units.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
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
