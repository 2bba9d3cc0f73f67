//! Comparison x Policy -> Verdict with reasons. Pure, cannot fail.

mod decision;

pub use decision::{Reference, ThresholdOutcome, ThresholdResult, ValidityCheck, Verdict, VerdictKind};
