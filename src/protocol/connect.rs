//! From a host name to a TCP connection.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    time::Duration,
};

use tokio::{net::TcpStream, time::timeout};

use super::Failure;
use crate::{plan::Target, record::ErrorClass};

/// The addresses of a target, resolved once before any load is sent.
#[derive(Clone, Debug)]
pub struct Addresses(Vec<SocketAddr>);

/// A host name without an address.
#[derive(Debug, thiserror::Error)]
#[error("'{host}' has no address: {reason}")]
pub struct ResolveError {
    /// The name.
    pub host: String,
    /// What the resolver says.
    pub reason: String,
}

impl Addresses {
    /// Asks the system's resolver; blocks.
    ///
    /// # Errors
    /// The name does not resolve.
    pub fn of(target: &Target) -> Result<Self, ResolveError> {
        let error = |reason: String| ResolveError { host: target.host.clone(), reason };
        let found: Vec<SocketAddr> =
            (target.host.as_str(), target.port).to_socket_addrs().map_err(|e| error(e.to_string()))?.collect();
        if found.is_empty() {
            Err(error("the resolver knows the name, but no address of it".to_owned()))
        } else {
            Ok(Self(found))
        }
    }

    /// Connects to the first address that answers, within `limit` in all.
    ///
    /// # Errors
    /// Refused, unreachable, or no answer in time.
    pub async fn connect(&self, limit: Duration) -> Result<TcpStream, Failure> {
        match timeout(limit, self.connect_to_any()).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(failure_of(&error)),
            Err(_) => Err(Failure::new(ErrorClass::TimeoutConnect, "no connection within the connect timeout")),
        }
    }

    async fn connect_to_any(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in &self.0 {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn failure_of(error: &io::Error) -> Failure {
    let class = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorClass::ConnectRefused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ErrorClass::Reset,
        io::ErrorKind::TimedOut => ErrorClass::TimeoutConnect,
        _ => ErrorClass::ConnectFailed,
    };
    Failure::of(class, error)
}
