//! A command of the shell and all processes that come of it.

#[cfg(target_os = "linux")]
mod proc;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

use std::{
    hash::{BuildHasher as _, RandomState},
    io::{self, PipeWriter},
    path::Path,
    process::{Command, Stdio},
};

#[cfg(unix)]
pub(super) use processes::Processes;
#[cfg(unix)]
pub(super) use unix::Group;
#[cfg(not(unix))]
pub(super) use windows::Group;

use super::ServiceError;
use crate::{env, plan::ShellCommand};

/// The command, ready to be spawned: with nothing to read, and one pipe for all it says. Processes that come of it can be told
/// by `mark`, also those that leave the group.
fn shell(
    (program, flag): (&str, &str),
    command: &ShellCommand,
    variables: &[(&str, String)],
    (mark, output): (&str, PipeWriter),
) -> Result<Command, ServiceError> {
    let folder = if command.folder.as_os_str().is_empty() { Path::new(".") } else { command.folder.as_path() };
    std::fs::read_dir(folder).map_err(|source| ServiceError::Folder { folder: folder.to_owned(), source })?;
    let mut shell = Command::new(program);
    shell.arg(flag).arg(&command.text).current_dir(folder).stdin(Stdio::null());
    shell.stdout(output.try_clone()?).stderr(output).env(env::LOADGATE_SERVICE, mark);
    variables.iter().for_each(|(name, value)| _ = shell.env(name, value));
    Ok(shell)
}

/// A text that no other command of any process carries.
fn new_mark() -> String {
    format!("{}-{:016x}", std::process::id(), RandomState::new().hash_one(0))
}

fn no_shell(program: &str) -> impl FnOnce(io::Error) -> ServiceError + '_ {
    move |error| ServiceError::System(io::Error::new(error.kind(), format!("{program}: {error}")))
}
