//! Baseline runs x candidate runs -> [`Comparison`]. Pure: no I/O, no clock.

mod outcome;

pub use outcome::{Change, ComparedMetric, Comparison, Grade, Outcome, Row, SERVICE};
