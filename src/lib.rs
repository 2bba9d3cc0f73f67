//! loadgate: a performance regression gate for pull requests.
//!
//! Everything to the left of [`record::RunRecord`] makes load and measures; everything to its right judges and reports.
//! `docs/ARCHITECTURE.md` has the picture and the invariants, `tests/tidy.rs` holds the direction of imports.

pub mod baseline;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod config;
pub mod diagnose;
pub mod engine;
pub mod env;
pub mod exit;
pub mod history;
pub mod import;
pub mod mask;
pub mod measure;
pub mod mock_target;
pub mod pack;
pub mod plan;
pub mod policy;
pub mod protocol;
pub mod publish;
pub mod record;
pub mod report;
pub mod service;
pub mod stats;
pub mod units;
pub mod verdict;
