//! Starting and stopping a mock target on a thread of its own.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    thread::{self, JoinHandle},
};

use tokio::{
    runtime::{Builder, LocalOptions, LocalRuntime},
    sync::oneshot,
};

use super::{
    identity::Identity,
    route::Behaviour,
    script::{Script, ScriptError},
    server::Server,
};

/// Connections that may wait to be accepted. The usual 128 overflow when a load begins, and the client then waits a second
/// for its repeated SYN.
const BACKLOG: i32 = 4096;

/// A scriptable HTTP server.
#[derive(Debug)]
pub enum MockTarget {}

/// A mock target at work. It stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Why a mock target did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The script can't be played.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The system refused a socket, a thread or a timer.
    #[error("the mock target can't start: {0}")]
    Io(#[from] io::Error),
}

impl MockTarget {
    /// Serves `script` on connections of `listener`, on a thread of its own.
    ///
    /// # Errors
    /// A script that can't be played; a system that refuses a thread or a timer.
    pub fn start(script: Script, listener: TcpListener) -> Result<Running, StartError> {
        Self::start_as(None, script, listener)
    }

    /// The same, behind TLS where there is an identity.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_as(identity: Option<&Identity>, script: Script, listener: TcpListener) -> Result<Running, StartError> {
        let acceptor = identity.map(Identity::acceptor);
        let behaviour = Behaviour::of(script)?;
        let addr = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        socket2::SockRef::from(&listener).listen(BACKLOG)?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("mock-target".to_owned()).spawn(move || {
            let runtime = runtime()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let server = Server::new(behaviour)?;
                tokio::select! {
                    ended = Rc::clone(&server).serve(listener, acceptor) => ended,
                    // An error means that the other end is gone: stop as well.
                    _ = stopped => Ok(()),
                }
            })
        })?;
        Ok(Running { addr, stop: Some(stop), thread: Some(thread) })
    }
}

fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes all connections and comes back when the port is free.
    ///
    /// # Errors
    /// The server had ended by itself before, because the system failed it.
    pub fn stop(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(io::Error::other("the server's thread panicked")),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever wants to know how it ended calls `stop`.
        let _ = self.end();
    }
}
