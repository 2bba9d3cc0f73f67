//! What ends a service when loadgate itself is killed and can't: a process of our own program beside each service, which does nothing
//! but wait for us to be gone.
//!
//! It reads from a pipe whose other end only we have. The system closes that end when we end, however we end, so its end is a
//! sure sign everywhere. The service knows nothing of it: it stays our own child, with its group, its exit code and its output.

use std::{
    io::{self, BufRead as _, PipeWriter, Write as _},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use rustix::process::{Pid, Signal};

use super::{group::Processes, running::PATIENCE};
use crate::clock::{self, Duration};

/// The subcommand of our program that is a guard; its only argument is the mark of the service.
pub const GUARD: &str = "guard-service";

/// Time between two looks at processes that are to end.
const STEP: Duration = Duration::from_millis(20);
/// How the program that is running now is found, even if another one has taken its file.
#[cfg(target_os = "linux")]
const OURSELVES: &str = "/proc/self/exe";

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Lets services be guarded from now on. To be called by the program that has the subcommand [`GUARD`]; any other, a test of this
/// library for example, would start itself over and over.
pub fn enable() {
    #[cfg(target_os = "linux")]
    let program = Some(PathBuf::from(OURSELVES)).filter(|path| path.exists());
    #[cfg(not(target_os = "linux"))]
    let program: Option<PathBuf> = None;
    if let Some(program) = program.or_else(|| std::env::current_exe().ok()) {
        let _ = PROGRAM.set(program);
    }
}

/// The guard of one service.
#[derive(Debug)]
pub(super) struct Guard {
    process: Child,
    /// Its other end is closed when this one is.
    pipe: PipeWriter,
}

impl Guard {
    /// A guard for the service that will carry this mark; `None` where there can be none. That is no reason not to measure: it
    /// matters only if we are killed.
    pub(super) fn start(mark: &str) -> Option<Self> {
        let (reader, pipe) = io::pipe().ok()?;
        let mut guard = Command::new(PROGRAM.get()?);
        // A group of its own: the keys of a terminal that end us must not end it. No folder and no stream is kept busy by it.
        guard.arg0("loadgate").args([GUARD, mark]).process_group(0).current_dir("/");
        guard.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null());
        Some(Self { process: guard.spawn().ok()?, pipe })
    }

    /// Tells which group the service leads.
    pub(super) fn watch(&mut self, group: Pid) {
        // It has ended if this fails, and nothing is guarded.
        let _ = writeln!(self.pipe, "{}", group.as_raw_nonzero());
    }
}

impl Drop for Guard {
    /// The service is gone, or is to be left alone. The pipe is still open here: nothing is ended by this.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a guard does: waits until whoever has started it is gone, then ends the service with this mark, as far as it lives. It is asked
/// to end first: much of what a service has started elsewhere, containers for example, ends only so.
pub fn stand(mark: &str) {
    let mut group = None;
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        group = line.trim().parse().ok().and_then(Pid::from_raw);
    }
    let processes = Processes { group, mark };
    processes.signal(Signal::TERM);
    let asked = clock::now();
    while processes.live() {
        if clock::now().saturating_duration_since(asked) >= PATIENCE {
            processes.signal(Signal::KILL);
        }
        // A process that even the system can't end must not keep this one for ever.
        if clock::now().saturating_duration_since(asked) >= 2 * PATIENCE {
            return;
        }
        clock::pause(STEP);
    }
}
