//! GitHub: the comment and the check of a pull request, the job summary, outputs of the step, commands in the log.
//!
//! Everything here is told, and what can't be posted is a remark: the exit code stays the gate's. Only `acceptance` is asked, whether people
//! said of a regression that it is meant to be; what it can't find out counts as not said.

mod acceptance;
mod annotations;
mod check_run;
mod client;
mod comment;
mod connect;
mod event;
mod pulls;
mod remarks;
mod retry;
mod runner_files;
mod session;
mod trouble;

pub use acceptance::{Answer, LabelRule, Labelled, ask_for_label};
pub use annotations::{Level, MOST as ANNOTATIONS_MAX, command, mask, remark};
pub use check_run::Finding;
pub use client::Server;
pub use event::{Context, Judged, Pull, Run, Surroundings, is_workflow};
pub use retry::Patience;
pub use runner_files::{Output, PublishError, add_outputs, add_summary, add_to_summary, set_outputs};
pub use session::{Report, Session, Settings, Told};
pub use trouble::{ApiError, Trouble};
