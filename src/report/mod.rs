//! From verdict and records to files and text: one file per format, all from one [`View`].
//!
//! Everything shown is computed in `figures` and `view`; formats and templates only place it.

mod charts;
mod console;
mod csv;
mod escape;
mod figures;
mod html;
mod junit;
mod markdown;
mod summary_json;
mod verdict_json;
mod view;
mod write;

pub use console::console;
pub use summary_json::summary_json;
pub use verdict_json::{VERDICT_SCHEMA, VerdictFile};
pub use view::View;
pub use write::{Format, RECORD_FILE, REPORT_FILE, ReportError, STEP_SUMMARY_FILE, VERDICT_FILE, prepare, write};
