//! Services and commands that loadgate starts itself.
//!
//! A command is run by the shell as the leader of a process group of its own, and nothing of that group outlives us: it is asked
//! to end, then killed, also when we fail, are interrupted or panic; when we are killed ourselves, a guard does it. What it says is kept, whoever reads it.

mod end;
mod error;
mod group;
#[cfg(unix)]
pub mod guard;
mod hook;
mod output;
mod port;
mod running;

pub use end::End;
pub use error::ServiceError;
pub use hook::{Done, run};
pub use output::{Keep, Mask};
pub use port::{Ports, is_taken};
pub use running::{PATIENCE, Service, Stopped, stop};
