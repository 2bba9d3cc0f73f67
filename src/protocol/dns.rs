//! From a host name to addresses: looked up before the load, and never on a thread that makes load.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use super::Failure;
use crate::{
    clock::{self, Instant},
    plan::Target,
    record::ErrorClass,
};

/// While a name has no address at all, each new connection would ask for it: only one in this time does.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The addresses of one host, shared by all threads.
#[derive(Debug)]
pub(super) struct Addresses {
    host: String,
    port: u16,
    known: RwLock<Arc<[SocketAddr]>>,
    /// Connections begun, for going round.
    begun: AtomicUsize,
    /// The last look-up that gave nothing: when, and what the resolver said.
    missed: Mutex<Option<(Instant, String)>>,
}

impl Addresses {
    /// Asks the system's resolver; blocks. A name that does not resolve is no error yet: it may while we wait for the target.
    pub(super) fn look_up(target: &Target) -> Self {
        let addresses = Self {
            host: target.host.clone(),
            port: target.port,
            known: RwLock::new(Arc::from([])),
            begun: AtomicUsize::new(0),
            missed: Mutex::new(None),
        };
        // What went wrong is kept, and told by the connections that want the address.
        let _ = addresses.take_in(resolve(&addresses.host, addresses.port));
        addresses
    }

    /// Whether this is a name, which may come to mean something else.
    pub(super) fn is_name(&self) -> bool {
        self.host.parse::<IpAddr>().is_err()
    }

    /// All addresses, beginning with the one whose turn it is, so that connections spread over them; and whether the name had
    /// to be looked up for it.
    ///
    /// # Errors
    /// The name has never had an address, and still has none.
    pub(super) async fn in_turn(&self) -> Result<(Vec<SocketAddr>, bool), Failure> {
        let mut known = self.known();
        let is_late = known.is_empty();
        if is_late {
            known = self.look_up_late().await?;
        }
        let first = self.begun.fetch_add(1, Ordering::Relaxed) % known.len();
        Ok((known[first..].iter().chain(&known[..first]).copied().collect(), is_late))
    }

    /// Asks again; blocks. Where nothing comes back, the addresses known before are kept.
    ///
    /// # Errors
    /// What the resolver says.
    pub(super) fn refresh(&self) -> Result<(), String> {
        self.take_in(resolve(&self.host, self.port)).map(drop)
    }

    fn known(&self) -> Arc<[SocketAddr]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks the name up on a thread of its own, which nobody waits for when the run ends.
    async fn look_up_late(&self) -> Result<Arc<[SocketAddr]>, Failure> {
        if let Some((_, reason)) = self.missed().as_ref().filter(|(when, _)| clock::now() - *when < RETRY_AFTER) {
            return Err(self.failure(reason));
        }
        let (sender, answer) = oneshot::channel();
        let (host, port) = (self.host.clone(), self.port);
        let spawned = thread::Builder::new().name("dns".to_owned()).spawn(move || drop(sender.send(resolve(&host, port))));
        spawned.map_err(|error| self.failure(&error.to_string()))?;
        let found = answer.await.unwrap_or_else(|_| Err("the look-up was given up".to_owned()));
        self.take_in(found).map_err(|reason| self.failure(&reason))
    }

    fn take_in(&self, found: Result<Vec<SocketAddr>, String>) -> Result<Arc<[SocketAddr]>, String> {
        match found {
            Ok(found) => {
                let found: Arc<[SocketAddr]> = found.into();
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&found);
                *self.missed() = None;
                Ok(found)
            }
            Err(reason) => {
                *self.missed() = Some((clock::now(), reason.clone()));
                Err(reason)
            }
        }
    }

    fn missed(&self) -> std::sync::MutexGuard<'_, Option<(Instant, String)>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, reason: &str) -> Failure {
        Failure { class: ErrorClass::Dns, message: format!("'{}' has no address: {reason}", self.host).into() }
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found: io::Result<Vec<SocketAddr>> = (host, port).to_socket_addrs().map(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err("the resolver knows the name, but no address of it".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(error.to_string()),
    }
}
