//! Free ports for services.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher as _, RandomState},
    io,
    net::{Ipv4Addr, TcpListener, ToSocketAddrs},
    ops::Range,
};

/// Below the ports that systems give to connections. One of those could go to a connection of ours, even to the very one that
/// tries whether the service listens already, before the service has taken it.
const RANGE: Range<u16> = 20_000..32_000;
/// Tries at random before the system chooses.
const TRIES: u64 = 200;

/// Gives ports that nobody listens on, each at most once: a service that keeps its port does no harm to the next one.
#[derive(Debug, Default)]
pub struct Ports {
    given: BTreeSet<u16>,
}

impl Ports {
    /// A free port.
    ///
    /// # Errors
    /// The system has none left.
    pub fn free(&mut self) -> io::Result<u16> {
        // Not seeded: two runs on one machine must not look for the same ports in the same order.
        let random = RandomState::new();
        let span = u64::from(RANGE.end - RANGE.start);
        let candidates = (0..TRIES).map(|n| RANGE.start + u16::try_from(random.hash_one(n) % span).unwrap_or(0));
        let mut unused = candidates.filter(|port| !self.given.contains(port));
        let port = match unused.find(|port| is_free(*port)) {
            Some(port) => port,
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port(),
        };
        self.given.insert(port);
        Ok(port)
    }
}

/// Both: some systems let one listen on the loopback address of a port that another has on all addresses.
fn is_free(port: u16) -> bool {
    [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED].into_iter().all(|address| TcpListener::bind((address, port)).is_ok())
}

/// Whether somebody listens on a port of this machine. What can't be found out is no.
#[must_use]
pub fn is_taken(host: &str, port: u16) -> bool {
    let Ok(mut addresses) = (host, port).to_socket_addrs() else { return false };
    addresses.any(|address| matches!(TcpListener::bind(address), Err(error) if error.kind() == io::ErrorKind::AddrInUse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let mut ports = Ports::default();
        let given: BTreeSet<u16> = (0..50).map(|_| ports.free().unwrap()).collect();
        assert_eq!(given.len(), 50);
        assert!(given.iter().all(|port| RANGE.contains(port)), "{given:?}");
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_taken() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(is_taken("127.0.0.1", port) && is_taken("localhost", port));
        drop(listener);
        assert!(!is_taken("127.0.0.1", port));
    }
}
