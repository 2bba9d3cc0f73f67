//! Where earlier records live: one file per run, `DIR/<suite>/<fingerprint>/<utc time>-<commit>.json.gz`, and beside them what
//! comparisons side by side taught of noise.
//!
//! The files lie in a folder, or on a branch of the repository. Only this module touches the store. Runs are compared only with runs
//! of the same fingerprint, and a file that is damaged or does not belong where it lies is an error that names it, never skipped.

mod error;
mod forget;
mod git;
mod listing;
mod name;
mod noise;
mod pins;
mod points;
mod retention;
mod scan;
mod shelf;
mod store;

pub use error::StoreError;
pub use git::{Access, BRANCH, Branch, Laid, Lineage};
pub use listing::{Listed, State};
pub use noise::{LEARNED_MAX, StoredLesson};
pub use points::{Fate, Kept, KeptRun};
pub use retention::Pruning;
pub use shelf::{Opened, Shelf};
pub use store::{Found, Store, Stored, descends, has_warmup, warmup_hint};
