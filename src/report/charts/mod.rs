//! Charts as plain geometry. Coordinates are computed here; the template only draws them.

pub(super) mod forest;
mod scale;
pub(super) mod timeline;
