//! From a target to a connection that requests can be sent on.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{Instant as Deadline, timeout_at},
};

use super::{
    Failure, Stream,
    dns::{Addresses, Refresher},
    open_files, tls,
    tls::Secured,
};
use crate::{
    clock::{self, Instant},
    plan::{HttpVersion, Plan, Target, TargetId},
    record::ErrorClass,
    units,
};

/// A connection of one kind can't take the requests that were made ready for the other.
const CHANGED: &str = "the server agrees now on HTTP/1.1, now on HTTP/2; write `target.protocol: http1` or `http2`";

/// What connections to the targets of a plan need, made ready once before any load is sent and shared by all threads.
#[derive(Clone, Debug)]
pub struct Origins(Arc<All>);

#[derive(Debug)]
struct All {
    origins: Vec<Origin>,
    _refresher: Option<Refresher>,
}

#[derive(Debug)]
struct Origin {
    addresses: Arc<Addresses>,
    tls: Option<Secured>,
    /// How connections are secured that are to become WebSocket ones, where there are any: those begin with HTTP/1.1.
    upgraded: Option<Secured>,
    /// Whether HTTP/2 is spoken; with `protocol: auto` known from the first TLS handshake on.
    h2: OnceLock<bool>,
}

/// A target no connection can be made to, whatever is tried.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// What secures its connections can't be used.
    #[error("connections to {authority} can't be secured: {reason}")]
    Tls {
        /// Host and port.
        authority: String,
        /// What is wrong.
        reason: String,
    },
    /// The system refuses what looking up names again needs.
    #[error("the load generator could not work: {0}")]
    System(#[from] io::Error),
}

/// A new connection.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub stream: Stream,
    /// Whether HTTP/2 is spoken on it.
    pub h2: bool,
    /// Nanoseconds of looking up the name; 0 where the address was known.
    pub dns: u64,
    /// Nanoseconds of making the TCP connection, addresses that failed before included.
    pub connect: u64,
    /// Nanoseconds of the TLS handshake; 0 without TLS.
    pub tls: u64,
}

impl Origins {
    /// Looks up all names; blocks.
    ///
    /// # Errors
    /// Connections can't be secured as `tls:` says. A name without an address is none: it may get one while we wait for the target.
    pub fn of(plan: &Plan) -> Result<Self, OriginError> {
        let origins = plan
            .targets
            .iter()
            .map(|target| Origin::of(target, !plan.workload.sockets.is_empty()))
            .collect::<Result<Vec<_>, _>>()?;
        let addresses = || origins.iter().map(|origin| Arc::clone(&origin.addresses));
        let refresher = plan.http.dns_refresh.map(|every| Refresher::start(addresses(), every)).transpose()?;
        Ok(Self(Arc::new(All { origins, _refresher: refresher })))
    }

    /// What there is to tell after the load.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.0.origins.iter().filter_map(|origin| origin.addresses.trouble()).collect()
    }

    /// Connects to the first address of a target that answers, TLS included, within `limit` in all.
    ///
    /// # Errors
    /// No address, refused, unreachable, no answer in time, or no agreement on TLS.
    pub async fn connect(&self, target: TargetId, limit: Duration) -> Result<Connected, Failure> {
        let origin = &self.0.origins[target];
        let connected = self.open(origin, origin.tls.as_ref(), limit).await?;
        match &origin.tls {
            None => Ok(Connected { h2: origin.h2.get().copied().unwrap_or_default(), ..connected }),
            Some(_) if *origin.h2.get_or_init(|| connected.h2) != connected.h2 => {
                Err(Failure::new(ErrorClass::Protocol, CHANGED))
            }
            Some(_) => Ok(connected),
        }
    }

    /// The same for a connection that is to become a WebSocket one, whatever version of HTTP is spoken otherwise.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_to_upgrade(&self, target: TargetId, limit: Duration) -> Result<Connected, Failure> {
        let origin = &self.0.origins[target];
        self.open(origin, origin.upgraded.as_ref(), limit).await
    }

    async fn open(&self, origin: &Origin, secured: Option<&Secured>, limit: Duration) -> Result<Connected, Failure> {
        let began = clock::now();
        let deadline = Deadline::from_std(began + limit);
        let (addresses, looked_up) = timeout_at(deadline, origin.addresses.in_turn())
            .await
            .unwrap_or_else(|_| Err(Failure::new(ErrorClass::Dns, "the name was not looked up within the connect timeout")))?;
        let looked_up = if looked_up { clock::now() } else { began };
        let tcp = connect_to_any(&addresses, deadline).await?;
        let connected = clock::now();
        let (stream, h2) = match secured {
            None => (Stream::Tcp(tcp), false),
            Some(secured) => {
                let late = Failure::new(ErrorClass::TimeoutConnect, "the TLS handshake did not end within the connect timeout");
                let (stream, h2) = timeout_at(deadline, secured.handshake(tcp)).await.unwrap_or(Err(late))?;
                (Stream::Tls(Box::new(stream)), h2)
            }
        };
        let between = |from: Instant, to: Instant| units::nanoseconds(to.saturating_duration_since(from));
        let tls = if secured.is_some() { between(connected, clock::now()) } else { 0 };
        Ok(Connected { stream, h2, dns: between(began, looked_up), connect: between(looked_up, connected), tls })
    }

    /// Whether HTTP/2 is spoken with a target, as far as that is known.
    #[must_use]
    pub fn known_h2(&self, target: TargetId) -> Option<bool> {
        self.0.origins[target].h2.get().copied()
    }

    /// Whether HTTP/2 is spoken with a target. Where nobody knows yet, a connection is made to find out.
    ///
    /// # Errors
    /// That connection could not be made.
    pub async fn speaks_h2(&self, target: TargetId, limit: Duration) -> Result<bool, Failure> {
        match self.known_h2(target) {
            Some(h2) => Ok(h2),
            None => self.connect(target, limit).await.map(|connected| connected.h2),
        }
    }
}

impl Origin {
    fn of(target: &Target, is_upgraded: bool) -> Result<Self, OriginError> {
        let secured = |target: &Target| {
            let secured = target.tls.as_ref().map(|tls| Secured::new(target, tls)).transpose();
            secured.map_err(|reason| OriginError::Tls { authority: target.authority(), reason })
        };
        let tls = secured(target)?;
        let upgraded = if is_upgraded { secured(&Target { protocol: HttpVersion::Http1, ..target.clone() })? } else { None };
        let h2 = match (target.protocol, &tls) {
            (HttpVersion::Http2 | HttpVersion::H2c, _) => OnceLock::from(true),
            (HttpVersion::Auto, Some(_)) => OnceLock::new(),
            (HttpVersion::Http1, _) | (HttpVersion::Auto, None) => OnceLock::from(false),
        };
        Ok(Self { addresses: Arc::new(Addresses::look_up(&target.host, target.port)), tls, upgraded, h2 })
    }
}

/// Tries one address after the other. Each gets an equal part of the time that is left, so that one that swallows everything
/// does not keep us from the next.
async fn connect_to_any(addresses: &[SocketAddr], deadline: Deadline) -> Result<TcpStream, Failure> {
    let mut last = Failure::new(ErrorClass::ConnectFailed, "there is no address to connect to");
    for (n, address) in addresses.iter().enumerate() {
        let now = Deadline::from_std(clock::now());
        let part = deadline.saturating_duration_since(now) / u32::try_from(addresses.len() - n).unwrap_or(u32::MAX);
        match timeout_at(now + part, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it a request of two writes would wait for an acknowledgement; a socket that refuses is as good.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = failure_of(&error),
            Err(_) => last = Failure::new(ErrorClass::TimeoutConnect, "no connection within the connect timeout"),
        }
    }
    Err(last)
}

/// The failure behind an error of a connection or of the attempt to make one.
pub(super) fn failure_of(error: &io::Error) -> Failure {
    if let Some(failure) = open_files::failure_of(error).or_else(|| tls::failure_of(error)) {
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
