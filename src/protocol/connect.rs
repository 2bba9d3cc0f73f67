//! From a host name to a TCP connection.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpStream, time::timeout};

use super::{Failure, open_files};
use crate::{
    plan::{Plan, Target, TargetId},
    record::ErrorClass,
};

/// What connections to the targets of a plan need, made ready once before any load is sent and shared by all threads.
#[derive(Clone, Debug)]
pub struct Origins(Arc<Vec<Vec<SocketAddr>>>);

/// A target no connection can be made to, whatever is tried.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// A host name without an address.
    #[error("'{host}' has no address: {reason}")]
    NoAddress {
        /// The name.
        host: String,
        /// What the resolver says.
        reason: String,
    },
}

impl Origins {
    /// Asks the system's resolver; blocks.
    ///
    /// # Errors
    /// A name does not resolve.
    pub fn of(plan: &Plan) -> Result<Self, OriginError> {
        plan.targets.iter().map(addresses).collect::<Result<Vec<_>, _>>().map(|origins| Self(Arc::new(origins)))
    }

    /// Connects to the first address of a target that answers, within `limit` in all.
    ///
    /// # Errors
    /// Refused, unreachable, or no answer in time.
    pub async fn connect(&self, target: TargetId, limit: Duration) -> Result<TcpStream, Failure> {
        match timeout(limit, connect_to_any(&self.0[target])).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(failure_of(&error)),
            Err(_) => Err(Failure::new(ErrorClass::TimeoutConnect, "no connection within the connect timeout")),
        }
    }
}

fn addresses(target: &Target) -> Result<Vec<SocketAddr>, OriginError> {
    let error = |reason: String| OriginError::NoAddress { host: target.host.clone(), reason };
    let found: Vec<SocketAddr> =
        (target.host.as_str(), target.port).to_socket_addrs().map_err(|e| error(e.to_string()))?.collect();
    if found.is_empty() { Err(error("the resolver knows the name, but no address of it".to_owned())) } else { Ok(found) }
}

async fn connect_to_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
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

fn failure_of(error: &io::Error) -> Failure {
    if let Some(failure) = open_files::failure_of(error) {
        return failure;
    }
    let class = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorClass::ConnectRefused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => ErrorClass::Reset,
        io::ErrorKind::TimedOut => ErrorClass::TimeoutConnect,
        _ => ErrorClass::ConnectFailed,
    };
    Failure::of(class, error)
}
