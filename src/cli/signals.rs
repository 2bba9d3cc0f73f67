//! SIGINT and SIGTERM end a run cleanly; a second one ends it at once.

use std::{io, thread};

pub(super) use self::system::Signals;
use crate::engine::Stop;

/// Asks `stop` to end the run whenever the process gets SIGINT or SIGTERM.
///
/// # Errors
/// The system gives no thread or no signal handler.
pub(super) fn watch(stop: &Stop) -> io::Result<()> {
    let stop = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _inside = runtime.enter();
        Signals::new()?
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            loop {
                signals.next().await;
                stop.ask();
            }
        });
    })?;
    Ok(())
}

#[cfg(unix)]
mod system {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Signals that ask the process to end; caught from the making on, within the current runtime.
    pub(in crate::cli) struct Signals {
        interrupt: Signal,
        terminate: Signal,
    }

    impl Signals {
        pub(in crate::cli) fn new() -> io::Result<Self> {
            Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
        }

        /// Comes back at the next one.
        pub(in crate::cli) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;

    /// Ctrl-C.
    pub(in crate::cli) struct Signals;

    impl Signals {
        pub(in crate::cli) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        /// Comes back at the next one.
        pub(in crate::cli) async fn next(&mut self) {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
